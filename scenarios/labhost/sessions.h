/* The RDS sessions of the host: which there are, who shows them, and which will end by themselves. Knows nothing of
 * what is logged on inside. */
#ifndef LEAKLAB_LABHOST_SESSIONS_H
#define LEAKLAB_LABHOST_SESSIONS_H

#include "labhost/objects.h"
#include "labhost/session_ids.h"

struct sessions {
	struct nt_sessions list;
	struct nt_session *by_id[SESSION_ID_LIMIT];
	size_t count;
	size_t ending;     /* disconnected sessions that will end by themselves */
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

/* The disconnected session that ends first; NULL: none. The end of a connected one is its connection's affair, as
 * the client is to be told of it. */
struct nt_session *sessions_ending_first(const struct sessions *sessions);

#endif
