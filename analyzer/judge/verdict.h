/* A verdict's fields. Inside this folder, and for reports. */
#ifndef LEAKLAB_VERDICT_H
#define LEAKLAB_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "judge/conditions.h"
#include "leak/leak.h"
#include "runfile/runfile.h"
#include "statistics/dependence.h"

enum verdict_word { VERDICT_CLEAN, VERDICT_LEAK, VERDICT_INCONCLUSIVE };
extern const char *const verdict_words[3];

struct sentences {
	char **items;
	size_t count;
};

/* Nothing is shown with fewer than two cycles, or if no logon came that could have been given an orphan's ID. */
enum ids_word { IDS_UNKNOWN, IDS_REUSED, IDS_RISING };

/* What the session IDs alone show. */
struct session_ids {
	enum ids_word word;
	int64_t cycles; /* with a known session ID */
	int64_t
	    distinct; /* different IDs among them, and those of sessions that reconnects were given instead */
	int64_t highest, lowest; /* NUMBER_UNKNOWN without cycles */
	bool has_growth;         /* there were two cycles at least */
	double growth_per_cycle; /* Theil-Sen slope of the ID over the cycle's number */
	/* Of the lowest IDs along the run: the slope's 95 % interval, and its chance if IDs only wandered; valid with enough cycles. */
	bool growth_tested;
	double growth_lower, growth_upper, growth_chance;
	int64_t orphaned; /* cycles with an orphan in an RDS session of its own */
	int64_t
	    pinned; /* orphaned cycles whose ID no later cycle was given, though one was given a higher one */
	int64_t
	    reused_while_orphaned; /* orphaned cycles whose ID a later cycle was given all the same */
};

enum growth_word {
	GROWTH_NONE,      /* below the limit */
	GROWTH_LEAK,      /* above it, to the end of the run */
	GROWTH_PLATEAU,   /* it was, and is no longer */
	GROWTH_UNCERTAIN, /* see enum growth_doubt */
	GROWTH_RELEASED,  /* it rose under load, and was released when the host had become quiet */
	GROWTH_EXPLAINED, /* above it by what another one rises: that of single types, or of all accounts */
};
extern const char *const growth_words[6];

/* Why it is uncertain. */
enum growth_doubt {
	DOUBT_NONE,
	DOUBT_WALK, /* more at the end than the limit allows, but what wanders may come to that */
	DOUBT_SLOWING, /* above it, but ever more slowly, as a cache that fills */
	DOUBT_END,     /* above it, but too short to tell whether it slows down */
	DOUBT_UNSEEN,  /* above it, but what is left on the quiet host was not seen */
	DOUBT_TOO_FEW, /* more at the end than the limit allows, and too few samples between for a trend */
	DOUBT_LATE,     /* the same, and it gained most of that near the end */
	DOUBT_RELEASED, /* above it, but most was released when the host had become quiet */
	DOUBT_OWNER, /* above it, but whose they are is not seen, and others logged on meanwhile */
};
extern const char *const growth_doubts[9];

/* What a rise goes with, in a run with reconnects: the number of them is the same in each cycle, but samples come within cycles. */
enum growth_per { PER_CYCLE, PER_RECONNECT, PER_EITHER /* it does not show */, PER_TIME };
extern const char *const growth_pers[4];

/* How the handles of a process rise with the cycles. */
struct growth {
	char *image; /* NULL: not known */
	int64_t pid; /* NUMBER_UNKNOWN */
	char *type;  /* of the objects; "handle": of any type, all users */
	char *user;  /* only those to what is its, over its own cycles; NULL: of all accounts */
	bool totals; /* it is "handle" */
	char *
	    follows; /* the image of the process whose rise it follows, as System and lsass do; NULL: none */
	enum growth_word word;
	enum growth_doubt doubt; /* if it is uncertain */
	double slope;            /* handles a cycle */
	double lower, upper;     /* 95 % interval */
	double chance;           /* see drift.h; not corrected for the number of series */
	double pace;             /* the second half's slope as a share of the first half's */
	double kendall_z;        /* Mann-Kendall's, for support */
	int64_t samples;         /* samples during the load that it is made from */
	enum growth_per per;     /* without reconnects: PER_CYCLE */
	double reconnects;       /* a cycle; 0: there were none */
	double before, settled;  /* handles before the run, and on the quiet host; NAN: not seen */
	double first, last;      /* at the first and the last sample during the load; NAN: none */
};

