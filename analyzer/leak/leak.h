/* The leak rule: what is left of sessions that have ended, for how long, and who keeps it. The door of this folder. Every verdict,
 * the driver's settling and the view of one sample use it.
 *
 * A logon session is an *orphan* if it outlived its RDS session, with or without processes; one of a watched account (a run's)
 * also if it has neither an RDS session nor a live process. A session ID is *referred* if it is in no session list, yet a token,
 * a process or a logon session refers to it, and *pinned* if a later logon was given a higher ID all the same: since MS16-111
 * Windows gives the lowest ID that nothing refers to.
 *
 * Samples are added in order. What one of them proves of a logon session holds for the later ones. Where a section is not whole,
 * a row that is missing from it is not proven to be gone. */
#ifndef LEAKLAB_LEAK_H
#define LEAKLAB_LEAK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "evidence/snapshot.h"

/* Holders on Windows release within this time of the logoff (published investigations: 10 to 20 minutes). Microseconds; and in words. */
#define RELEASE_TIME (INT64_C(20) * 60 * 1000000)
#define RELEASE_TIME_WORDS "20 minutes"
/* Session IDs of RDS sessions; listeners are above. */
#define SESSION_ID_MOST 65535

/* ---- known by name ---- */

/* Images by name, with or without ".exe". */
bool image_same(const char *a, const char *b);
/* System (the logon session's directory) and lsass release once the last other holder has. */
bool image_follows(const char *image);
/* A part of Windows, by name. */
bool image_is_windows(const char *image);
/* Windows' own, or another program of Microsoft's: by the company of its file, else by its path, else by name. */
bool process_is_windows(const struct snapshot *snapshot, int64_t pid, const char *image);

/* A logon session that every whole list must have, and that the first list has and the second lacks; 0: none. */
uint64_t lasting_missing(const struct snapshot *before, const struct snapshot *after);

/* Of the desktop window manager or font driver of a session: DWM-n, UMFD-n. */
bool logon_is_of_desktop(const struct logon_session *logon);
/* RemoteInteractive, CachedRemoteInteractive: such a logon makes an RDS session. */
bool logon_is_remote(const struct logon_session *logon);
/* Of a person, or of an unknown owner; not of the machine, of services or of the desktop's parts. */
bool logon_is_of_person(const struct logon_session *logon);

/* The two logon sessions that an administrator's logon makes, the filtered and the elevated one: each keeps the other. a has the lower LUID. */
bool logons_are_twins(const struct logon_session *a, const struct logon_session *b);

/* ---- one boot ---- */

enum boot {
	BOOT_UNKNOWN, /* nothing shows: assumed to be one, and reported */
	BOOT_SAME,
	BOOT_OTHER, /* the host was rebooted between the two */
};
/* Logon sessions that persist (LUID and logon time) prove one boot; only without any, processes with start times, then boot times. */
enum boot leak_boot(const struct snapshot *a, const struct snapshot *b);

/* Lowers the sight of lists that show, by themselves or beside an earlier sample of the same boot (NULL: none), that rows are
 * missing from them. False: memory is out. */
bool leak_check_lists(const struct snapshot *before, struct snapshot *sample);

/* ---- what is left ---- */

struct leak;

struct leak_terms {
	int64_t
	    release_time; /* microseconds; NUMBER_UNKNOWN: what the last sample states, else RELEASE_TIME */
	int64_t
	    after_logoff; /* how long ago every session that is not listed had ended, as the user says; NUMBER_UNKNOWN */
	/* Whether a logon session is one of a run: of its accounts, or of the desktop of one of its sessions. logon_time is by the
	 * samples' clock, and counts only for the desktop's; others are asked for once, by their account. NULL: there is no run,
	 * and all logon sessions with an RDS session are watched. */
	bool (*is_watched)(const void *data, const struct logon_session *logon, int64_t logon_time);
	const void *data;
	bool
	    without_sessions; /* the watched accounts log on by programs, in no RDS session of theirs */
	/* Whether a program still ran at `time` that may have made a watched logon session at logon_time (TIMESTAMP_UNKNOWN: not known), both by
	 * the samples' clock: then it is in use. NULL: nobody knows of programs. */
	enum yes_no (*is_in_use)(const void *data, int64_t logon_time, int64_t time);
};

