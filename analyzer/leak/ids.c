/* Session IDs that are referred to though no session has them. Every token stamped with an ID refers to it, whoever its user is,
 * and so does every process of the session: that is public knowledge; that such a reference alone keeps the ID is inferred. So
 * it takes the IDs themselves to prove it: a later logon that was given a higher one. */
#include <stdlib.h>
#include <string.h>

#include "leak/inside.h"

static int number_order(const void *a, const void *b)
{
	const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
	return (left > right) - (left < right);
}

static int id_order(const void *a, const void *b)
{
	return number_order(&((const struct left_id *)a)->id, &((const struct left_id *)b)->id);
}

static bool is_id(int64_t id)
{
	return id > 0 && id <= SESSION_ID_MOST;
}

static bool lists(const int64_t *sessions, size_t count, int64_t id)
{
	return count && bsearch(&id, sessions, count, sizeof id, number_order);
}

/* The IDs that sessions have, sorted. NULL: memory is out. */
static int64_t *listed_ids(const struct snapshot *sample)
{
	int64_t *ids = malloc((sample->session_count + 1) * sizeof *ids);
	for (size_t i = 0; ids && i < sample->session_count; i++)
		ids[i] = sample->sessions[i].id;
	if (ids && sample->session_count)
		qsort(ids, sample->session_count, sizeof *ids, number_order);
	return ids;
}

static struct left_id *find(const struct leak *leak, int64_t id)
{
	const struct left_id key = {.id = id};
	return leak->id_count ? bsearch(&key, leak->ids, leak->id_count, sizeof key, id_order)
	                      : NULL;
}

/* The ID's entry, made in its place if there is none. NULL: memory is out. */
static struct left_id *entry(struct leak *leak, int64_t id)
{
	struct left_id *found = find(leak, id);
	size_t at = leak->id_count;
	if (found)
		return found;
	if (leak->id_count == leak->id_room) {
		const size_t room = leak->id_room ? leak->id_room * 2 : 64;
		struct left_id *larger = reallocarray(leak->ids, room, sizeof *larger);
		if (!larger)
			return NULL;
		leak->ids = larger;
		leak->id_room = room;
	}
	while (at > 0 && leak->ids[at - 1].id > id)
		at--;
	memmove(&leak->ids[at + 1], &leak->ids[at], (leak->id_count - at) * sizeof *leak->ids);
	leak->id_count++;
	leak->ids[at] = (struct left_id){.id = id, .ended = TIMESTAMP_UNKNOWN};
	return &leak->ids[at];
}

/* The entry, counted anew at its first reference in this sample. */
static struct left_id *refer(struct leak *leak, int64_t id)
{
	struct left_id *left = entry(leak, id);
	if (!left || (left->sample == leak->samples && !left->gone))
		return left;
	left->older |=
	    left->sample == 0 && leak->terms.is_watched && !leak->references_seen && !left->listed;
	left->tokens = left->processes = left->logons = left->exited = 0;
	left->sample = leak->samples;
	left->shown = leak->time;
	left->gone = false;
	return left;
}

/* A handle tells the session ID of its token, or of the exited process that it keeps. */
static bool refer_tokens(struct leak *leak, const struct snapshot *sample, const int64_t *sessions)
{
	for (size_t i = 0; i < sample->handle_count; i++) {
		const struct handle *handle = &sample->handles[i];
		/* Where tokens keep no ID, processes do still. */
		if (sample->tokens_keep_ids == NO && handle->target_pid == NUMBER_UNKNOWN)
			continue;
		if (!is_id(handle->session_id) ||
		    lists(sessions, sample->session_count, handle->session_id))
			continue;
		struct left_id *left = refer(leak, handle->session_id);
		if (!left)
			return false;
		if (handle->target_pid == NUMBER_UNKNOWN)
			left->tokens++;
		else
			left->exited++;
	}
	return true;
}

static bool refer_others(struct leak *leak, const struct snapshot *sample, const int64_t *sessions)
{
	struct left_id *left;
	for (size_t i = 0; i < sample->process_count; i++) {
		const int64_t id = sample->processes[i].session_id;
		if (!is_id(id) || lists(sessions, sample->session_count, id))
			continue;
		if (!(left = refer(leak, id)))
			return false;
		left->processes++;
	}
	for (size_t i = 0; i < sample->logon_session_count; i++) {
		const int64_t id = sample->logon_sessions[i].session_id;
		if (!is_id(id) || lists(sessions, sample->session_count, id) ||
		    sample->logon_sessions[i].disputed)
			continue;
		if (!(left = refer(leak, id)))
			return false;
		const struct left_logon *logon = leak_logon(leak, sample->logon_sessions[i].luid);
		left->logons++;
		left->watched |= logon && logon->watched;
		left->older &= !(logon && !logon->older);
	}
	return true;
}

