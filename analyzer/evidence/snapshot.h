/* A snapshot: what was true on the host at one moment, and how much of it was seen. The door of this folder.
 *
 * Each record is declared once, as a table of fields (field.h). Strings belong to the snapshot (interned: equal strings are one
 * copy) and may be NULL, which means that the evidence did not say. Numbers that the evidence did not give are NUMBER_UNKNOWN,
 * never zero. */
#ifndef LEAKLAB_SNAPSHOT_H
#define LEAKLAB_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "common/timestamp.h"
#include "evidence/field.h"

#define SNAPSHOT_SCHEMA "leaklab.snapshot/2"
#define SNAPSHOTS_SCHEMA "leaklab.snapshots/1" /* several, as a list */

/* RDP listeners show up in qwinsta with IDs from here on; they are no sessions. */
#define SESSION_ID_LISTENERS 65536

/* An RDS session, as WTSEnumerateSessions lists it. */
#define SESSION_FIELDS(F, K, W, L, R)                                                              \
	K(R, NUMBER, id, "id", "session ID")                                                       \
	F(R, TEXT, name, "name", "WinStation name, such as rdp-tcp#3")                             \
	F(R, TEXT, user, "user", "user name")                                                      \
	F(R, TEXT, domain, "domain", "domain of the user")                                         \
	F(R, TEXT, state, "state",                                                                 \
	    "WTS_CONNECTSTATE_CLASS in English: Active, Disc, Listen, Conn ...")                   \
	F(R, TEXT, logon_time_text, "logon_time_text",                                             \
	    "when its user logged on, as quser printed it, in the host's zone and language")       \
	F(R, TIME, logon_time, "logon_time", "when its user logged on, by the host's clock")       \
	F(R, TIME, connect_time, "connect_time", "when somebody connected to it last")             \
	F(R, TIME, disconnect_time, "disconnect_time", "when somebody disconnected from it last")  \
	F(R, YES_NO, temporary_profile, "temporary_profile",                                       \
	    "whether a temporary profile is loaded for its user, as the user's own could not be")  \
	F(R, FLAG, disputed, "disputed", "the observers disagree about whose it is")
RECORD_DECLARE(session, SESSION_FIELDS)

/* What LSA made at authentication: LsaGetLogonSessionData. Its identity is (boot, LUID, logon time). */
#define LOGON_SESSION_FIELDS(F, K, W, L, R)                                                        \
	K(R, LUID, luid, "luid", "AuthenticationId")                                               \
	F(R, TEXT, user, "user", "user name")                                                      \
	F(R, TEXT, domain, "domain", "domain of the user")                                         \
	F(R, TEXT, logon_type, "logon_type",                                                       \
	    "SECURITY_LOGON_TYPE in English: RemoteInteractive, Network, Service ...")             \
	F(R, TEXT, auth_package, "auth_package", "authentication package")                         \
	F(R, NUMBER, session_id, "session_id", "RDS session ID that it was made in")               \
	F(R, TIME, logon_time, "logon_time", "when it was made, by the host's clock")              \
	F(R, TEXT, logon_time_text, "logon_time_text",                                             \
	    "the same as a tool printed it, in the host's zone and language")                      \
	F(R, FLAG, disputed, "disputed", "the observers disagree about whose it is, or where")
RECORD_DECLARE(logon_session, LOGON_SESSION_FIELDS)

/* A handle that keeps a logon session or a session ID alive, or names it: to a token, to a process that has exited or one of its
 * threads, or to a DosDevices directory. */
#define HANDLE_FIELDS(F, K, W, L, R)                                                               \
	F(R, NUMBER, pid, "pid", "process ID of the holder")                                       \
	F(R, TEXT, image, "image", "image of the holder")                                          \
	F(R, NUMBER, value, "value", "handle value")                                               \
	F(R, TEXT, type, "type", "object type: Token, Process, Thread, Directory")                 \
	F(R, NUMBER, token_id, "token_id",                                                         \
	    "TokenStatistics.TokenId: handles with the same one share one object")                 \
	F(R, LUID, luid, "luid",                                                                   \
	    "logon session of the token, of the process' primary token, or of the directory")      \
	F(R, NUMBER, session_id, "session_id", "session ID of the token, or of the process")       \
	F(R, TEXT, user, "user", "user of the token")                                              \
	F(R, TEXT, domain, "domain", "domain of the user")                                         \
	F(R, TEXT, name, "name", "name of the object, where it has one")                           \
	F(R, NUMBER, target_pid, "target.pid", "the process that it leads to, or whose thread")    \
	F(R, TEXT, target_image, "target.image", "its image")                                      \
	F(R, YES_NO, target_exited, "target.exited", "whether it has exited")                      \
	F(R, TIME, target_start_time, "target.start_time", "when it started, by the host's clock") \
	F(R, TIME, target_exit_time, "target.exit_time", "when it exited, by the host's clock")