/* What proves that its session had ended by then. */
enum age_proof {
	AGE_UNKNOWN,
	AGE_CYCLE,       /* the proven logoff of its cycle */
	AGE_SAMPLE,      /* earlier samples that showed it without its session */
	AGE_OTHER_LOGON, /* another account's later logon in the same session ID */
	AGE_LATER_LOGON, /* a later logon of its account in another session */
	AGE_USER,        /* --after-logoff */
};

enum fate {
	FATE_ALIVE, /* its session is listed, or it is none that a leak could keep */
	FATE_ORPHAN,
	FATE_UNSURE, /* the evidence does not show */
};

/* Why a fate is unsure. */
enum unsure {
	UNSURE_NO_SESSION_ID,    /* its session is not known */
	UNSURE_SESSIONS_UNSEEN,  /* the list of sessions is not whole */
	UNSURE_SESSION_NAMELESS, /* its session is listed without a user */
	UNSURE_EARLIER_LOGON,    /* its session has a later logon of the same user */
	UNSURE_PROCESSES_UNSEEN, /* it has no RDS session, and whether a process runs in it is not known */
	UNSURE_PROGRAM_RUNS, /* whether the program that may have made it still runs is not known */
	UNSURE_DISPUTED,     /* the observers disagree about whose it is */
	UNSURE_KINDS
};

/* A logon session that some sample showed. Texts are the leak's. */
struct left_logon {
	uint64_t luid;
	const char *user, *domain, *logon_type;
	const char
	    *session_user; /* whose session it was when it was last listed; NULL: not known */
	int64_t session_id;
	int64_t logon_time; /* by the samples' clock */
	const char *logon_time_text;
	int64_t shown; /* time of the last sample that shows it */
	bool gone;     /* a later sample, whole, does not */
	size_t went;   /* the first such sample, from 1 */
	bool listed;   /* false: only handles to it show that it lives */
	enum fate fate;
	enum unsure unsure;  /* if it is */
	bool id_given_again; /* its session ID has another session now */
	bool watched;
	bool older;         /* than the run, and not seen alive in it */
	bool seen_alive;    /* an earlier sample listed its session */
	bool was_left;      /* an earlier sample showed it as an orphan */
	int64_t left_first; /* the first sample that did, since it was alive; TIMESTAMP_UNKNOWN */
	bool taken_along;   /* leak_taken_along(): it went with its holder */
	int64_t ended; /* its session had ended by then, by the samples' clock; TIMESTAMP_UNKNOWN */
	enum age_proof proof;

	/* private: the samples in a row that showed it without its session, and the last that showed it at all */
	int64_t absent_first, absent_second;
	size_t absent_count, sample;
	bool absent_counted;
	size_t first;        /* the first sample that showed it */
	size_t then;         /* of what has gone: the last sample that showed its holders, from 1 */
	size_t held, looked; /* samples that showed somebody hold it, and all handles to it */
	size_t held_by;      /* the same, by a holder that does not follow */
	int64_t went_at; /* of what has gone: by then the first sample without it was complete */
	bool holder_unknown; /* of what has gone: a process ended, and who held it was not seen */
};

/* A session ID that is in no session list, and referred to. */
struct left_id {
	int64_t id;
	int64_t shown; /* as above */
	bool gone;
	size_t tokens, processes, logons; /* that refer to it */
	size_t exited;                    /* handles to processes of it that have exited */
	size_t
	    doubtful; /* the same to processes that are known only by their ID, which may have been another's */
	size_t
	    own; /* of all handles and processes, those of no logon session that people make, such as winlogon's */
	bool object;   /* the kernel still has its object, by name: a hint */
	int64_t ended; /* as above */
	enum age_proof proof;
	bool watched;
	bool older;
	bool pinned;
	bool taken_along; /* as above */

	/* private: as above */
	int64_t absent_first, absent_second;
	size_t absent_count, sample, went;
	bool absent_counted;
	int64_t listed; /* the last sample that lists its session; TIMESTAMP_UNKNOWN: none does */
	int64_t fresh;  /* by then a session of it was there, or nothing referred to it */
	int64_t lived;  /* by then a process of its session ran or exited */
	int64_t gone_until;   /* the first sample without its session was complete by then */
	bool was_referred;    /* in the last sample with handles */
	bool persists;        /* something refers to it that did in the last sample with handles */
	size_t then, held_by; /* as above */
};

/* NULL: memory is out. */
struct leak *leak_create(const struct leak_terms *terms);
void leak_destroy(struct leak *leak); /* NULL is allowed */

