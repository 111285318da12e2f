/* Moments of one host side by side: what grew, what outlived its session by the leak rule, and who holds it. The door of this
 * folder. */
#ifndef LEAKLAB_COMPARE_H
#define LEAKLAB_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "evidence/snapshot.h"
#include "leak/leak.h"
#include "statistics/course.h"

#define COMPARE_SCHEMA "leaklab.compare/1"

/* IDs that no session has, first to last. */
struct id_gap {
	int64_t first, last;
};

/* Token handles, of one process or of one logon session. */
struct token_change {
	int64_t pid;
	const char *image;
	uint64_t luid;
	const char *user;
	int64_t before, after;
	int64_t gained, lost; /* summed over logon sessions, or over processes */
};

struct handle_growth {
	int64_t pid;
	const char *image;
	int64_t before, after;
};

/* What a count over many moments is of. */
enum counted {
	COUNTED_HANDLES,        /* of a process, of all types */
	COUNTED_TOKENS,         /* token handles of a process */
	COUNTED_ACCOUNT_TOKENS, /* token handles of an account's tokens */
	COUNTED_LOGONS,         /* logon sessions of an account */
	COUNTED_SESSIONS,
	COUNTED_HIGHEST_ID,
	COUNTED_OTHER, /* a counter of the host */
};
extern const char *const counted_words[COUNTED_OTHER + 1];

/* Where a count goes. Texts are the snapshots'. */
struct trail {
	enum counted counted;
	int64_t pid; /* NUMBER_UNKNOWN: only the name is known, and all of that name are added up */
	const char *image, *user, *domain;
	const char *counter; /* NULL: it is counted in the moments themselves */
	bool ended;          /* it is not there to the end */
	size_t points, points_seen;
	int64_t first, last, lowest, highest;
	bool hourly; /* slope, lower and upper are per hour; else per moment */
	double slope, lower, upper;
	enum course_word word;
};

/* Logon sessions of one account, type and session. */
struct logon_group {
	const char *user, *domain, *logon_type;
	int64_t session_id;
	int64_t before, after, new_count;
	int64_t idle_before,
	    idle_after; /* of these, without a live process; NUMBER_UNKNOWN: processes were not seen */
};

enum orphan_kind {
	ORPHAN_NEW,      /* not there before */
	ORPHAN_OUTLIVED, /* before, its session was there, or may have been */
	ORPHAN_BEFORE,   /* an orphan before already */
};

struct orphan {
	const struct left_logon *left;
	enum orphan_kind kind;
	bool is_old;                       /* older than holders take to release: a leak */
	bool handles_shown;                /* then, without holders, none is visible */
	size_t first_holder, holder_count; /* in the holders of AFTER */
};

struct comparison {
	const struct snapshot *before, *after; /* the first and the last; the caller's */
	bool comparable;                       /* of one boot of one host, in this order */
	enum boot boot;
	enum exit_code verdict; /* EXIT_CLEAN, EXIT_LEAK, EXIT_INCONCLUSIVE */
	char **reasons;
	size_t reason_count;
	char **limits; /* what the evidence cannot show */
	size_t limit_count;

	bool ids_known;
	int64_t highest_before, highest_after;   /* NUMBER_UNKNOWN without sessions */
	int64_t sessions_before, sessions_after; /* listeners not counted */
	int64_t missing_before, missing_after;   /* IDs below the highest that no session has */
	int64_t skipped;     /* IDs free at both moments below the highest that was given since */
	struct id_gap *gaps; /* of AFTER */
	size_t gap_count;
	struct id_gap *
	    unexplained; /* of AFTER: below its highest, and nothing that is left of a session is known to have them */
	size_t unexplained_count;

	struct leak *leak;
	bool orphans_known;
	struct orphan *orphans;
	size_t orphan_count;
	size_t old_count; /* of these, those that are a leak */
	struct culprits culprits;
	struct suspects suspects; /* texts are the snapshots' */
	enum yes_no logoff_seen;  /* a session of BEFORE, or a logon session in it, has ended */
	int64_t without_holder;   /* orphans whose handles were listed, and there is none */
	int64_t followers_only;
	int64_t unsure[UNSURE_KINDS]; /* logon sessions of which the evidence does not tell */
	int64_t *referred;            /* session IDs of no orphan that something refers to */
	size_t referred_count, pinned_count; /* of these, proven to be pinned */
	struct holders holders_before, holders_after;

	bool tokens_known;
	struct token_change *by_process, *by_logon;
	size_t by_process_count, by_logon_count;
	bool groups_known;          /* both have logon sessions */
	struct logon_group *groups; /* that changed, the most new ones first */
	size_t group_count;
	bool growth_known;
	struct handle_growth *growth;
	size_t growth_count;

	size_t moments;       /* that were given; 1: its counters have times of their own */
	struct trail *trails; /* of what was counted more than once, what rises first */
	size_t trail_count;
	int64_t span; /* of their times, microseconds; NUMBER_UNKNOWN */
};

/* Moments, in the order in which they were taken; they must outlive the comparison, and their lists' sight is
 * lowered where they show that rows are missing. Of one alone only its counters are compared. Of the terms only times count. */
struct comparison *compare_snapshots(struct snapshot *const *snapshots, size_t count,
    const struct leak_terms *terms, struct error *error);
void comparison_destroy(struct comparison *comparison); /* NULL is allowed */

void comparison_print_text(const struct comparison *comparison, FILE *out);
bool comparison_print_json(const struct comparison *comparison, FILE *out, struct error *error);

#endif