#define GROWTH_TEXT 160
/* What the rise is, in a few words; what is not clear says why. Returns out. */
const char *growth_describe(const struct growth *growth, char out[GROWTH_TEXT]);

/* A control run, judged by itself. */
struct control {
	char *name; /* "negative", "positive" */
	bool leaks; /* its leaker leaks at `expected` of the logons */
	double expected;
	bool held; /* its result is the expected one */
	enum verdict_word word;
	int64_t k, n;
	double lower, upper; /* 95 % interval of k / n */
	char *reason;        /* the first of its verdict */
};

/* Counted cycles of one account. */
struct account_rate {
	char *user;
	int64_t k, n; /* those that left something behind; all */
};

/* Logons at once, after settling. */
struct witness {
	int64_t logons; /* 0: there were none */
	int64_t at;     /* when all were there */
	/* IDs that the run's cycles had and none of them was given, though one was given a higher one; no session has them, and nothing in
	 * sight keeps them. */
	int64_t *skipped;
	size_t skipped_count;
	bool exclusive; /* nobody else logs on there */
	/* Of these, those that are pinned: their sessions ended longer ago than healthy holders take. */
	int64_t leaks;
	bool covers; /* all IDs that the cycles had were given again */
};

/* How what was left of a session went on. */
enum course_end { COURSE_STAYS, COURSE_RELEASED, COURSE_TAKEN };
extern const char *const course_ends[3];

/* An orphan, or a session ID that something refers to, over the samples; times by the driver's clock, TIMESTAMP_UNKNOWN: not known. */
struct course {
	uint64_t luid; /* of an orphan */
	char *user, *logon_type;
	int64_t session_id;
	int64_t cycle;       /* number; 0: not known */
	int64_t ended;       /* its session had ended by then */
	int64_t first, last; /* samples that show it without its session */
	enum course_end end;
	bool is_leak;
};

/* Logon sessions that a counted command left: surviving ones, whatever it made. */
struct left_of_commands {
	bool are_all; /* the run's cycles are commands */
	bool known;   /* there are enough for a mean */
	int64_t
	    made; /* logons of the watched accounts that events tell of; 0: none, or they are out of sight */
	int64_t cycles_most; /* commands that may have left one; k, but where commands overlap */
	int64_t least, most;
	double mean, lower, upper; /* 95 % interval */
};

enum met { NOT_MET, MET, NOT_DECIDABLE };

struct expectation {
	const char *key;
	char *expected;
	char *seen;
	enum met met;
};

struct verdict {
	enum verdict_word word;
	struct sentences reasons;
	struct sentences changes; /* what would change the verdict */
	bool too_few_alone;       /* INCONCLUSIVE only because of too few cycles */
	double smallest_rate;     /* that CLEAN has to exclude */
	bool target_failed;       /* the host or the stage ended the run */
	bool cut_short;           /* it ended before its time, and nobody allowed that */
	bool nobody_logged_on;    /* every logon failed */
	struct conditions conditions;

	int64_t cycles[CYCLE_RESULT_COUNT]; /* by result */
	int64_t played_again; /* of those that were lost, those that others were played for */
	int64_t n;            /* those that logged on and are counted */
	int64_t rejoined;     /* those that joined the session of a lost one */
	int64_t unshown;      /* those that came to their end, but no logon is shown */
	int64_t elsewhere; /* the same, that another host served than the one that was observed */

	int64_t shards_missing,
	    cycles_missing; /* of several injectors, those that did not come back, and their cycles */
	bool unordered;     /* which logon was before which is not known, nor which sample */