/* One more sample. time: when it was taken, by a clock that all samples share (TIMESTAMP_UNKNOWN: not known); offset: the host's
 * clock minus that one. False: memory is out. */
bool leak_add(struct leak *leak, const struct snapshot *sample, int64_t time, int64_t offset);
/* The same, of one of several samples, which was complete by `until`: its lists are checked first (`before` as for leak_check_lists), it is given what earlier samples tell
 * of processes that have exited, and its tokens are recognised in later samples. */
bool leak_take(struct leak *leak, const struct snapshot *before, struct snapshot *sample,
    int64_t time, int64_t until, int64_t offset);

/* The session of the logon session had ended by then: its cycle's logoff was proven. */
void leak_prove_end(struct leak *leak, uint64_t luid, int64_t ended);
/* A session ID that a logon was given, which began at `started`. ended: by then its session had ended; TIMESTAMP_UNKNOWN: that is not
 * proven. */
struct given_id {
	int64_t id, started, ended;
	int64_t over; /* the logon was over by then, proven or not; TIMESTAMP_UNKNOWN */
};
/* Of the run's logons, sorted by their start: the last that was given an ID tells when its session had ended. False: memory is out. */
bool leak_prove_id_ends(struct leak *leak, const struct given_id *given, size_t count);
/* Says which referred IDs are pinned. The IDs are sorted by their start. */
void leak_pin(struct leak *leak, const struct given_id *given, size_t count);
/* IDs that none of the run's logons was given after their last one, though higher ones were, without a session in the last sample or anything
 * in sight that refers to them. */
struct skipped_ids {
	int64_t skipped; /* for longer than holders take: something out of sight keeps them */
	int64_t unshown; /* not for as long, and no sample shows what kept them */
	int64_t one;     /* one of those */
};
/* False: memory is out. */
bool leak_skipped_ids(const struct leak *leak, const struct given_id *given, size_t count,
    const struct snapshot *last, struct skipped_ids *out);
/* Whether tokens keep session IDs on this host, as Windows has it since MS16-111. NO: IDs were given again that tokens still
 * referred to; YES_NO_UNKNOWN: some were, and others were not, or the host says so and yet a higher one was given. */
enum yes_no leak_tokens_keep_ids(const struct leak *leak);

/* All that samples showed, by LUID and by ID; what has gone is still among them. */
struct left_logon *leak_logons(const struct leak *leak, size_t *count);
struct left_id *leak_ids(const struct leak *leak, size_t *count);
/* Something refers to it for sure: not a name, nor an exited process by its ID alone. */
bool left_id_is_sure(const struct left_id *left);
/* Only tokens refer to it, and the logon sessions that they keep. */
bool left_id_is_of_tokens(const struct left_id *left);
/* The same, where tokens keep no ID. */
bool left_id_is_harmless(const struct leak *leak, const struct left_id *left);
/* NULL: no sample showed it. */
struct left_logon *leak_logon(const struct leak *leak, uint64_t luid);
/* The same as a record of evidence; its texts are the leak's. */
struct logon_session left_record(const struct left_logon *left);
/* An orphan that has not gone, as far as the evidence shows. */
bool left_is_orphan(const struct left_logon *left);

/* Microseconds. */
int64_t leak_release_time(const struct leak *leak);
/* T, for how long a run must be quiet: a quarter of the release time, and more once one was seen to go later than that. */
int64_t leak_quiet_time(const struct leak *leak);
/* How old an orphan has to be for a run to stop at it: the more samples are asked, the more late releases one of them could meet. */
int64_t leak_stopping_age(const struct leak *leak);
/* The least time for which a session that ended by `ended` had ended at `shown`; NUMBER_UNKNOWN. */
int64_t leak_age(const struct leak *leak, int64_t ended, int64_t shown);
/* Whether that is at least the release time, and `more`. */
bool leak_is_old(const struct leak *leak, int64_t ended, int64_t shown, int64_t more);
/* When a watched orphan or referred ID was last seen to have gone; TIMESTAMP_UNKNOWN: none was. */
int64_t leak_last_gone(const struct leak *leak);

/* Whether a process outside RDS sessions ended between two samples; YES_NO_UNKNOWN where their lists do not tell. */
enum yes_no leak_process_ended(const struct snapshot *then, const struct snapshot *now);