RECORD_DECLARE(handle, HANDLE_FIELDS)

#define PROCESS_FIELDS(F, K, W, L, R)                                                              \
	K(R, NUMBER, pid, "pid", "process ID")                                                     \
	F(R, TEXT, image, "image", "image")                                                        \
	F(R, NUMBER, session_id, "session_id", "RDS session ID")                                   \
	F(R, NUMBER, handle_count, "handle_count", "handles of all types")                         \
	F(R, NUMBER, handles_listed, "handles_listed",                                             \
	    "its rows in a listing of handles, which need not be all")                             \
	F(R, TEXT, user, "user", "user of its primary token")                                      \
	F(R, LUID, luid, "luid", "logon session of its primary token")                             \
	F(R, TIME, start_time, "start_time", "when it started, by the host's clock")               \
	F(R, FLAG, exited, "exited", "it has exited, and is kept as an object")                    \
	F(R, TEXT, path, "path", "path of its file")                                               \
	F(R, TEXT, version, "version", "version of its file")                                      \
	F(R, TEXT, company, "company", "company of its file")                                      \
	F(R, TEXT, services, "services", "services that it hosts")
RECORD_DECLARE(process, PROCESS_FIELDS)

/* How many handles of a type there are, on the host or in what was asked for. */
#define HANDLE_TYPE_FIELDS(F, K, W, L, R)                                                          \
	F(R, TEXT, type, "type", "object type")                                                    \
	F(R, NUMBER, count, "count", "handles of the type")
RECORD_DECLARE(handle_type, HANDLE_TYPE_FIELDS)

/* \\KernelObjects\\Session<n>: the kernel's object of a session, which may be there still when the session is over. A hint. */
#define SESSION_OBJECT_FIELDS(F, K, W, L, R) K(R, NUMBER, id, "id", "session ID")
RECORD_DECLARE(session_object, SESSION_OBJECT_FIELDS)

/* An event of a Windows log: what LocalSessionManager says of sessions, and Security of logons; of others when they were logged. One without
 * an ID stands for rows of the log that were not understood, and may be any. */
#define EVENT_FIELDS(F, K, W, L, R)                                                                \
	F(R, NUMBER, number, "event_id", "event ID; none: rows that were not understood")          \
	F(R, TEXT, log, "log", "the provider, or the log")                                         \
	F(R, TIME, logged, "time", "when it was logged, by the host's clock")                      \
	F(R, TIME, logged_local, "local_time",                                                     \
	    "the same in a zone that is not named, written as if it were UTC")                     \
	F(R, TEXT, logged_text, "time_text",                                                       \
	    "the same as a tool printed it, where day and month may be either")                    \
	F(R, NUMBER, record, "record", "its number in the log")                                    \
	F(R, NUMBER, session_id, "session_id", "RDS session ID")                                   \
	F(R, NUMBER, by_session, "by_session", "the session that disconnected it (39)")            \
	F(R, NUMBER, reason, "reason", "why it was disconnected (40)")                             \
	F(R, TEXT, user, "user", "user name")                                                      \
	F(R, TEXT, domain, "domain", "domain of the user")                                         \
	F(R, LUID, luid, "luid", "TargetLogonId: the logon session")                               \
	F(R, LUID, linked_luid, "linked_luid", "the logon session that is linked to it")           \
	F(R, TEXT, logon_type, "logon_type",                                                       \
	    "SECURITY_LOGON_TYPE in English: RemoteInteractive, Network, Service ...")             \
	F(R, TEXT, logon_process, "logon_process", "logon process")                                \
	F(R, TEXT, auth_package, "auth_package", "authentication package")                         \
	F(R, TEXT, host, "host", "computer that logged it")                                        \
	F(R, TEXT, origin, "file", "file or observer, in whose clock local_time is")
RECORD_DECLARE(log_event, EVENT_FIELDS)

#define COUNTER_POINT_FIELDS(F, K, W, L, R)                                                        \
	F(R, TIME, time, "time", "when")                                                           \
	F(R, TIME, local_time, "local_time",                                                       \
	    "the same in a zone that is not named, written as if it were UTC")                     \
	F(R, NUMBER, value, "value", "its value, rounded")
RECORD_DECLARE(counter_point, COUNTER_POINT_FIELDS)

