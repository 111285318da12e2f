/* The run file: all of a run in one SQLite file. The door of this folder.
 *
 * Written by the driver while the run goes on (every finished cycle is durable against a kill of the process),
 * read by the judge. user_version is the schema's number, application_id says that the file is ours. */
#ifndef LEAKLAB_RUNFILE_H
#define LEAKLAB_RUNFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "evidence/snapshot.h"

#define RUNFILE_SCHEMA 4
#define RUNFILE_SCHEMA_CONTENT 4 /* before it, each capture had its output beside it */
#define RUNFILE_SCHEMA_SIGHT 3   /* before it, samples had no sight */
#define RUNFILE_SCHEMA_OLDEST 2

/* The parts of a cycle that are timed apart, in order. */
enum phase {
	PHASE_TCP, /* name resolved, socket connected */
	PHASE_TLS, /* TLS handshake, certificate accepted */
	PHASE_NLA, /* CredSSP done (MS-CSSP) */
	PHASE_ACTIVATED, /* MCS, licensing, capabilities: connection sequence finished (MS-RDPBCGR 1.3.1.1) */
	PHASE_LOGON, /* logon signal seen: Save Session Info PDU (MS-RDPBCGR 2.2.10.1) or what the scenario says */
	PHASE_HOLD,   /* session held */
	PHASE_LOGOFF, /* from asking for logoff, or the end of a shell whose life is known, to the end of the connection */
	PHASE_COUNT,
};
extern const char *const phase_names[PHASE_COUNT];

enum cycle_result {
	CYCLE_RUNNING,         /* not finished (yet) */
	CYCLE_LOGGED_OFF,      /* logoff proven, see `proof` */
	CYCLE_UNPROVEN,        /* logged on; the connection ended without proof of a logoff */
	CYCLE_DISCONNECTED,    /* the scenario wanted a disconnect or a drop and got it */
	CYCLE_FAILED,          /* did not get as far as a logon */
	CYCLE_LOST,            /* the worker that carried it died */
	CYCLE_NOT_RECONNECTED, /* the host refused to connect its session again, or gave a new one */
	CYCLE_RAN,             /* the command of the workload ended by itself, with status 0 */
	CYCLE_RESULT_COUNT,
};
extern const char *const cycle_result_names[CYCLE_RESULT_COUNT];
#define CYCLE_NEW_SESSION "NEW_SESSION" /* code of one that was given another session */
/* It did not come to the end that the scenario wanted, and counts for nothing but the failures. */
static inline bool cycle_result_is_failure(enum cycle_result result)
{
	return result == CYCLE_FAILED || result == CYCLE_LOST || result == CYCLE_NOT_RECONNECTED;
}

/* What a cycle is for; only those of the load count. */
enum cycle_kind {
	CYCLE_LOAD,
	CYCLE_PREFLIGHT,    /* before the load: does a logon work at all? */
	CYCLE_VERIFICATION, /* after the settling: which session IDs are given? */
	CYCLE_KIND_COUNT,
};
extern const char *const cycle_kind_names[CYCLE_KIND_COUNT];

/* One logon and logoff of one account. Strings are the writer's while writing and, when read, belong to the
 * struct cycles they came in. */
struct cycle {
	int64_t number; /* 1, 2, ... in the order of their start */
	int64_t slot;
	int64_t worker;
	const char *user;
	const char *domain;
	int64_t scheduled; /* timestamp, driver's clock: when it should have started */
	int64_t started;   /* timestamp, driver's clock */
	int64_t logged_on; /* timestamp of the logon signal; TIMESTAMP_UNKNOWN if it never came */
	int64_t ended;     /* timestamp */
	int64_t phase_us
	    [PHASE_COUNT];  /* duration in microseconds, NUMBER_UNKNOWN where it was not reached */
	int64_t session_id; /* from Save Session Info; NUMBER_UNKNOWN */
	enum cycle_result result;
	const char *failed_phase; /* phase_names[] or NULL */
	const char *code;         /* FreeRDP's or our name of the failure, or NULL */
	const char *message;      /* for people, or NULL */
	/* What proved the logoff: "error-info" (Set Error Info PDU) or "ultimatum" (MCS Disconnect Provider Ultimatum
	 * with rn-user-requested: all that some hosts send, MS-RDPBCGR 1.3.1.4.2); NULL: nothing did. */
	const char *proof;
	int64_t error_info;    /* the last Set Error Info PDU's value; NUMBER_UNKNOWN: none came */
	const char *served_by; /* host that it was redirected to, or NULL */
	const char *server; /* computer name of the host that served it, as NTLM told it, or NULL */
	enum cycle_kind kind;
	int64_t shard;   /* which of several injectors played it; NUMBER_UNKNOWN: there is one */
	int64_t attempt; /* 1, 2, ... of the same cycle; NUMBER_UNKNOWN: the only one */
	enum yes_no reconnect;     /* it joined a session that was there */
	int64_t host_clock_offset; /* microseconds, host clock minus driver's; NUMBER_UNKNOWN */
};