/* A process that held what was left of sessions and has ended, or all of its image that have. */
enum ended_word {
	ENDED_UNDECIDED,
	ENDED_LEAK, /* it released none by itself, and a healthy holder would have */
	ENDED_LATE, /* a late holder: had it leaked, more would have been left, or less released */
};
struct ended_holder {
	const char *image; /* the leak's; NULL: not known */
	int64_t pid;       /* of the one that held most */
	bool others;       /* and there are others of the image */
	size_t holds;      /* that ended with it, whether the last or not */
	size_t released;   /* by itself */
	double chance;     /* that a healthy holder would have released none of them */
	int64_t
	    more; /* cycles without a leak that would show it to be a late holder; 0: none would */
	enum ended_word word;
	size_t logon_sessions,
	    session_ids; /* watched ones, and IDs of none of them, that went with it */
	bool open;       /* that it ended is not known */
};
struct taken_along {
	struct ended_holder *items; /* the surest leak first */
	size_t count;
	size_t logon_sessions,
	    session_ids; /* of all those, each once; those of late holders are none */
	size_t unknown;  /* of both, those of which it is not known whether their holder ended */
	size_t leaks;    /* of both, those of leaks */
};
/* A counted logon of a run, until its session was over. */
struct logon_span {
	int64_t started, over;
};
/* What went when a process ended that held it, or may have held it: not a late release, but perhaps a leak that went with its holder. logons:
 * all that counted, and the share of them at which a leak must be seen; without any, no holder is known to be late. False: memory is out. */
bool leak_taken_along(struct leak *leak, const struct logon_span *logons, size_t count,
    double smallest_rate, struct taken_along *out);
void taken_along_deinit(struct taken_along *taken);

/* Whether a session ID that nothing in the sample refers to is free: all handles are seen, and with the session IDs of tokens; except for those
 * that could not be looked into. */
bool leak_shows_ids(const struct snapshot *sample);
/* Those: token handles, and handles to exited processes of which the session is not known. */
struct unseen {
	size_t tokens, exited;
};
struct unseen leak_unseen(const struct snapshot *sample);

/* ---- who keeps it ---- */

/* A process, and by what it holds one logon session. */
struct holder {
	uint64_t luid;
	int64_t pid;
	const char *image; /* the snapshot's */
	int64_t tokens;
	int64_t exited; /* handles to processes of it that have exited */
	int64_t directories;
	bool runs_in_it; /* its primary token is of it, and it is an orphan */
	bool follower;   /* releases once the last other holder of this logon session has */
	bool windows;    /* process_is_windows() */
};

/* By LUID; of one LUID those that matter come first: third parties, parts of Windows, followers. */
struct holders {
	struct holder *items;
	size_t count;
	size_t hidden; /* token handles of which the logon session is not known, */
	size_t
	    unplaced; /* and handles to exited processes of which neither that nor the session is */
};

/* Of a token of which the logon session is not known. */
static inline bool handle_is_hidden(const struct handle *handle)
{
	return handle->luid == LUID_UNKNOWN && handle->type && strcmp(handle->type, "Token") == 0;
}
/* Of a process that has exited, or of one of its threads. */
static inline bool handle_keeps_exited(const struct handle *handle)
{
	return handle->target_exited == YES ||
	       (handle->target_pid != NUMBER_UNKNOWN && handle->target_exited != NO);
}
/* To an exited process that is known only by its ID, which may have been another's. */
bool handle_is_by_pid(const struct handle *handle);
/* Processes that run in an orphan are holders, too; leak: what is an orphan, NULL: only handles are looked at. False: memory is
 * out. */
bool holders_find(struct holders *out, const struct snapshot *snapshot, const struct leak *leak);
void holders_deinit(struct holders *holders);
/* The first holder of the logon session, and how many there are. */
const struct holder *holders_of(const struct holders *holders, uint64_t luid, size_t *count);
/* Whether nothing more than what is listed holds the logon session by handles: it was searched for, or all handles were listed
 * and looked into. */
bool handles_shown_of(
    const struct snapshot *snapshot, const struct holders *holders, uint64_t luid);

