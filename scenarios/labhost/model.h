/* The modelled Remote Desktop Session Host: logons, logoffs, session IDs, tokens and who holds them. The door of the
 * model: pure state without I/O or threads; the caller locks and passes the time in. */
#ifndef LEAKLAB_LABHOST_MODEL_H
#define LEAKLAB_LABHOST_MODEL_H

#include "labhost/objects.h"

/* When a session ID is free again. */
enum id_rule {
	ID_RULE_MS16_111, /* when the last token and process of the session has gone (since September 2016) */
	ID_RULE_BEFORE, /* when its last process has: at logoff, if nobody keeps one */
};

enum model_event { MODEL_LOGON, MODEL_LOGOFF };

struct model_options {
	enum id_rule rule;
	double time_scale;               /* 1: minutes as on a real host */
	unsigned late_holders;           /* a logon */
	unsigned kernel_reference_every; /* every n-th logon gets one; 0: never */
	bool network_logons;   /* NLA makes a network logon session beside the interactive one */
	bool linked_tokens;    /* administrators: a second, linked logon session a logon */
	bool many_sessions;    /* an account may have several sessions at once */
	const char *protected; /* images, separated by commas, whose handles nobody can look into */
	size_t max_sessions;
	uint64_t seed; /* of the late holders' delays */
	void (*notify)(void *data, enum model_event event, const struct nt_session *session);
	void *notify_data;
};

struct model;

struct model *model_create(const struct model_options *options, int64_t now);
void model_destroy(struct model *model); /* NULL is allowed */

struct logon_request {
	const char *domain;
	const char *user;
	const char *sid;
	const char *shell;  /* image of the process that is the session's shell */
	int64_t shell_ends; /* when it ends, and the session with it; DUE_NEVER: it stays */
	bool
	    hangs; /* a fault: the session that comes of it does not end by itself, whatever was said */
	uint64_t connection; /* who asks; never 0 */
};

struct logon_answer {
	uint32_t session_id;
	bool reconnected;   /* to a session that the user had left; its shell goes on */
	int64_t ends;       /* when the session ends by itself; DUE_NEVER: it stays */
	uint64_t displaced; /* the connection that showed the session until now; 0: none */
};

/* A user logs on over the network. False: the host is full. */
bool model_logon(struct model *model, const struct logon_request *request, int64_t now,
    struct logon_answer *answer);

/* The user of the connection logs off: its session ends at `when`, or earlier if it would have anyway, even if the
 * connection goes before. Returns when it will end. */
int64_t model_end_session(
    struct model *model, uint32_t session_id, uint64_t connection, int64_t when);

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
int64_t model_boot_time(const struct model *model);
/* Seconds within which the late holders of a session release, one at least. */
int64_t model_release_time(const struct model *model);
size_t model_session_count(const struct model *model);
size_t model_token_objects(const struct model *model); /* all there are */
size_t model_token_objects_accounted(
    const struct model *model); /* of those, seen through handles */

#endif
