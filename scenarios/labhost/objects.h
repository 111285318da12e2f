/* The objects of the modelled NT host, as its views read them. Only the model changes them.
 *
 * The names carry "nt_" because a snapshot (evidence/snapshot.h) has records of the same nouns. */
#ifndef LEAKLAB_LABHOST_OBJECTS_H
#define LEAKLAB_LABHOST_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/* Well-known logon sessions (MSDN "LUIDs of well-known logon sessions", ntifs.h SYSTEM_LUID ...). */
#define LUID_SYSTEM 0x3e7
#define LUID_NETWORK_SERVICE 0x3e4
#define LUID_LOCAL_SERVICE 0x3e5

#define SESSION_ID_SERVICES 0
#define SESSION_ID_CONSOLE 1
#define SESSION_ID_FIRST 2 /* the lowest that a remote logon can get */

struct nt_logon {
	TAILQ_ENTRY(nt_logon) link;
	uint64_t luid;
	char *user;
	char *domain;
	char *sid;
	const char *type;    /* SECURITY_LOGON_TYPE in English */
	const char *package; /* authentication package */
	uint32_t session_id;
	bool ended;     /* its RDS session has gone: what still holds it is late, or a leak */
	bool permanent; /* a service account's, lives until reboot */
	int64_t logon_time;
	size_t tokens; /* token objects that refer to it */
	size_t others; /* handles to it, followers not counted */
	TAILQ_HEAD(, nt_handle) followers;
	TAILQ_HEAD(, nt_handle) late; /* holders that let go some time after the logoff */
};

/* How a token came to be: which of the kernel's functions made it. */
enum nt_method { NT_CREATED, NT_DUPLICATED, NT_FILTERED };

struct nt_token {
	TAILQ_ENTRY(nt_token) kernel_link; /* valid if pinned_by_kernel */
	uint64_t id;                       /* TOKEN_STATISTICS.TokenId */
	struct nt_logon *logon;
	uint32_t session_id;
	size_t handles;
	size_t references; /* by pointer: a process' primary token, a kernel reference */
	bool pinned_by_kernel;
	/* What SeTokenLeakDiag makes the kernel note; the process may have gone since. */
	uint32_t creator;
	char creator_image[16];
	enum nt_method method;
};

enum nt_type { NT_TYPE_TOKEN, NT_TYPE_DIRECTORY, NT_TYPE_PROCESS, NT_TYPE_THREAD };

struct nt_handle {
	uint32_t value;
	enum nt_type type;
	struct nt_process *process;
	struct nt_logon *
	    logon; /* the logon session it keeps alive (token, process) or belongs to (directory) */
	struct nt_token *token;      /* NULL for other types */
	struct nt_process *target;   /* of a process or thread; NULL for other types */
	bool follower;               /* lets go with the last other holder: lsass, System */
	bool late;                   /* lets go when it is due */
	TAILQ_ENTRY(nt_handle) link; /* in its logon session's list, if follower or late */
	int64_t due;                 /* when a late holder lets go; DUE_NEVER before the logoff */
	size_t place;                /* in the heap of due handles */
};

struct nt_process {
	TAILQ_ENTRY(nt_process) link; /* with those that run, or with those that have exited */
	uint32_t pid;
	int64_t started;
	int64_t exited; /* DUE_NEVER: it runs */
	size_t held;    /* handles to it and to its threads: an object that has one stays */
	bool protected; /* nobody but a driver can look into its handles */
	char *image;
	char *user;
	uint32_t session_id;
	struct nt_token *primary;
	uint32_t
	    other_handles; /* files, events ...: part of its handle count and of nothing else */
	struct nt_handle **table; /* slot n holds the handle with the value 4 * (n + 1), or NULL */
	size_t table_size;
	size_t handle_count;
	uint32_t *unused; /* slots given back, last in first out as on NT */
	size_t unused_count;
};

/* The processes of a user's session. */
enum session_process {
	SESSION_CSRSS,
	SESSION_WINLOGON,
	SESSION_DWM,
	SESSION_FONTDRVHOST,
	SESSION_SHELL,
	SESSION_RDPCLIP,
	SESSION_TASKHOSTW,
	SESSION_SIHOST,
	SESSION_USER_SERVICE, /* in a svchost of the session's own */
	SESSION_PROCESSES
};

enum nt_state { NT_STATE_ACTIVE, NT_STATE_DISCONNECTED };

struct nt_session {
	TAILQ_ENTRY(nt_session) link;
	uint32_t id;
	enum nt_state state;
	char *user;
	char *domain;
	char *station;       /* WinStation name, "RDP-Tcp#0"; NULL while disconnected */
	uint64_t connection; /* who shows it; 0 while disconnected */
	int64_t ends;        /* host time when it logs off by itself; DUE_NEVER: it stays */
	bool hangs;          /* a fault: only an administrator's command ends it */
	struct nt_logon *logon;
	struct nt_process *processes[SESSION_PROCESSES];
};

#define DUE_NEVER INT64_MAX

TAILQ_HEAD(nt_sessions, nt_session);
TAILQ_HEAD(nt_logons, nt_logon);
TAILQ_HEAD(nt_processes, nt_process);
TAILQ_HEAD(nt_tokens, nt_token);

#endif
