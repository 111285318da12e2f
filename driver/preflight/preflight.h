/* The preflight: what a host and its observers do at one logon, step by step, and what to do where that is not enough. The door of
 * this folder, which knows what the facts mean; playing the logon is the driver's. */
#ifndef LEAKLAB_PREFLIGHT_H
#define LEAKLAB_PREFLIGHT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "driver/preflight/causes.h"
#include "driver/host/handshake.h"
#include "evidence/snapshot.h"
#include "runfile/runfile.h"

enum step_status {
	STEP_OK,
	STEP_WARNING, /* a run is possible, and says less */
	STEP_FAILED,
	STEP_SKIPPED, /* what it needs failed before, or nobody can tell */
	STEP_STATUS_COUNT
};

/* Whose affair a step is: that of a failed one decides the exit code. */
enum step_concern { STEP_OF_TARGET, STEP_OF_OBSERVER };

struct step {
	char id[64]; /* "certificate", "observer.probe.clock" */
	enum step_status status;
	enum step_concern concern;
	int64_t time;              /* microseconds; NUMBER_UNKNOWN */
	char *text;                /* what was found, or the cause */
	char *remedy;              /* or NULL */
	const struct cause *cause; /* what is known of such failures; NULL: nothing */
};

struct preflight {
	struct step *steps;
	size_t count;
	bool out_of_memory;
	FILE *live;           /* each step is printed there as it comes; NULL: not */
	size_t printed;       /* of the steps */
	char host[300];       /* with its port */
	char account[400];    /* that logged on; "": none */
	char method[32];      /* logoff.method that works; "": none was found */
	int64_t began, ended; /* timestamps */
};

void preflight_begin(struct preflight *preflight, FILE *live);
void preflight_deinit(struct preflight *preflight);

/* Adds a step. remedy may be NULL. */
void preflight_add(struct preflight *preflight, enum step_concern concern, const char *id,
    enum step_status status, int64_t time, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 7, 8)));

/* The step that was added last failed for that cause; NULL is allowed. */
void preflight_blame(struct preflight *preflight, const struct cause *cause);

/* Steps name, tcp, security, tls, certificate. error: of the handshake that failed. */
void preflight_handshake(struct preflight *preflight, const struct setup *setup,
    const struct handshake *handshake, const struct error *error);

/* What was seen of the one cycle. */
struct preflight_logon {
	const struct cycle *cycle;
	const char *method;        /* of the scenario, or what auto tried last */
	enum logoff_way rescue;    /* that ended the session when the method did not */
	const struct cause *cause; /* of its failure; NULL: none is known */
};
/* Steps nla, connection, logon, session-id, server, logoff. */
void preflight_cycle(
    struct preflight *preflight, const struct setup *setup, const struct preflight_logon *logon);

/* What one observer saw before the logon, while the session was there, and after the logoff; NULL: nothing. */
struct view {
	const char *name;
	const char *host; /* that it looks at, as the scenario says; NULL: it does not */
	bool stays;       /* one program for all samples */
	const struct snapshot *before, *during, *after;
	const char *problem; /* why it gave none; NULL: it did */
	int64_t time;        /* microseconds that a sample took */
	int64_t seen,
	    until; /* when `during` was taken, and was complete, by our clock; it is of before where nobody came in time, until the end of time */
};
/* Steps observer.NAME, and of it host, rights, sessions, logon-sessions, handles, profile, clock, footprint, left. */
void preflight_observer(
    struct preflight *preflight, const struct cycle *cycle, const struct view *view);

/* Steps accounts and disk. */
void preflight_accounts(struct preflight *preflight, size_t usable, size_t all, uint64_t slots);
/* needed: bytes that the run file may get; free: on the disk of its folder, -1: not known. */
void preflight_disk(struct preflight *preflight, const char *folder, int64_t needed, int64_t free);

/* 0; 4: the target failed; 3: observers alone did. */
enum exit_code preflight_exit_code(const struct preflight *preflight);
/* All steps are there, and printed if they are to be. */
void preflight_end(struct preflight *preflight);
/* How many steps have the status. */
size_t preflight_count(const struct preflight *preflight, enum step_status status);
void preflight_print_step(const struct step *step, FILE *out);
/* One line that says how it came out. */
void preflight_print_end(const struct preflight *preflight, FILE *out);
/* As JSON, leaklab.preflight/1, the caller's to free(). NULL: out of memory. */
char *preflight_to_json(const struct preflight *preflight);

/* The run file that keeps the preflight of so described a target, in the state folder; the caller frees it. NULL: there is no such folder. */
char *preflight_path(const char *description, struct error *error);
/* Nobody else has a preflight of it, and logs on with the same account, until the descriptor is closed. -1 with an error: somebody does. */
int preflight_lock(const char *path, struct error *error);
/* Takes what is kept there if it is of the same description, went well, and is no older than a day. False: there is none. */
bool preflight_recall(const char *path, const char *description, int64_t now, char method[32],
    char **json, int64_t *age);
/* Settings of the run file that keeps it. */
bool preflight_keep(const struct preflight *preflight, const char *description,
    struct runfile *runfile, struct error *error);

#endif
