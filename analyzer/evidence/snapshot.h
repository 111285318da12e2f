/* A snapshot: what was true on the host at one moment. The door of this folder.
 *
 * Strings belong to the snapshot (interned: equal strings are one copy) and may be NULL, which means that the
 * evidence did not say. Numbers that the evidence did not give are NUMBER_UNKNOWN, never zero. */
#ifndef LEAKLAB_SNAPSHOT_H
#define LEAKLAB_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/timestamp.h"

#define SNAPSHOT_SCHEMA "leaklab.snapshot/1"
#define NUMBER_UNKNOWN INT64_MIN

/* RDP listeners show up in qwinsta with IDs from here on; they are no sessions. */
#define SESSION_ID_LISTENERS 65536

/* An RDS session, as WTSEnumerateSessions lists it. */
struct session {
	int64_t id;
	const char *name; /* WinStation name, "rdp-tcp#3" */
	const char *user;
	const char *domain;
	const char *state; /* WTS_CONNECTSTATE_CLASS in English: Active, Disc, Listen, Conn ... */
	bool disputed;     /* observers of the moment do not agree whose it is */
};

/* What LSA made at authentication: LsaGetLogonSessionData. Its identity is (boot, LUID, logon time). */
struct logon_session {
	uint64_t luid; /* AuthenticationId, HighPart << 32 | LowPart */
	const char *user;
	const char *domain;
	const char *
	    logon_type; /* SECURITY_LOGON_TYPE in English: RemoteInteractive, Network, Service ... */
	const char *auth_package;
	int64_t session_id;
	int64_t logon_time;          /* timestamp, host clock */
	const char *logon_time_text; /* as a tool printed it, in the host's zone and language */
	bool disputed; /* observers of the moment do not agree whose it is, or where */
};

/* A handle that keeps a logon session alive, or names it: a token, or a DosDevices directory. */
struct handle {
	int64_t pid;
	const char *image;
	int64_t value;    /* handle value */
	const char *type; /* object type: "Token", "Directory" */
	int64_t token_id; /* TokenStatistics.TokenId: handles with the same one share one object */
	uint64_t luid;    /* the logon session; valid if has_luid */
	bool has_luid;
	int64_t session_id; /* TokenSessionId */
	const char *user;
	const char *domain;
	const char *name; /* object name where the object has one */
};

struct process {
	int64_t pid;
	const char *image;
	int64_t session_id;
	int64_t handle_count;
	int64_t handles_listed; /* rows of it in a handle listing, which need not be all */
	const char *user;
};

/* How many handles of a type there are, on the host or in what was asked for. */
struct handle_type {
	const char *type;
	int64_t count;
};

/* A line of evidence that was not understood. */
struct unread {
	const char *origin; /* the file */
	int64_t line;       /* from 1; 0: all of it */
	const char *text;
};

/* What the observer could not see, and why. `what` is the JSON key that is missing or incomplete. */
struct unavailable {
	const char *what;
	const char *why;
};

/* What stands behind a list in the text that it is from. A tool ends its list in one way, so a list that ends in another was
 * cut, or captured in another way. */
enum list_end {
	LIST_END_UNKNOWN, /* no text, or another list stands behind it */
	LIST_END_OPEN,    /* nothing, not even the end of a line */
	LIST_END_LINE,
	LIST_END_BLANK,  /* blank lines */
	LIST_END_PROMPT, /* that of the shell */
	LIST_END_COUNT
};
extern const char *const list_end_names[LIST_END_COUNT]; /* in JSON; NULL: unknown */

enum yes_no { YES_NO_UNKNOWN = -1, NO = 0, YES = 1 };

struct snapshot {
	const char *source; /* program that made it */
	const char *host;
	const char *build; /* operating system build, e.g. "10.0.20348" */
	int64_t boot_time; /* timestamp, host clock */
	int64_t time;      /* timestamp, host clock */
	enum yes_no elevated;
	enum yes_no leak_tracking;       /* SeTokenLeakDiag */
	int64_t token_objects;           /* kernel total */
	int64_t token_objects_accounted; /* of those, with a holder in sight */

	struct session *sessions;
	size_t session_count;
	struct logon_session *logon_sessions;
	size_t logon_session_count;
	struct handle *handles;
	size_t handle_count;
	struct process *processes;
	size_t process_count;
	struct unavailable *unavailable;
	size_t unavailable_count;
	struct handle_type *handle_types;
	size_t handle_type_count;