/* What once had a session of its own is not older than the samples. */
static bool note_listed(struct leak *leak, const int64_t *sessions, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct left_id *left = is_id(sessions[i]) ? entry(leak, sessions[i]) : NULL;
		if (!left && is_id(sessions[i]))
			return false;
		if (!left)
			continue;
		left->gone = left->listed = true; /* it has a session: nothing is left over */
		left->absent_count = 0;
		left->older = false;
		left->ended = TIMESTAMP_UNKNOWN;
		left->proof = AGE_UNKNOWN;
	}
	return true;
}

static bool shows_references(const struct snapshot *sample)
{
	return snapshot_whole(sample, SECTION_LOGON_SESSIONS) &&
	       snapshot_whole(sample, SECTION_HANDLES);
}

bool ids_add(struct leak *leak, const struct snapshot *sample, int64_t time)
{
	const struct sight *sight = snapshot_sight_of(sample, SECTION_SESSIONS);
	if (!snapshot_whole(sample, SECTION_SESSIONS))
		return true;
	int64_t *sessions = listed_ids(sample);
	bool good = sessions && note_listed(leak, sessions, sample->session_count) &&
	            refer_tokens(leak, sample, sessions) && refer_others(leak, sample, sessions);
	for (size_t i = 0; good && i < leak->id_count; i++) {
		struct left_id *left = &leak->ids[i];
		if (lists(sessions, sample->session_count, left->id))
			continue;
		left_note_absence(time, sight->rows != NUMBER_UNKNOWN, &left->absent_first,
		    &left->absent_second, &left->absent_count, &left->absent_counted, &left->ended,
		    &left->proof);
		if (left->sample != leak->samples && shows_references(sample) && !left->gone) {
			left->gone = true;
			if (left->watched)
				leak->last_gone = time;
		}
	}
	leak->references_seen |= shows_references(sample);
	free(sessions);
	return good;
}

void leak_prove_id_end(struct leak *leak, int64_t id, int64_t ended)
{
	struct left_id *left = find(leak, id);
	if (!left || ended == TIMESTAMP_UNKNOWN)
		return;
	left->watched = true;
	left->older = false;
	if (left->proof != AGE_CYCLE || ended > left->ended) {
		left->ended = ended;
		left->proof = AGE_CYCLE;
	}
}

/* True if a logon that began after `after` was given the ID. */
static bool given_again(const struct given_id *given, size_t count, int64_t id, int64_t after)
{
	for (size_t i = count; i-- > 0 && given[i].started > after;) {
		if (given[i].id == id)
			return true;
	}
	return false;
}

/* An ID given again while the same token, or the same logon session, referred to it before and after. */
static bool is_reused(const struct leak *leak, const struct given_id *given, size_t count)
{
	if (stamps_prove_reuse(leak, given, count))
		return true;
	for (size_t i = 0; i < leak->logon_count; i++) {
		const struct left_logon *left = &leak->logons[i];
		if (left->session_id > 0 && left->fate == FATE_ORPHAN &&
		    left->ended != TIMESTAMP_UNKNOWN && left->proof == AGE_CYCLE &&
		    given_again(given, count, left->session_id, left->ended))
			return true;
	}
	return false;
}

void leak_pin(struct leak *leak, const struct given_id *given, size_t count)
{
	bool any = false;
	leak->ids_reused = is_reused(leak, given, count);
	/* The highest ID that was given from each on. */
	int64_t *highest = malloc((count + 1) * sizeof *highest);
	if (!highest)
		return;
	highest[count] = -1;
	for (size_t i = count; i-- > 0;)
		highest[i] = given[i].id > highest[i + 1] ? given[i].id : highest[i + 1];
	for (size_t i = 0; !leak->ids_reused && i < leak->id_count; i++) {
		struct left_id *left = &leak->ids[i];
		size_t from = count;
		left->pinned = false;
		if (left->gone || left->ended == TIMESTAMP_UNKNOWN)
			continue;
		while (from > 0 && given[from - 1].started > left->ended)
			from--;
		left->pinned = highest[from] > left->id;
		any |= left->pinned;
	}
	free(highest);
	/* The last ones never see a higher one. */
	for (size_t i = 0; any && i < leak->id_count; i++)
		leak->ids[i].pinned |= !leak->ids[i].gone &&
		                       leak_is_old(leak, leak->ids[i].ended, leak->ids[i].shown, 0);
}

bool leak_ids_are_reused(const struct leak *leak)
{
	return leak->ids_reused;
}

struct left_id *leak_ids(const struct leak *leak, size_t *count)
{
	*count = leak->id_count;
	return leak->ids;
}

bool leak_shows_ids(const struct snapshot *sample)
{
	if (!snapshot_shows_token_sessions(sample))
		return false;
	for (size_t i = 0; i < sample->handle_count; i++) {
		const struct handle *handle = &sample->handles[i];
		if (handle->session_id == NUMBER_UNKNOWN && handle->luid != LUID_UNKNOWN &&
		    handle->type && strcmp(handle->type, "Token") == 0)
			return false;
		if (handle->session_id == NUMBER_UNKNOWN && handle->target_pid != NUMBER_UNKNOWN)
			return false;
	}
	return true;
}
