/* Two moments of one host side by side: what grew, what outlived its session, and who holds it. The door of this folder. */
#ifndef LEAKLAB_COMPARE_H
#define LEAKLAB_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "evidence/snapshot.h"

#define COMPARE_SCHEMA "leaklab.compare/1"

/* A process and its handles to one logon session. */
struct holder {
	uint64_t luid;
	int64_t pid;
	const char *image; /* the snapshot's */
	int64_t tokens;
	int64_t directories;
	bool follower; /* lets go by itself when the last other holder of this logon session has */
};

/* By LUID; of one LUID those that matter come first. */
struct holders {
	struct holder *items;
	size_t count;
	size_t hidden; /* token handles of which the logon session is not known */
};

bool holders_find(struct holders *out, const struct snapshot *snapshot, struct error *error);
void holders_deinit(struct holders *holders);
/* The first holder of the logon session, and how many there are. */
const struct holder *holders_of(const struct holders *holders, uint64_t luid, size_t *count);

/* True if the logon session's session should be listed, and is not: whoever was logged on in it is gone. */
bool session_is_gone(const struct snapshot *snapshot, const struct logon_session *logon);

/* Whether nothing more than what is listed holds the logon session by handles: it was searched for, or all handles were
 * listed and looked into. */
bool handles_shown_of(
    const struct snapshot *snapshot, const struct holders *holders, uint64_t luid);

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

enum orphan_kind {
	ORPHAN_NEW,      /* not there before */
	ORPHAN_OUTLIVED, /* before, its session was there */
	ORPHAN_BEFORE,   /* an orphan before already */
};

struct orphan {
	uint64_t luid;
	const char *user, *domain;
	int64_t session_id;
	int64_t logon_time; /* timestamp, host clock */
	enum orphan_kind kind;
	bool id_given_anew;                /* its session ID has another user now */
	bool handles_shown;                /* then, without holders, none is visible */
	size_t first_holder, holder_count; /* in the holders of AFTER */
};

/* A logon session of an earlier session with the same ID, perhaps: the session has no user now, or has its user from a later
 * logon. */
struct suspect {
	uint64_t luid;
	const char *user;
	int64_t session_id;
	bool without_user;
};

struct comparison {
	const struct snapshot *before, *after; /* the caller's */
	bool comparable;                       /* of one boot of one host, in this order */
	enum yes_no same_boot;
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

	bool orphans_known;
	struct orphan *orphans;
	size_t orphan_count;
	struct suspect *suspects;
	size_t suspect_count;
	bool lists_cut;    /* sessions are missing from AFTER's list */
	char *logons_flaw; /* why AFTER's list of logon sessions is not whole; NULL: it may be */
	enum yes_no logoff_seen; /* a session of BEFORE, or a logon session in it, has ended */
	int64_t without_holder;  /* orphans whose handles were listed, and there is none */
	int64_t followers_only;
	int64_t unplaced; /* logon sessions whose session is not known */
	struct holders holders_before, holders_after;

	bool tokens_known;
	struct token_change *by_process, *by_logon;
	size_t by_process_count, by_logon_count;
	struct handle_growth *growth;
	size_t growth_count;
};

/* Both snapshots must outlive the comparison. */
struct comparison *compare_snapshots(
    const struct snapshot *before, const struct snapshot *after, struct error *error);
void comparison_destroy(struct comparison *comparison); /* NULL is allowed */

void comparison_print_text(const struct comparison *comparison, FILE *out);
bool comparison_print_json(const struct comparison *comparison, FILE *out, struct error *error);

#endif