/* A process that holds orphans or pinned IDs. */
struct culprit {
	const char *image;      /* the snapshot's; NULL: not known */
	int64_t pid;            /* NUMBER_UNKNOWN */
	int64_t handles;        /* and the token that it runs with */
	int64_t tokens;         /* among them */
	int64_t exited;         /* processes that have exited, among what it has handles to */
	int64_t logon_sessions; /* distinct orphans among them */
	int64_t session_ids;    /* pinned IDs that it holds beyond those of orphans */
	bool sure;              /* not by process IDs alone */
	int64_t alone;        /* of both, what no other holds; followers count only for followers */
	bool follower;        /* each of what it holds has another holder */
	bool windows;         /* process_is_windows() */
	bool ended;           /* it runs no more: what it held went with it */
	const char *services; /* that it hosts; the snapshot's, NULL: not known */
};

struct culprits {
	struct culprit *items; /* the worst first */
	size_t count;
	int64_t unheld;         /* orphans without a holder in sight */
	int64_t without_holder; /* of these, those whose handles were shown */
	int64_t followers_only; /* orphans whose handles were shown, and only followers hold them */
};

/* An orphan, and the ID of its session if no session has that: who refers to the ID holds the orphan, too. */
struct held_logon {
	uint64_t luid;
	int64_t session_id; /* NUMBER_UNKNOWN: not known, or not referred to */
};
struct held_logon held_logon_of(const struct leak *leak, const struct left_logon *left);

/* Who holds the logon sessions (by LUID) and session IDs of none of them (sorted) in the snapshot. False: memory is out. */
bool culprits_find(struct culprits *out, const struct snapshot *snapshot,
    const struct held_logon *logons, size_t logon_count, const int64_t *ids, size_t id_count);
void culprits_deinit(struct culprits *culprits);
/* How many of the first hold as much alone, and as much in all: that does not show which of them leaks. */
size_t culprits_tied(const struct culprits *culprits);
/* The same rules for things that begin with a struct culprit and have a size: the worst first, and those that are tied with it behind it. */
void culprits_rank(void *items, size_t count, size_t size);
size_t culprits_tied_of(const void *items, size_t count, size_t size);

/* A process that may hold what is left, though that is not seen. */
struct suspect {
	const char *image; /* the snapshot's; NULL: not known */
	int64_t pid;       /* NUMBER_UNKNOWN */
	int64_t hidden;    /* token handles that could not be looked into, more than before */
	int64_t exited;    /* exited processes of unknown owner that it keeps, more than before */
};

struct suspects {
	struct suspect *items; /* those with most first */
	size_t count;
	bool compared; /* with an earlier sample; else how many there were before is not known */
};

/* Processes that have more of them than those with the same image had in an earlier sample (NULL: there is none). False: memory is out. */
bool suspects_find(struct suspects *out, const struct snapshot *then, const struct snapshot *now);
void suspects_deinit(struct suspects *suspects);

/* ---- in words ---- */

/* "svchost.exe (process 812: TermService)". services may be NULL. Returns out. */
#define PROCESS_WORDS 240
const char *process_words(
    const char *image, int64_t pid, const char *services, char out[PROCESS_WORDS]);
/* Where nobody but System and lsass is seen to hold so many; whole: of all handles. Returns out. */
#define FOLLOWERS_WORDS 200
const char *followers_words(int64_t count, bool whole, char out[FOLLOWERS_WORDS]);
/* "MsMpEng.exe (process 140): 60 token handles that could not be looked into rise with the orphans", if that may explain so many that
 * nobody is seen to hold; else NULL. compared: how many there were before is known. */
#define SUSPECT_WORDS 400
const char *suspect_words(
    const struct suspect *suspect, bool compared, int64_t unseen, char out[SUSPECT_WORDS]);
/* Whether there are such words. */
bool suspect_explains(const struct suspect *suspect, int64_t unseen);
/* What decides whether they are pinned. */
const char *decider_words(const struct leak *leak);
/* "37 session IDs came free when agent.exe (process 4100), which held them, ended: that is not a release, and may have been a leak". False: nothing went so. */
#define TAKEN_WORDS 500
bool taken_words(const struct taken_along *taken, char out[TAKEN_WORDS]);
/* "leaky.exe (process 4100) held 60 logon sessions and ended, and they went only then ...". False: it is not proven to leak. */
bool ended_words(const struct ended_holder *holder, char out[TAKEN_WORDS]);
/* "session IDs 2 to 61 are in no session list; agent.exe (process 4100) holds 60 tokens of them: very probably what keeps them". The
 * IDs are sorted. False: memory is out. */
#define REFERRED_WORDS 700
bool referred_words(
    const int64_t *ids, size_t count, const struct snapshot *snapshot, char out[REFERRED_WORDS]);

#endif
