/* Knows the RDS sessions of the host and their IDs, and nothing of what is logged on inside. */
#include "labhost/model_parts.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "labhost/memory.h"

void session_ids_init(struct session_ids *ids, uint32_t first)
{
	memset(ids, 0, sizeof(*ids));
	ids->lowest = first;
}

uint32_t session_ids_lowest(const struct session_ids *ids)
{
	uint32_t lowest = ids->lowest;

	while (lowest < SESSION_ID_LIMIT && ids->reasons[lowest] > 0)
		lowest++;
	return lowest;
}

bool session_ids_take(struct session_ids *ids, uint32_t *out)
{
	ids->lowest = session_ids_lowest(ids);
	if (ids->lowest == SESSION_ID_LIMIT)
		return false;
	*out = ids->lowest;
	ids->reasons[ids->lowest++] = 1;
	return true;
}

void session_ids_hold(struct session_ids *ids, uint32_t id)
{
	assert(ids->reasons[id] > 0);
	ids->reasons[id]++;
}

void session_ids_drop(struct session_ids *ids, uint32_t id)
{
	assert(ids->reasons[id] > 0);
	if (--ids->reasons[id] == 0 && id < ids->lowest)
		ids->lowest = id;
}

void sessions_init(struct sessions *sessions)
{
	memset(sessions, 0, sizeof(*sessions));
	TAILQ_INIT(&sessions->list);
}

void sessions_deinit(struct sessions *sessions)
{
	while (!TAILQ_EMPTY(&sessions->list))
		sessions_remove(sessions, TAILQ_FIRST(&sessions->list));
}

/* Nobody but the host sees it end. */
static bool ends_unseen(const struct nt_session *session)
{
	return session->state == NT_STATE_DISCONNECTED && session->ends != DUE_NEVER;
}

struct nt_session *sessions_add(
    struct sessions *sessions, uint32_t id, const char *domain, const char *user)
{
	struct nt_session *session = memory_zeroed(1, sizeof(*session));

	session->id = id;
	session->state = NT_STATE_DISCONNECTED;
	session->ends = DUE_NEVER;
	session->user = memory_text(user);
	session->domain = memory_text(domain);
	TAILQ_INSERT_TAIL(&sessions->list, session, link);
	sessions->by_id[id] = session;
	sessions->count++;
	return session;
}

void sessions_remove(struct sessions *sessions, struct nt_session *session)
{
	if (ends_unseen(session))
		sessions->ending--;
	session_unset_shell(sessions, session);
	TAILQ_REMOVE(&sessions->list, session, link);
	sessions->by_id[session->id] = NULL;
	sessions->count--;
	free(session->user);
	free(session->domain);
	free(session->station);
	free(session);
}

struct nt_session *sessions_find(const struct sessions *sessions, uint32_t id)
{
	return id < SESSION_ID_LIMIT ? sessions->by_id[id] : NULL;
}

struct nt_session *sessions_to_rejoin(
    const struct sessions *sessions, const char *domain, const char *user, bool several)
{
	struct nt_session *session;

	TAILQ_FOREACH(session, &sessions->list, link)
	{
		if (strcmp(session->user, user) != 0 || strcmp(session->domain, domain) != 0)
			continue;
		if (session->state == NT_STATE_DISCONNECTED || !several)
			return session;
	}
	return NULL;
}

void session_connect(struct sessions *sessions, struct nt_session *session, uint64_t connection)
{
	char station[32];

	if (ends_unseen(session))
		sessions->ending--;
	snprintf(
	    station, sizeof(station), "RDP-Tcp#%llu", (unsigned long long)sessions->stations++);
	free(session->station);
	session->station = memory_text(station);
	session->connection = connection;
	session->state = NT_STATE_ACTIVE;
}

void session_disconnect(struct sessions *sessions, struct nt_session *session)
{
	const bool before = ends_unseen(session);

	session->state = NT_STATE_DISCONNECTED;
	session->connection = 0;
	free(session->station);
	session->station = NULL;
	if (!before && ends_unseen(session))
		sessions->ending++;
}

void session_set_end(struct sessions *sessions, struct nt_session *session, int64_t ends)
{
	if (ends_unseen(session))
		sessions->ending--;
	session->ends = ends;
	if (ends_unseen(session))
		sessions->ending++;
}

void session_set_shell(
    struct sessions *sessions, struct nt_session *session, const char *image, int64_t comes)
{
	session->shell = memory_text(image);
	session->shell_comes = comes;
	sessions->starting++;
}

void session_unset_shell(struct sessions *sessions, struct nt_session *session)
{
	if (!session->shell)
		return;
	free(session->shell);
	session->shell = NULL;
	sessions->starting--;
}

struct nt_session *sessions_starting_first(const struct sessions *sessions)
{
	struct nt_session *session;
	struct nt_session *first = NULL;

	if (sessions->starting == 0)
		return NULL;
	TAILQ_FOREACH(session, &sessions->list, link)
	if (session->shell && (!first || session->shell_comes < first->shell_comes))
		first = session;
	return first;
}

struct nt_session *sessions_ending_first(const struct sessions *sessions)
{
	struct nt_session *session;
	struct nt_session *first = NULL;

	if (sessions->ending == 0)
		return NULL;
	TAILQ_FOREACH(session, &sessions->list, link)
	if (ends_unseen(session) && (!first || session->ends < first->ends))
		first = session;
	return first;
}