struct cycles {
	struct cycle *items;
	size_t count;
	struct intern *intern; /* private */
};

/* A session that was disconnected, and connected again by its cycle; or, with another session's ID, what the same host gave instead. */
struct reconnect {
	int64_t cycle, number; /* 1, 2, ... within the cycle */
	int64_t started;       /* timestamps, driver's clock */
	int64_t logged_on;
	int64_t phase_us[PHASE_COUNT]; /* as a cycle's; the logoff is the cycle's own */
	int64_t session_id;            /* NUMBER_UNKNOWN */
};

struct reconnects {
	struct reconnect *items;
	size_t count;
	size_t others; /* behind them: logons, which were given another session */
};

/* An account whose logon sessions are judged, in a run of commands. */
struct watched_account {
	const char *user, *domain; /* domain: NULL if none is said */
};

struct watched {
	struct watched_account *items;
	size_t count;
	struct intern *intern; /* private */
};

/* How the command of a cycle ended, and the beginning of what it printed. */
struct command_run {
	int64_t cycle;
	int64_t exit_status;           /* 128 + signal; NUMBER_UNKNOWN: it did not end by itself */
	const char *output, *messages; /* stdout and stderr */
	int64_t output_bytes, messages_bytes; /* of all that it printed */
};

/* Marks: the moments at which samples are taken. */
enum mark { MARK_BEFORE, MARK_DURING, MARK_AFTER, MARK_SETTLING, MARK_SETTLED, MARK_COUNT };
extern const char *const mark_names[MARK_COUNT];

/* One run of one observer command. Lifetime of strings as in struct cycle. */
struct capture {
	int64_t id; /* set by runfile_add_capture */
	enum mark mark;
	int64_t round; /* captures with the same mark and round describe one moment; 1, 2, ... */
	int64_t cycle; /* cycles finished by then */
	const char *observer;
	const char *command;
	int64_t started; /* timestamp, driver's clock */
	int64_t ended;   /* timestamp, driver's clock */
	int64_t
	    exit_status; /* of the command; 128 + signal; NUMBER_UNKNOWN: it could not be started or was ended at its time-out */
	const char *output; /* raw stdout */
	size_t output_length;
	bool output_left_out; /* it is not in the run file, see RUNFILE_OUTPUTS_MAX */
	const char *messages; /* raw stderr */
	const char *problem;  /* why there is no snapshot from it, or NULL */
	int64_t time;         /* of its snapshot, host clock; only when read */
	/* That there is a snapshot whose observer could see all of them; only when read. */
	bool shows_handles, shows_processes;
	bool handles_whole, processes_whole; /* and without any that could not be looked into */
};

struct captures {
	struct capture *items;
	size_t count;
	struct intern *intern; /* private */
};

struct runfile;

/* Makes a new file; one that exists already is an error and is left untouched. */
struct runfile *runfile_create(const char *path, struct error *error);
/* Opens a finished, interrupted or still growing file for reading only. */
struct runfile *runfile_open(const char *path, struct error *error);
/* The same of a file that this process writes. To look at it first, as runfile_open() does, would drop SQLite's locks: they are
 * POSIX's, and end with the first descriptor of the file that the process closes. */
struct runfile *runfile_open_own(const char *path, struct error *error);
/* The same with a finished file that is in memory (copied). name is for messages. */
struct runfile *runfile_open_bytes(
    const void *bytes, size_t length, const char *name, struct error *error);
void runfile_close(struct runfile *runfile); /* NULL is allowed */
/* Closes it and removes it with its journal; NULL is allowed. */
void runfile_discard(struct runfile *runfile);
/* Gives the run file at path another name beside it, which the caller frees. What is no run file, or is being written, stays. */
char *runfile_set_aside(const char *path, struct error *error);