/* A performance counter over time. What it counts of a process is one process only where the ID is known: svchost#3 is another one once a
 * lower number has ended. */
#define COUNTER_FIELDS(F, K, W, L, R)                                                                          \
	F(R, TEXT, object, "object", "performance object, such as Process")                                    \
	F(R, TEXT, instance, "instance",                                                                       \
	    "its instance as it was written first, such as svchost#3")                                         \
	F(R, TEXT, image, "image", "of a process: its name, without a number")                                 \
	F(R, NUMBER, pid, "pid", "of a process: its ID, by the instance or by ID Process")                     \
	F(R, TEXT, counter, "counter", "what is counted, such as Handle Count")                                \
	F(R, NUMBER, lowest, "lowest", "its lowest value")                                                     \
	F(R, NUMBER, highest, "highest", "its highest value")                                                  \
	F(R, COUNT, points_seen, "points_seen",                                                                \
	    "values that there were; of many every second, fourth ... is kept, the first and the last always") \
	L(R, counter_point, points, point_count, "points", "its values, the oldest first")
RECORD_DECLARE(counter, COUNTER_FIELDS)

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
extern const char *const list_end_words[LIST_END_COUNT];

/* How much of a section was seen, the least first. */
enum extent {
	EXTENT_UNKNOWN, /* not said: counts as absent */
	EXTENT_ABSENT,  /* nothing */
	EXTENT_CUT_OFF, /* rows are missing, and it is not known which */
	EXTENT_PARTIAL, /* what was asked for, or may be shown, is there */
	EXTENT_WHOLE,
	EXTENT_COUNT
};
extern const char *const extent_words[EXTENT_COUNT];

/* A logon session whose handles were searched for. */
#define SEARCHED_FIELDS(F, K, W, L, R) K(R, LUID, luid, "luid", "logon session")
RECORD_DECLARE(searched, SEARCHED_FIELDS)

/* How much of one section was seen, or of another fact, such as boot_time. */
#define SIGHT_FIELDS(F, K, W, L, R)                                                                \
	K(R, TEXT, section, "section", "sessions, logon_sessions, handles, processes, or a fact")  \
	W(R, extent, extent_words, extent, "extent", "whole, partial, cut off or absent")          \
	F(R, TEXT, why, "why", "why it is not whole")                                              \
	F(R, TEXT, origin, "origin", "file or observer that says so")                              \
	F(R, NUMBER, line, "line", "line of its text from which on rows may be missing")           \
	F(R, NUMBER, rows, "rows", "rows that its observer counted, so that lost ones show")       \
	W(R, list_end, list_end_words, end, "end",                                                 \
	    "how its text ended: open, line, blank, prompt")                                       \
	L(R, searched, searched, searched_count, "searched", "what a partial list was asked for")
RECORD_DECLARE(sight, SIGHT_FIELDS)

/* A line of evidence that was not understood. */
#define UNREAD_FIELDS(F, K, W, L, R)                                                               \
	F(R, TEXT, origin, "file", "file or observer")                                             \
	F(R, NUMBER, line, "line", "line of it, from 1; 0: all of it")                             \
	F(R, TEXT, text, "text", "the line")
RECORD_DECLARE(unread, UNREAD_FIELDS)

#define CONTRADICTION_FIELDS(F, K, W, L, R)                                                        \
	F(R, TEXT, text, "text", "what two sources say of one thing")
RECORD_DECLARE(contradiction, CONTRADICTION_FIELDS)

#define NOTE_FIELDS(F, K, W, L, R) F(R, TEXT, text, "text", "what a row tells that has no field")
RECORD_DECLARE(note, NOTE_FIELDS)

