/* What the model consists of: session IDs, sessions, late holders, handles and what they lead to, services. Inside this folder. */
#ifndef LEAKLAB_LABHOST_MODEL_PARTS_H
#define LEAKLAB_LABHOST_MODEL_PARTS_H

#include "labhost/model.h"

/* Which session IDs are taken, and which is the lowest free one. An ID may be taken for several reasons at once: its
 * RDS session, and under the MS16-111 rule each logon session that was made in it. */
#define SESSION_ID_LIMIT 65536 /* listeners have the numbers from here on */

struct session_ids {
	uint32_t reasons[SESSION_ID_LIMIT];
	uint32_t lowest; /* no ID below this one is free */
};

void session_ids_init(struct session_ids *ids, uint32_t first);
/* The lowest free ID; SESSION_ID_LIMIT: none is left. */
uint32_t session_ids_lowest(const struct session_ids *ids);
/* Takes the lowest free ID, with one reason. False: none is left. */
bool session_ids_take(struct session_ids *ids, uint32_t *out);
/* Adds a reason for an ID that is taken already. */
void session_ids_hold(struct session_ids *ids, uint32_t id);
/* Drops one reason; the ID is free when the last one has gone. */
void session_ids_drop(struct session_ids *ids, uint32_t id);

/* The RDS sessions of the host: which there are, who shows them, and which will end by themselves. */
struct sessions {
	struct nt_sessions list;
	struct nt_session *by_id[SESSION_ID_LIMIT];
	size_t count;
	size_t ending;     /* disconnected sessions that will end by themselves */
	size_t starting;   /* sessions whose shell is yet to come */
	uint64_t stations; /* WinStation names given so far */
};

void sessions_init(struct sessions *sessions);
void sessions_deinit(struct sessions *sessions);

/* A session that nobody shows yet. */
struct nt_session *sessions_add(
    struct sessions *sessions, uint32_t id, const char *domain, const char *user);
void sessions_remove(struct sessions *sessions, struct nt_session *session);
/* NULL: none has the ID. */
struct nt_session *sessions_find(const struct sessions *sessions, uint32_t id);
/* The user's session that a logon is put back into, NULL if none is. With one session a user (the default of a
 * session host) that is any; with several only one that was left. */
struct nt_session *sessions_to_rejoin(
    const struct sessions *sessions, const char *domain, const char *user, bool several);

/* A connection shows it from now on. */
void session_connect(struct sessions *sessions, struct nt_session *session, uint64_t connection);
void session_disconnect(struct sessions *sessions, struct nt_session *session);
/* When it ends by itself; DUE_NEVER: it stays. */
void session_set_end(struct sessions *sessions, struct nt_session *session, int64_t ends);

/* Its shell is yet to come. */
void session_set_shell(
    struct sessions *sessions, struct nt_session *session, const char *image, int64_t comes);
/* It has come, and is no longer noted. */
void session_unset_shell(struct sessions *sessions, struct nt_session *session);
/* The session whose shell comes first; NULL: none is yet to come. */
struct nt_session *sessions_starting_first(const struct sessions *sessions);

/* The disconnected session that ends first; NULL: none. The end of a connected one is its connection's affair, as
 * the client is to be told of it. */
struct nt_session *sessions_ending_first(const struct sessions *sessions);

/* Late holders: handles that system services close some time after a logoff, in the order they are due. */
struct late_holders {
	struct nt_handle **heap; /* a binary heap, the earliest first; borrowed */
	size_t count;
	size_t room;
};

void late_holders_deinit(struct late_holders *holders);
void late_holders_add(struct late_holders *holders, struct nt_handle *handle, int64_t due);
void late_holders_remove(struct late_holders *holders, struct nt_handle *handle);
/* The handle that is due first; NULL if there is none. */
struct nt_handle *late_holders_first(const struct late_holders *holders);

/* Processes, their handle tables, tokens and logon sessions: who keeps what alive.
 *
 * A token object lives while a handle or a pointer refers to it; a logon session lives while a token object refers
 * to it. A process that has exited stays as an object, with its primary token, while a handle to it or to one of its threads is
 * open. A session ID is taken while the session, a process object of it, or (since MS16-111) a token stamped with it is there.
 * Followers (lsass' token, System's DosDevices directory) release a logon session that has ended as soon
 * as no other handle to it is left, and are no reason to keep it. */
