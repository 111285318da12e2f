/* Processes, their handle tables, tokens and logon sessions: who keeps what alive.
 *
 * A token object lives while a handle or a pointer refers to it; a logon session lives while a token object refers
 * to it. A process that has exited stays as an object, with its primary token, while a handle to it or to one of its threads is
 * open. A session ID is taken while the session, a process object of it, or (since MS16-111) a token stamped with it is there.
 * Followers (lsass' token, System's DosDevices directory) let go of a logon session that has ended as soon
 * as no other handle to it is left, and are no reason to keep it. */
#ifndef LEAKLAB_LABHOST_HANDLES_H
#define LEAKLAB_LABHOST_HANDLES_H

#include "labhost/late_holders.h"
#include "labhost/objects.h"
#include "labhost/session_ids.h"

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
struct nt_logon *logon_find(const struct handles *handles, uint64_t luid);

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
/* A new handle to a new token object, for a holder that will let go late. */
struct nt_handle *handle_open_late(struct handles *handles, struct nt_process *process,
    struct nt_logon *logon, uint32_t session_id);
/* Those that let go with the last other holder: a token, and the DosDevices directory of the logon session. */
void handle_open_follower(struct handles *handles, struct nt_process *process,
    struct nt_logon *logon, enum nt_type type, uint32_t session_id);
struct nt_handle *handle_find(const struct nt_process *process, uint32_t value);
void handle_close(struct handles *handles, struct nt_handle *handle);
/* The late holder will let go at `due`. */
void handle_set_due(struct handles *handles, struct nt_handle *handle, int64_t due);

#endif