/* Opens a file to go on with its run, whether that was killed or came to its end. One that is being written is refused, and one of
 * another schema. Nothing in it changes before runfile_keep(). */
struct runfile *runfile_reopen(const char *path, struct error *error);
/* Takes back what shows that the run was over: cycles that were still running count as lost with their driver (at `now`; *lost: how
 * many), the mark settled becomes settling, and the settings of its end are removed. All that is written from here on is kept by
 * runfile_keep(), or gone with runfile_give_up(). */
bool runfile_go_on(struct runfile *runfile, int64_t now, int64_t *lost, struct error *error);
bool runfile_keep(struct runfile *runfile, struct error *error);
void runfile_give_up(struct runfile *runfile);
/* Code of a cycle that was lost so. */
#define RUNFILE_DRIVER_LOST "DRIVER_LOST"
/* A descriptor by which the file counts as being written, as long as any process has it open; -1: of a file that is only read. */
int runfile_lock(const struct runfile *runfile);

/* Settings of the run: "scenario", "driver.version", "host", "started", "finished", "interrupted",
 * "load.slots", "expect.verdict", "judge.smallest_rate", ... (tests/README lists none: the manual does). */
bool runfile_set(struct runfile *runfile, const char *key, const char *value, struct error *error);
/* The value, the caller's to free(); NULL if it was never set. */
char *runfile_get(struct runfile *runfile, const char *key);
bool runfile_is_set(struct runfile *runfile, const char *key);
/* A whole number, and nothing else. False: it was never set, or is none. */
bool runfile_get_number(struct runfile *runfile, const char *key, int64_t *out);

/* Inserts the cycle, or replaces the one with the same number. Durable when it returns. */
bool runfile_put_cycle(struct runfile *runfile, const struct cycle *cycle, struct error *error);
bool runfile_add_reconnect(
    struct runfile *runfile, const struct reconnect *reconnect, struct error *error);
/* Those of these cycles, in their order. Of a file that has no place for them: none. The items are the caller's to free(). */
bool runfile_reconnects(struct runfile *runfile, const struct cycles *cycles,
    struct reconnects *out, struct error *error);
bool runfile_add_watched(
    struct runfile *runfile, const char *user, const char *domain, struct error *error);
/* None but in a run of commands. */
bool runfile_watched(struct runfile *runfile, struct watched *out, struct error *error);
void watched_deinit(struct watched *watched);
bool runfile_add_command(
    struct runfile *runfile, const struct command_run *run, struct error *error);
/* Of one output, and of all in a run file as they are kept: packed, and each text once. Beyond it only what was read of them is. */
#define RUNFILE_OUTPUT_MAX ((int64_t)512 << 20)
#define RUNFILE_OUTPUTS_MAX ((size_t)256 << 20)

/* Adds raw output and, if not NULL, the snapshot that was read from it. Sets capture->id and output_left_out. */
bool runfile_add_capture(struct runfile *runfile, struct capture *capture,
    const struct snapshot *snapshot, struct error *error);
/* Changes the mark of a capture that was taken while settling and turned out to be the settled one. */
bool runfile_mark_settled(struct runfile *runfile, int64_t round, struct error *error);
/* Notes what happened: kind is a word ("worker-lost", "account-stopped", "caution"), text is for people. */
bool runfile_add_event(
    struct runfile *runfile, const char *kind, const char *text, struct error *error);
bool runfile_add_event_at(
    struct runfile *runfile, int64_t time, const char *kind, const char *text, struct error *error);
/* Puts a finished control run's file, at path, into this one: "negative" with rate NULL, or "positive" with the share of
 * logons that its leaker leaks. */
bool runfile_add_control(struct runfile *runfile, const char *name, const char *rate,
    const char *path, struct error *error);
/* Calls visit for each control run, open during the call. Its false ends it. */
bool runfile_controls(struct runfile *runfile,
    bool (*visit)(void *data, const char *name, const char *rate, struct runfile *control,
        struct error *error),
    void *data, struct error *error);
/* Puts into the file itself what is in its journal so far, as far as nobody reads it just now. */
void runfile_fold(struct runfile *runfile);
/* Folds the journal in: one file from now on. While another program has the file open the journal stays beside it;
 * that is no failure, but an event "journal-kept". */
bool runfile_finish(struct runfile *runfile, struct error *error);

