/* The modelled Remote Desktop Session Host: its objects as its views read them (only the model changes them), and
 * what happens to them: logons, logoffs, calls of processes. The door of the model: pure state without I/O or threads; the
 * caller locks and passes the time in.
 *
 * The names of objects carry "nt_" because a snapshot (evidence/snapshot.h) has records of the same nouns. */
#ifndef LEAKLAB_LABHOST_MODEL_H
#define LEAKLAB_LABHOST_MODEL_H

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
	bool outside;   /* it never had one: a program logged on for itself */
	bool permanent; /* a service account's, lives until reboot */
	int64_t logon_time;
	size_t tokens; /* token objects that refer to it */
	size_t others; /* handles to it, followers not counted */
	TAILQ_HEAD(, nt_handle) followers;
	TAILQ_HEAD(, nt_handle) late; /* holders that release some time after the logoff */
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
	bool follower;               /* releases with the last other holder: lsass, System */
	bool late;                   /* releases when it is due */
	TAILQ_ENTRY(nt_handle) link; /* in its logon session's list, if follower or late */
	int64_t due;                 /* when a late holder releases; DUE_NEVER before the logoff */
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
	char *shell;         /* image of the shell that is yet to come; NULL: it is there */
	int64_t shell_comes; /* when it does */
	unsigned postponed;  /* how often its end was put off; see model_watched() */
	bool hangs;          /* a fault: only an administrator's command ends it */
	bool temporary_profile;
	struct nt_logon *logon;
	struct nt_process *processes[SESSION_PROCESSES];
};

#define DUE_NEVER INT64_MAX

TAILQ_HEAD(nt_sessions, nt_session);
TAILQ_HEAD(nt_logons, nt_logon);
TAILQ_HEAD(nt_processes, nt_process);
TAILQ_HEAD(nt_tokens, nt_token);

/* When a session ID is free again. */
enum id_rule {
	ID_RULE_MS16_111, /* when the last token and process of the session has gone (since September 2016) */
	ID_RULE_BEFORE, /* when its last process has: at logoff, if nobody keeps one */
};

/* What becomes of a logon of a user who has left a session. */
enum rejoin { REJOIN_RESUMES, REJOIN_IS_NEW, REJOIN_IS_REFUSED };

/* What a reconnect leaves behind, a fault. */
enum reconnect_leak {
	RECONNECT_LEAK_NONE,
	RECONNECT_LEAK_HANDLE, /* lsm.exe has one handle more */
	RECONNECT_LEAK_LOGON,  /* a service keeps the token of NLA's logon session */
};

/* What keeps the logon session of a program's own logon once its token was restricted, a fault: the two public cases of 2026. */
enum sandbox_leak { SANDBOX_LEAK_NONE, SANDBOX_LEAK_LSASS, SANDBOX_LEAK_KERNEL };

enum model_event { MODEL_LOGON, MODEL_LOGOFF };

struct model_options {
	enum id_rule rule;
	double time_scale;               /* 1: minutes as on a real host */
	unsigned late_holders;           /* a logon */
	unsigned kernel_reference_every; /* every n-th logon gets one; 0: never */
	bool network_logons; /* NLA makes a network logon session beside the interactive one */
	bool linked_tokens;  /* administrators: a second, linked logon session a logon */
	bool many_sessions;  /* an account may have several sessions at once */
	enum rejoin rejoin;
	enum reconnect_leak reconnect_leak;
	enum sandbox_leak sandbox_leak;
	const char *protected; /* images, separated by commas, whose handles nobody can look into */
	size_t max_sessions;
	uint64_t seed; /* of the late holders' delays */
	void (*notify)(void *data, enum model_event event, const struct nt_session *session);
	void *notify_data;
};

struct model;

struct model *model_create(const struct model_options *options, int64_t now);
void model_destroy(struct model *model); /* NULL is allowed */

#define EXPLORER "explorer.exe"
#define USERINIT "userinit.exe" /* starts the shell, and ends then */

struct logon_request {
	const char *domain;
	const char *user;
	const char *sid;
	char shell[72];      /* image of the process that is the session's shell */
	int64_t shell_comes; /* later, after userinit.exe has made the profile; 0: at once */
	int64_t shell_ends;  /* when it ends, and the session with it; DUE_NEVER: it stays */
	bool
	    hangs; /* a fault: the session that comes of it does not end by itself, whatever was said */
	bool temporary_profile; /* the user's own cannot be loaded */
	uint64_t connection;    /* who asks; never 0 */
};

struct logon_answer {
	uint32_t session_id;
	bool reconnected;   /* to a session that the user had left; its shell goes on */
	int64_t ends;       /* when the session ends by itself; DUE_NEVER: it stays */
	uint64_t displaced; /* the connection that showed the session until now; 0: none */
};