	int64_t release_time, quiet_time; /* by the leak rule, microseconds */
	bool orphans_known;
	int64_t k; /* counted cycles with an orphan that is a leak, at least one each */
	int64_t
	    k_most; /* the same, if those that belong to no known cycle, may still be released, or went with their holder have one each */
	int64_t young_cycles; /* counted ones that may still be released, and left nothing else */
	int64_t *orphaned;    /* the numbers of those cycles, rising */
	int64_t orphan_logon_sessions; /* of those cycles */
	double rate, lower,
	    upper; /* k / n and its 95 % interval, up to that of k_most; valid if orphans_known and n > 0 */
	double effective; /* as many independent cycles would tell as much; the same */
	/* Whether what leaks comes evenly, over the cycles and over the accounts: of the k, or of the pinned ones where it is 0. */
	struct dependence dependence;
	int64_t densest_first, densest_last; /* numbers of the cycles, if it depends on the time */
	bool densest_to_end;
	struct account_rate *accounts;
	size_t account_count;
	bool after_known;
	int64_t after_k; /* the same at the first mark "after", whatever their age */
	struct left_of_commands commands;
	int64_t reconnects;    /* of counted cycles */
	int64_t network_leaks; /* network logon sessions of these cycles, that are a leak */
	int64_t unmatched; /* orphans of our accounts that no cycle explains, whatever their age */
	int64_t unmatched_leaks; /* of these, those that are a leak */
	int64_t uncounted;       /* orphans of cycles that are left out (failed, lost, running) */
	int64_t failed_leaks;    /* failed cycles that left one of these */
	int64_t young;           /* orphans that may still be released */
	int64_t
	    in_use; /* new logon sessions of which the evidence does not tell whether they are in use */
	enum unsure in_use_why;
	int64_t strangers, young_strangers; /* orphans of other accounts */
	int64_t older;                      /* orphans that are older than the run */
	int64_t pinned_ids; /* session IDs of no orphan that are pinned, for long enough */
	int64_t
	    pinned_k; /* counted cycles whose session ID is pinned so, with an orphan or without */
	int64_t *pinned;  /* the numbers of those cycles, rising */
	int64_t leaked_k; /* counted cycles that left anything that is a leak, in whatever way */
	double pinned_lower, pinned_upper; /* 95 % interval of pinned_k / n; valid if n > 0 */
	int64_t referred_ids;              /* the same, not proven to be pinned */
	int64_t *referred;                 /* which they are, sorted */
	struct skipped_ids skipped;
	struct course *course; /* of all orphans that were seen, by LUID */
	size_t course_count;
	struct course *id_course; /* of all session IDs, by number */
	size_t id_course_count;
	struct witness witness;
	bool bounded; /* exactly what each account's latest cycle left: a cache, that has no rate */
	bool bounded_allowed;     /* the scenario accepts such */
	struct taken_along taken; /* what went as its holder ended; images are the verdict's own */
	int64_t harmless_ids;     /* that only tokens refer to, where tokens keep none */
	double smallest_visible_rate; /* valid if n > 0 */

	bool sessions_left_known;
	int64_t sessions_left;
	int64_t sessions_before; /* of our accounts, when the run began */

	struct session_ids ids;

	bool culprits_known;
	struct culprit *culprits; /* images are the verdict's own */
	size_t culprit_count;
	size_t culprits_tied;     /* of the first, how many are ranked equally */
	bool handles_whole;       /* a handle that is not listed is not there */
	int64_t unattributed;     /* orphans with no handle at all */
	int64_t followers_only;   /* orphans that only System or lsass hold */
	struct suspect *suspects; /* may hold orphans unseen; images are the verdict's own */
	size_t suspect_count;
	bool suspects_compared; /* with the snapshot before the run */

	struct growth
	    *growths; /* the culprits' first, then the most telling, those that follow last */
	size_t growth_count;
	int64_t growth_tested;    /* series looked at */
	int64_t growth_strangers; /* logon sessions of other accounts that began during the run */
	int64_t growth_samples;   /* snapshots during the load that count */

	struct control *controls;
	size_t control_count;

	struct expectation *expectations;
	size_t expectation_count;
};

void verdict_destroy(struct verdict *verdict); /* NULL is allowed */

/* By the run's expectation if it has one (0 met, 1 failed, 3 not decidable), else by the verdict (0, 1, 3). Without a proven leak, 4 if the host
 * or the stage ended the run, or if every logon failed and the scenario expects nothing; else 3 if the run was cut short. */
int verdict_exit_code(const struct verdict *verdict);

/* How many orphans and pinned IDs are leaks. */
int64_t verdict_leaks(const struct verdict *verdict);
/* Cycles that failed, were not reconnected, or were lost for good. */
int64_t verdict_failures(const struct verdict *verdict);
/* An orphan or a pinned ID was proven to be older than healthy holders take. */
bool verdict_is_proven(const struct verdict *verdict);

/* How many orphans and pinned IDs nobody is seen to hold but System and lsass. */
int64_t verdict_unseen(const struct verdict *verdict);
/* The first that may explain those. NULL: nobody may. */
const struct suspect *verdict_suspect(const struct verdict *verdict);

/* Adds a sentence; false when memory is out. */
bool sentences_add(struct sentences *sentences, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void sentences_deinit(struct sentences *sentences);

#endif