bool runfile_cycles(struct runfile *runfile, struct cycles *out, struct error *error);
void cycles_deinit(struct cycles *cycles);
/* That of the number, in cycles that are in their order; NULL: there is none. */
const struct cycle *cycles_find(const struct cycles *cycles, int64_t number);
/* Without outputs (output is NULL), in order of their start. */
bool runfile_captures(struct runfile *runfile, struct captures *out, struct error *error);
void captures_deinit(struct captures *captures);
/* How many rows of handles there are, at most. -1: error says why. */
int64_t runfile_handle_rows(struct runfile *runfile, struct error *error);
/* All snapshots of one moment merged, what they do not agree on noted in it; handles: with them. NULL with error if there is
 * none. A file of schema 2 is asked for what its observers printed, which is read again. */
struct snapshot *runfile_snapshot(
    struct runfile *runfile, enum mark mark, int64_t round, bool handles, struct error *error);
/* An account that snapshots show in an RDS session, except for those of the mark "before". */
struct sighting {
	const char *user;
	const char *domain;
	int64_t session_id;
	int64_t time; /* last seen, driver's clock */
};
/* Calls visit for each. Strings are valid during the call. */
bool runfile_sightings(struct runfile *runfile,
    void (*visit)(void *data, const struct sighting *sighting), void *data, struct error *error);
/* A row of a snapshot: a handle, or a process and how many it has. Lifetime of strings as below. */
struct holding {
	int64_t capture;
	int64_t pid;
	const char *image;
	const char *type; /* NULL: a process */
	const char *user;
	const char *domain;
	uint64_t luid; /* of a handle to a logon session's token or directory; LUID_UNKNOWN */
	int64_t count; /* of a process' handles; NUMBER_UNKNOWN */
};
/* Calls visit for each handle, and for each process, of all snapshots, captures in order. Strings are valid during the call. */
bool runfile_holdings(struct runfile *runfile,
    void (*visit)(void *data, const struct holding *holding), void *data, struct error *error);
bool runfile_process_counts(struct runfile *runfile,
    void (*visit)(void *data, const struct holding *holding), void *data, struct error *error);
/* Calls visit with each snapshot that is without its rows: what it says of the host. Valid during the call. */
bool runfile_hosts(struct runfile *runfile,
    void (*visit)(void *data, const struct snapshot *header), void *data, struct error *error);
/* Calls visit for each token handle, captures in order, without its account. */
bool runfile_token_holdings(struct runfile *runfile,
    void (*visit)(void *data, const struct holding *holding), void *data, struct error *error);
/* Calls visit with what the observer of a capture printed, if anything. The bytes are valid during the call. */
bool runfile_output(struct runfile *runfile, int64_t capture,
    void (*visit)(void *data, const char *bytes, size_t length), void *data, struct error *error);
/* Copies the run into a new file, all in one, also while it is written. */
bool runfile_copy(struct runfile *runfile, const char *path, struct error *error);

/* What a text in a run file is. */
enum runfile_text {
	RUNFILE_ACCOUNT,  /* a user or a domain */
	RUNFILE_HOST,     /* a host, perhaps with a port */
	RUNFILE_IMAGE,    /* of a process */
	RUNFILE_SCENARIO, /* YAML */
	RUNFILE_OUTPUT,   /* what an observer printed, in any encoding */
	RUNFILE_RUN,      /* a run file inside the run file */
	RUNFILE_PROSE,    /* anything else that people or programs wrote */
};
/* Edits all texts of a run file. */
struct runfile_editor {
	/* Shows a text before any is edited. */
	bool (*learn)(void *data, enum runfile_text what, const char *bytes, size_t length);
	/* Returns what stands in its place, the editor's to free(), and its length; NULL: it failed. */
	char *(*edit)(void *data, enum runfile_text what, const char *bytes, size_t *length);
	void *data;
};
bool runfile_learn(const char *path, const struct runfile_editor *editor, struct error *error);
/* Takes the folder of the scenario out of the run file at path, so that nothing of it stays there. */
bool runfile_forget_folder(const char *path, struct error *error);
/* Nothing of the old texts stays in the file. */
bool runfile_edit(const char *path, const struct runfile_editor *editor, struct error *error);
/* Calls visit for each event in order. */
bool runfile_events(struct runfile *runfile,
    void (*visit)(void *data, int64_t time, const char *kind, const char *text), void *data,
    struct error *error);

#endif