/* A user logs on over the network. False: the host is full, or refuses a reconnect. */
bool model_logon(struct model *model, const struct logon_request *request, int64_t now,
    struct logon_answer *answer);

/* The user of the connection logs off: its session ends at `when`, or earlier if it would have anyway, even if the
 * connection goes before. Returns when it will end. */
int64_t model_end_session(
    struct model *model, uint32_t session_id, uint64_t connection, int64_t when);

/* The session that was to end by now, see model_end_session(): when it does. That is now, or a little later, as long as
 * model_watched() tells of somebody who has not seen its logon. DUE_NEVER: it is not, or no longer, the connection's. */
int64_t model_session_due(
    struct model *model, uint32_t session_id, uint64_t connection, int64_t now);

/* Watchers have seen the logons up to this logon session. A session whose logon is newer does not end by itself for five
 * seconds more: on a busy machine a short one would be gone before a watcher could ask for its token, and no real
 * session is that fast. UINT64_MAX, as at the start: nobody watches. */
void model_watched(struct model *model, uint64_t luid);
/* No logon session up to now has a higher one. */
uint64_t model_newest_luid(const struct model *model);

/* The connection has gone without a logoff: the session stays, disconnected, until it ends by itself. */
void model_disconnect(struct model *model, uint32_t session_id, uint64_t connection);

/* The session ends; false if there is none. A connection other than 0 ends only what is still its own. */
bool model_logoff(struct model *model, uint32_t session_id, uint64_t connection, int64_t now);

/* Everything that is due by now happens. */
void model_run_due(struct model *model, int64_t now);
/* When something will be due; DUE_NEVER if nothing will. */
int64_t model_next_due(const struct model *model);

/* All is forgotten, clients' processes included; a new boot. */
void model_reboot(struct model *model, int64_t now);

/* A client's process, elevated, in session 0. It ends with all its handles at process_exit. Returns the PID. */
uint32_t model_process_start(struct model *model, const char *image, int64_t now);
void model_process_exit(struct model *model, uint32_t pid, int64_t now);

/* The calls that a client's process can make. Each is false if the process, the session or the handle does not exist. */
bool model_query_user_token(
    struct model *model, uint32_t pid, uint32_t session_id, uint32_t *handle);
bool model_duplicate_token(
    struct model *model, uint32_t pid, uint32_t handle, enum nt_method method, uint32_t *duplicate);
/* LogonUser, LsaLogonUser: a logon session of the session's user outside it, and a handle to its token. type: SECURITY_LOGON_TYPE
 * in English. */
bool model_logon_user(struct model *model, uint32_t pid, uint32_t session_id, const char *type,
    int64_t now, uint32_t *handle);
/* The same of an account that has no session (CreateProcessWithLogonW). */
bool model_logon_account(struct model *model, uint32_t pid, const char *domain, const char *user,
    const char *sid, const char *type, int64_t now, uint32_t *handle);
/* CreateProcessAsUser: a program that ends at once; handles to its process and to its thread. */
bool model_run(struct model *model, uint32_t pid, uint32_t session_id, const char *image,
    int64_t now, uint32_t handles[2]);
/* To the primary token of a process of the session. */
bool model_open_token(struct model *model, uint32_t pid, uint32_t session_id,
    enum session_process which, uint32_t *handle);
/* To a process of the session (type NT_TYPE_PROCESS), or to its first thread. */
bool model_open_process(struct model *model, uint32_t pid, uint32_t session_id,
    enum session_process which, enum nt_type type, uint32_t *handle);
bool model_close_handle(struct model *model, uint32_t pid, uint32_t handle);

/* A reference of the kernel's to a token of the session, which no handle viewer shows. */
bool model_kernel_reference(struct model *model, uint32_t session_id);
size_t model_release_kernel_references(struct model *model); /* how many there were */

/* To read; valid until the next call. */
const struct nt_sessions *model_sessions(const struct model *model);
const struct nt_logons *model_logons(const struct model *model);
const struct nt_processes *model_processes(const struct model *model); /* that run */
const struct nt_processes *model_exited(const struct model *model);    /* kept by handles to them */
const struct nt_tokens *model_kernel_tokens(
    const struct model *model); /* kept by a kernel reference */
const struct nt_session *model_session(const struct model *model, uint32_t session_id);
const struct nt_process *model_process(const struct model *model, uint32_t pid);
/* The ID that the next session gets. */
uint32_t model_next_session_id(const struct model *model);
int64_t model_boot_time(const struct model *model);
/* Seconds within which the late holders of a session release, one at least. */
int64_t model_release_time(const struct model *model);
size_t model_session_count(const struct model *model);
size_t model_token_objects(const struct model *model); /* all there are */
size_t model_token_objects_accounted(
    const struct model *model); /* of those, seen through handles */

#endif