	/* Handles were listed in part only: of one process, or those with a token or directory of these LUIDs. */
	bool handles_partial;
	uint64_t *searched;
	size_t searched_count;
	/* Only the sessions that have users were listed, as quser does. */
	bool sessions_partial;
	/* The text ended in the middle of such a list, or rows were left out of it: there may be more. */
	bool sessions_cut, logon_sessions_cut;
	enum list_end logon_sessions_end;

	/* How much of a text was understood. Of lines and contradictions the first SNAPSHOT_NOTES_MOST are kept. */
	int64_t rows;      /* lines that hold data */
	int64_t rows_left; /* of those, not understood */
	int64_t replaced;  /* bytes in no known code page, kept as U+FFFD */
	struct unread *unread;
	size_t unread_count;
	const char **contradictions;
	size_t contradiction_count;
	int64_t contradiction_total;

	bool notes_contradictions; /* private: while merging, they are no errors */
	struct intern *intern;     /* private: owner of all strings */
};

#define SNAPSHOT_NOTES_MOST 1000

/* An empty snapshot with everything unknown; NULL only when memory is out. */
struct snapshot *snapshot_create(void);
void snapshot_destroy(struct snapshot *snapshot); /* NULL is allowed */

/* Returns the snapshot's own copy of text (length bytes; may lack a NUL). NULL for NULL text, or when out of memory. */
const char *snapshot_string(struct snapshot *snapshot, const char *text, size_t length);

/* Each adds one record with every field unknown and returns it, valid until the next add; NULL: out of memory. */
struct session *snapshot_add_session(struct snapshot *snapshot);
struct logon_session *snapshot_add_logon_session(struct snapshot *snapshot);
struct handle *snapshot_add_handle(struct snapshot *snapshot);
struct process *snapshot_add_process(struct snapshot *snapshot);
bool snapshot_add_unavailable(struct snapshot *snapshot, const char *what, const char *why);
struct handle_type *snapshot_add_handle_type(struct snapshot *snapshot);
bool snapshot_add_searched(struct snapshot *snapshot, uint64_t luid);
/* Counts a line that was not understood and keeps it while there is room. */
bool snapshot_add_unread(
    struct snapshot *snapshot, const char *origin, int64_t line, const char *text, size_t length);
/* Counts a contradiction and keeps it while there is room. */
bool snapshot_add_contradiction(struct snapshot *snapshot, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* RDP listeners are listed like sessions, but nobody can log on in them. */
bool session_is_listener(const struct session *session);

/* The source of a snapshot that was made from a memory dump: what the kernel itself refers to is in sight there. */
#define SNAPSHOT_OF_DUMP "memory dump"

bool snapshot_is_of_dump(const struct snapshot *snapshot);

/* True if nothing says that `what` ("sessions", "logon_sessions", "handles", "processes") was out of sight. A
 * section that the JSON lacks is unavailable. */
bool snapshot_has(const struct snapshot *snapshot, const char *what);

/* Adds all of `other` to `snapshot` (several observers of one moment). Facts that contradict are an error. */
bool snapshot_merge(struct snapshot *snapshot, const struct snapshot *other, struct error *error);
/* The same, but contradictions are noted and what was there first stays. False only when memory is out. */
bool snapshot_merge_noting(
    struct snapshot *snapshot, const struct snapshot *other, struct error *error);
/* Sorts the sections and makes one record of all that mean one thing; contradictions are noted. Handles are left alone
 * unless asked for. */
bool snapshot_unify(struct snapshot *snapshot, bool handles, struct error *error);

#define LUID_TEXT 18 /* "00000000:000fd2f5" and its NUL */
/* HighPart:LowPart in hex, eight digits each, as logonsessions prints it. Returns out. */
char *luid_format(uint64_t luid, char out[LUID_TEXT]);
/* Reads "00000000:000fd2f5", "0:0xfd2f5", "0x0:0xfd2f5", "fd2f5". */
bool luid_parse(const char *text, uint64_t *out);

/* The JSON form, schema leaklab.snapshot/1. The text is the caller's to free(). */
char *snapshot_to_json(const struct snapshot *snapshot, struct error *error);
/* Reads the JSON form; unknown fields are ignored, sections that are missing become unavailable. */
struct snapshot *snapshot_from_json(const char *text, size_t length, struct error *error);

#endif