struct handles {
	struct nt_logons logons;
	struct nt_processes processes;
	struct nt_processes exited;     /* kept by handles to them */
	bool tokens_hold_ids;           /* the rule of MS16-111 */
	struct nt_tokens kernel_tokens; /* kept by a kernel reference */
	struct late_holders late;       /* of logon sessions that have ended */
	struct session_ids ids;
	uint32_t next_pid;
	uint64_t next_luid; /* LUIDs name logon sessions and tokens alike */
	size_t token_objects;
	size_t tokens_with_handles;
};

void handles_init(struct handles *handles, bool tokens_hold_ids);
void handles_deinit(struct handles *handles);

/* A logon session that nothing refers to yet; a reference must follow. */
struct nt_logon *logon_create(struct handles *handles, const char *domain, const char *user,
    const char *sid, const char *type, uint32_t session_id, int64_t now);

/* creator: who makes it, or NULL: the kernel itself. The session ID must be taken. */
struct nt_token *token_create(struct handles *handles, struct nt_logon *logon, uint32_t session_id,
    const struct nt_process *creator, enum nt_method method);
/* A pointer of the kernel's own that no handle viewer can see. */
void token_pin(struct handles *handles, struct nt_token *token);
void token_unpin(struct handles *handles, struct nt_token *token);

/* The process runs under a new primary token of `logon`. */
struct nt_process *process_create(struct handles *handles, const char *image, uint32_t session_id,
    struct nt_logon *logon, uint32_t other_handles, int64_t now);
/* All its handles are closed, as on NT; its object goes with the last handle to it. */
void process_exit(struct handles *handles, struct nt_process *process, int64_t now);
/* One that runs. */
struct nt_process *process_find(const struct handles *handles, uint32_t pid);

/* A new handle to a new token object. */
struct nt_handle *handle_open_token(struct handles *handles, struct nt_process *process,
    struct nt_logon *logon, uint32_t session_id);
/* A new handle to a token that is there. */
struct nt_handle *handle_open_existing(
    struct handles *handles, struct nt_process *process, struct nt_token *token);
/* A new handle to a process, or to its first thread. */
struct nt_handle *handle_open_process(
    struct nt_process *process, struct nt_process *target, enum nt_type type);
/* A new handle to a new token object, for a holder that will release late. */
struct nt_handle *handle_open_late(struct handles *handles, struct nt_process *process,
    struct nt_logon *logon, uint32_t session_id);
/* Those that release with the last other holder: a token, and the DosDevices directory of the logon session. */
void handle_open_follower(struct handles *handles, struct nt_process *process,
    struct nt_logon *logon, enum nt_type type, uint32_t session_id);
struct nt_handle *handle_find(const struct nt_process *process, uint32_t value);
void handle_close(struct handles *handles, struct nt_handle *handle);
/* The late holder will release at `due`. */
void handle_set_due(struct handles *handles, struct nt_handle *handle, int64_t due);

/* What runs on a host before anybody has logged on, and takes part in logons later. */
#define SERVICE_HOSTS 5

struct services {
	struct nt_logon *system;
	struct nt_process *kernel; /* "System" */
	struct nt_process *lsass;
	struct nt_process
	    *lsm; /* NULL: no part of this host, as newer ones have it in a svchost.exe */
	struct nt_process *hosts[SERVICE_HOSTS]; /* svchost.exe: they hold tokens for a while */
};

/* The logon sessions that a session's desktop window manager and font drivers run in. */
struct nt_logon *desktop_logon(
    struct handles *handles, const char *kind, uint32_t session_id, int64_t now);

/* The processes and logon sessions belong to the handles afterwards. */
void services_start(struct services *services, struct handles *handles, int64_t now);

struct model {
	struct model_options options;
	struct handles handles;
	struct sessions sessions;
	struct services services;
	int64_t boot_time;
	uint64_t logons;  /* since boot */
	uint64_t watched; /* see model_watched() */
	uint64_t random;
};

/* A process, protected if the options name its image. */
struct nt_process *process_start(struct model *model, const char *image, uint32_t session_id,
    struct nt_logon *logon, uint32_t other_handles, int64_t now);

#endif