#define SNAPSHOT_FIELDS(F, K, W, L, R)                                                             \
	F(R, TEXT, source, "source", "program that made it")                                       \
	F(R, TEXT, host, "host", "computer name")                                                  \
	F(R, TEXT, build, "build", "build of the operating system, such as 10.0.20348")            \
	F(R, TIME, boot_time, "boot_time", "when the host started, by its clock")                  \
	F(R, TIME, time, "time", "when it was taken, by the host's clock")                         \
	F(R, YES_NO, elevated, "elevated", "whether the observer had administrator's rights")      \
	F(R, YES_NO, debug_privilege, "debug_privilege",                                           \
	    "whether the observer could enable SeDebugPrivilege")                                  \
	F(R, NUMBER, observer_pid, "observer.pid", "process ID of the observer itself")            \
	F(R, LUID, observer_luid, "observer.luid", "logon session that the observer ran in")       \
	F(R, YES_NO, object_addresses, "object_addresses",                                         \
	    "whether the host shows the addresses of objects, by which handles are joined")        \
	F(R, YES_NO, leak_tracking, "leak_tracking", "SeTokenLeakDiag")                            \
	F(R, YES_NO, tokens_keep_ids, "tokens_keep_session_ids",                                   \
	    "whether a token keeps the session ID it is stamped with (since MS16-111)")            \
	F(R, NUMBER, release_time, "release_time",                                                 \
	    "seconds within which holders of this host release what is left of a session")         \
	F(R, NUMBER, token_objects, "token_objects.total", "token objects in the kernel")          \
	F(R, NUMBER, token_objects_accounted, "token_objects.accounted",                           \
	    "of those, with a holder in sight")                                                    \
	F(R, NUMBER, sessions_created, "session_totals.created",                                   \
	    "sessions made since the host started, by query session /counter")                     \
	F(R, NUMBER, sessions_disconnected, "session_totals.disconnected",                         \
	    "of these, disconnected")                                                              \
	F(R, NUMBER, sessions_reconnected, "session_totals.reconnected", "and connected again")    \
	L(R, session, sessions, session_count, "sessions", "RDS sessions")                         \
	L(R, logon_session, logon_sessions, logon_session_count, "logon_sessions",                 \
	    "logon sessions")                                                                      \
	L(R, handle, handles, handle_count, "handles", "handles to tokens and DosDevices")         \
	L(R, process, processes, process_count, "processes", "processes")                          \
	L(R, log_event, log_events, log_event_count, "events",                                     \
	    "events of the host's logs, as they stood")                                            \
	L(R, sight, sights, sight_count, "sight", "how much of each section was seen")             \
	L(R, session_object, session_objects, session_object_count, "session_objects",             \
	    "objects of sessions that the kernel names")                                           \
	L(R, handle_type, handle_types, handle_type_count, "handle_types", "handles by type")      \
	L(R, counter, counters, counter_count, "counters", "performance counters over time")       \
	F(R, COUNT, counter_columns_left, "counter_columns_left",                                  \
	    "columns of counters that are not read")                                               \
	F(R, COUNT, counter_rows_left, "counter_rows_left",                                        \
	    "rows of counters that are not later than the one before, and are left out")           \
	F(R, COUNT, contradiction_total, "contradiction_count",                                    \
	    "contradictions, of which the first are kept")                                         \
	L(R, contradiction, contradictions, contradiction_count, "contradictions",                 \
	    "what sources do not agree on")                                                        \
	L(R, note, notes, note_count, "notes", "what else the evidence tells, in words")           \
	F(R, COUNT, rows, "rows", "lines of text that hold data")                                  \
	F(R, COUNT, rows_left, "rows_left", "of those, not understood")                            \
	F(R, COUNT, replaced, "replaced_bytes", "bytes in no known code page, kept as U+FFFD")     \
	L(R, unread, unread, unread_count, "unread", "the first lines that were not understood")
struct snapshot {
	SNAPSHOT_FIELDS(FIELD_MEMBER, FIELD_MEMBER, FIELD_MEMBER_WORD, FIELD_MEMBER_LIST, snapshot)
	struct intern *intern; /* private: owner of all strings */
};
extern const struct record snapshot_record;

/* Of lines and contradictions the first are kept. */
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
struct handle_type *snapshot_add_handle_type(struct snapshot *snapshot);
struct log_event *snapshot_add_event(struct snapshot *snapshot);
struct counter *snapshot_add_counter(struct snapshot *snapshot);
struct counter_point *counter_add_point(struct counter *counter);
/* Counts a line that was not understood and keeps it while there is room. */
bool snapshot_add_unread(
    struct snapshot *snapshot, const char *origin, int64_t line, const char *text, size_t length);
/* Counts a contradiction and keeps it while there is room. */
bool snapshot_add_note(struct snapshot *snapshot, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool snapshot_add_contradiction(struct snapshot *snapshot, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The sections that every snapshot says its sight of. */
#define SECTION_SESSIONS "sessions"
#define SECTION_LOGON_SESSIONS "logon_sessions"
#define SECTION_HANDLES "handles"
#define SECTION_PROCESSES "processes"

/* Events are a section that nobody ever sees all of; its sight says which rows were not understood. */
#define SECTION_EVENTS "events"

/* The sight of a section or fact, made with everything unknown if there is none yet. NULL: memory is out. */
struct sight *snapshot_sight(struct snapshot *snapshot, const char *section);
/* Says how much of a section was seen; it never says more than was said before. why may be NULL. False: memory is out. */
bool snapshot_see(
    struct snapshot *snapshot, const char *section, enum extent extent, const char *why);
/* Says that all sections are whole, as one who made them knows, and how many rows each has. */
bool snapshot_see_all(struct snapshot *snapshot);
/* Sections that have other rows than their observer counted are cut off. False: memory is out. */
bool snapshot_check_rows(struct snapshot *snapshot);
bool sight_add_searched(struct sight *sight, uint64_t luid);
/* NULL: nothing was said. */
const struct sight *snapshot_sight_of(const struct snapshot *snapshot, const char *section);
/* EXTENT_ABSENT where nothing is said. */
enum extent snapshot_extent(const struct snapshot *snapshot, const char *section);
/* True if anything of the section was seen: what is listed there is true. */
bool snapshot_has(const struct snapshot *snapshot, const char *section);
/* True if what is not listed there is not on the host: the section is whole, and the observer was not without rights. */
bool snapshot_whole(const struct snapshot *snapshot, const char *section);
/* The fact of which session each token is; where nothing is said of it, handles have their session IDs. */
#define FACT_TOKEN_SESSIONS "handles.session_id"
/* True if a session ID that no handle has is no token's: all handles were seen, with their session IDs. */
bool snapshot_shows_token_sessions(const struct snapshot *snapshot);
/* Why it is not whole, in words for people. */
const char *snapshot_why_not_whole(const struct snapshot *snapshot, const char *section);

/* RDP listeners are listed like sessions, but nobody can log on in them. */
bool session_is_listener(const struct session *session);

/* The source of a snapshot that was made from a memory dump: what the kernel itself refers to is in sight there. */
#define SNAPSHOT_OF_DUMP "memory dump"

bool snapshot_is_of_dump(const struct snapshot *snapshot);

/* Adds all of `other` to `snapshot`: several sources of one moment. What was there first stays where they contradict each
 * other, and that is noted. at_once: they are of the same instant, so that two whole lists must have the same sessions.
 * False: memory is out. */
bool snapshot_merge(
    struct snapshot *snapshot, const struct snapshot *other, bool at_once, struct error *error);
/* Sorts a section and makes one record of all that mean one thing; contradictions are noted. False: memory is out. */
bool snapshot_unify(struct snapshot *snapshot, const char *section);
/* The same of all sections but handles of one observer in which a record is repeated; others keep their order. Counts of rows that were right
 * stay so. False: memory is out. */
bool snapshot_unify_all(struct snapshot *snapshot);

/* The counters of performance objects that are read, as Windows names them. */
#define COUNTER_HANDLES "Handle Count"
#define COUNTER_SESSIONS "Total Sessions"

/* True if both are one counter of one thing. */
bool counter_same(const struct counter *a, const struct counter *b);
/* Whether its points have times with a zone; without one they have local times, or none. */
bool counter_is_zoned(const struct counter *counter);
/* Microseconds of the host's clock, whatever its zone; TIMESTAMP_UNKNOWN: the point has no time. Of one source they can be compared. */
int64_t counter_point_clock(const struct counter_point *point);
/* Adds the other one's points where they belong; of the same time own stay. False: memory is out. */
bool counter_merge(struct snapshot *snapshot, struct counter *own, const struct counter *other);

#define LUID_TEXT 18 /* "00000000:000fd2f5" and its NUL */
/* HighPart:LowPart in hex, eight digits each, as logonsessions prints it. Returns out. */
char *luid_format(uint64_t luid, char out[LUID_TEXT]);
/* Reads "00000000:000fd2f5", "0:0xfd2f5", "0x0:0xfd2f5", "fd2f5". False for others, and for the one that means unknown. */
bool luid_parse(const char *text, uint64_t *out);

/* The JSON form, schema leaklab.snapshot/2. The text is the caller's to free(). */
char *snapshot_to_json(const struct snapshot *snapshot, struct error *error);
/* The same to a stream, and an end of line. False: memory is out; whether the stream took it all shows when it is closed. */
bool snapshot_write_json(const struct snapshot *snapshot, FILE *out, struct error *error);
/* Reads the JSON form, schema 2 or 1; unknown fields are ignored, sections that are missing become absent. */
struct snapshot *snapshot_from_json(const char *text, size_t length, struct error *error);
/* Whether it is a list of them, of schema leaklab.snapshots/1. */
bool snapshots_are_several(const char *text, size_t length);
/* Gives each to take(), which owns it from then on, also if it says that memory is out. */
bool snapshots_from_json(const char *text, size_t length, bool (*take)(void *, struct snapshot *),
    void *data, struct error *error);

#endif
