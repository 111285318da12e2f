/* Session IDs that are referred to though no session has them. Every token stamped with an ID refers to it, whoever its user is,
 * and so does every process of the session: that is public knowledge; that such a reference alone keeps the ID is inferred. So
 * it takes the IDs themselves to prove it: a later logon that was given a higher one. */
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/order.h"
#include "evidence/identity.h"
#include "leak/inside.h"

static int id_order(const void *a, const void *b)
{
	return order_of_numbers(&((const struct left_id *)a)->id, &((const struct left_id *)b)->id);
}

static bool lists(const int64_t *sessions, size_t count, int64_t id)
{
	return count && bsearch(&id, sessions, count, sizeof id, order_of_numbers);
}

/* The IDs that sessions have, sorted. NULL: memory is out. */
static int64_t *listed_ids(const struct snapshot *sample)
{
	int64_t *ids = malloc((sample->session_count + 1) * sizeof *ids);
	for (size_t i = 0; ids && i < sample->session_count; i++)
		ids[i] = sample->sessions[i].id;
	if (ids && sample->session_count)
		qsort(ids, sample->session_count, sizeof *ids, order_of_numbers);
	return ids;
}

struct left_id *ids_find(const struct leak *leak, int64_t id)
{
	const struct left_id key = {.id = id};
	return leak->id_count ? bsearch(&key, leak->ids, leak->id_count, sizeof key, id_order)
	                      : NULL;
}

/* The entry of a session ID, made in its place if there is none: as one that nothing refers to. NULL: memory is out. */
static struct left_id *ids_entry(struct leak *leak, int64_t id)
{
	struct left_id *found = ids_find(leak, id);
	size_t at = leak->id_count;
	if (found)
		return found;
	if (!array_reserve(&leak->ids, leak->id_count, sizeof *leak->ids))
		return NULL;
	while (at > 0 && leak->ids[at - 1].id > id)
		at--;
	memmove(&leak->ids[at + 1], &leak->ids[at], (leak->id_count - at) * sizeof *leak->ids);
	leak->id_count++;
	leak->ids[at] = (struct left_id){.id = id,
	    .gone = true,
	    .ended = TIMESTAMP_UNKNOWN,
	    .listed = TIMESTAMP_UNKNOWN,
	    .fresh = TIMESTAMP_UNKNOWN,
	    .lived = TIMESTAMP_UNKNOWN,
	    .gone_until = TIMESTAMP_UNKNOWN};
	return &leak->ids[at];
}

static void forget_end(struct left_id *left)
{
	left->gone_until = TIMESTAMP_UNKNOWN;
	left->absent_count = 0;
	left->ended = TIMESTAMP_UNKNOWN;
	left->proof = AGE_UNKNOWN;
}

static uint64_t mixed(uint64_t a, uint64_t b)
{
	uint64_t mix = a * UINT64_C(0x9e3779b97f4a7c15) + b;
	mix = (mix ^ mix >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return mix ^ mix >> 32;
}

static bool note_reference(struct references *references, int64_t id, uint64_t what)
{
	if (!array_reserve(&references->items, references->count, sizeof *references->items))
		return false;
	references->items[references->count++] = (struct reference){id, what};
	return true;
}

static int reference_order(const void *a, const void *b)
{
	const struct reference *left = a, *right = b;
	if (left->id != right->id)
		return left->id < right->id ? -1 : 1;
	return (left->what > right->what) - (left->what < right->what);
}

static void sort_references(struct references *references)
{
	if (references->count && !references->sorted)
		qsort(references->items, references->count, sizeof *references->items,
		    reference_order);
	references->sorted = true;
}

/* Which IDs something refers to that did in the last sample with handles. */
static void find_persisting(struct leak *leak)
{
	struct references *then = &leak->then, *now = &leak->now;
	if (then->count == 0)
		return;
	sort_references(then);
	sort_references(now);
	for (size_t i = 0, j = 0; i < then->count && j < now->count;) {
		const int order = reference_order(&then->items[i], &now->items[j]);
		if (order == 0) {
			struct left_id *left = ids_find(leak, now->items[j].id);
			left->persists = true;
		}
		i += order <= 0;
		j += order >= 0;
	}
}

/* The entry, counted again at its first reference in this sample. */
static struct left_id *refer(struct leak *leak, int64_t id, uint64_t what)
{
	struct left_id *left = ids_entry(leak, id);
	if (!left)
		return NULL;
	if (left->sample != leak->samples || left->gone) {
		left->older |= left->sample == 0 && leak->terms.is_watched &&
		               !leak->references_seen && left->listed == TIMESTAMP_UNKNOWN;
		left->tokens = left->processes = left->logons = left->exited = left->doubtful = 0;
		left->own = 0;
		left->persists = false;
		left->object = false;
		left->sample = leak->samples;
		left->shown = leak->time;
		left->gone = false;
		left->then = 0;
	}
	return !leak->many || note_reference(&leak->now, id, what) ? left : NULL;
}

/* By the samples' clock. */
static int64_t when(const struct leak *leak, const struct snapshot *sample, int64_t time)
{
	return time == TIMESTAMP_UNKNOWN || sample->time == TIMESTAMP_UNKNOWN ||
	               leak->time == TIMESTAMP_UNKNOWN
	           ? TIMESTAMP_UNKNOWN
	           : time - (sample->time - leak->time);
}

static void note_lived(struct left_id *left, int64_t time)
{
	if (time > left->lived)
		left->lived = time;
}

static bool refer_exited(
    struct leak *leak, const struct snapshot *sample, const struct handle *handle)
{
	struct left_id *left = refer(leak, handle->session_id,
	    mixed((uint64_t)handle->target_pid + 1, (uint64_t)handle->target_start_time));
	if (!left)
		return false;
	left->own += luid_is_own(handle->luid);
	if (handle_is_by_pid(handle))
		left->doubtful++;
	else
		left->exited++;
	note_lived(left, when(leak, sample, handle->target_start_time));
	note_lived(left, when(leak, sample, handle->target_exit_time));
	return true;
}

/* A handle tells the session ID of its token, or of the exited process that it keeps; processes that run are listed themselves. */
static bool refer_tokens(struct leak *leak, const struct snapshot *sample, const int64_t *sessions)
{
	for (size_t i = 0; i < sample->handle_count; i++) {
		const struct handle *handle = &sample->handles[i];
		if (!session_id_is_valid(handle->session_id))
			continue;
		leak->any_stamped = true;
		if (handle->target_exited == NO ||
		    lists(sessions, sample->session_count, handle->session_id))
			continue;
		if (handle_keeps_exited(handle)) {
			if (!refer_exited(leak, sample, handle))
				return false;
			continue;
		}
		const bool named = handle->token_id != NUMBER_UNKNOWN;
		struct left_id *left = refer(leak, handle->session_id,
		    mixed(named ? (uint64_t)handle->token_id
		                : mixed((uint64_t)handle->pid, (uint64_t)handle->value),
		        handle->luid));
		if (!left)
			return false;
		left->tokens++;
		left->own += luid_is_own(handle->luid);
	}
	return true;
}

static bool refer_others(struct leak *leak, const struct snapshot *sample, const int64_t *sessions)
{
	struct left_id *left;
	for (size_t i = 0; i < sample->process_count; i++) {
		const struct process *process = &sample->processes[i];
		const int64_t id = process->session_id;
		if (!session_id_is_valid(id) || lists(sessions, sample->session_count, id))
			continue;
		if (!(left = refer(leak, id,
		          mixed((uint64_t)process->pid + 1, (uint64_t)process->start_time))))
			return false;
		left->processes++;
		left->own += luid_is_own(process->luid);
		note_lived(left, when(leak, sample, process->start_time));
	}
	for (size_t i = 0; i < sample->logon_session_count; i++) {
		const struct logon_session *session = &sample->logon_sessions[i];
		if (!session_id_is_valid(session->session_id) ||
		    lists(sessions, sample->session_count, session->session_id) ||
		    session->disputed)
			continue;
		if (!(left = refer(leak, session->session_id, mixed(session->luid, 1))))
			return false;
		const struct left_logon *logon = leak_logon(leak, session->luid);
		left->logons++;
		left->watched |= logon && logon->watched;
		left->older &= !(logon && !logon->older);
	}
	for (size_t i = 0; i < sample->session_object_count; i++) {
		const int64_t id = sample->session_objects[i].id;
		if (!session_id_is_valid(id) || lists(sessions, sample->session_count, id))
			continue;
		if (!(left = refer(leak, id, 1)))
			return false;
		left->object = true;
	}
	return true;
}

/* What once had a session of its own is not older than the samples. */
static bool note_listed(struct leak *leak, const int64_t *sessions, size_t count, int64_t time)
{
	for (size_t i = 0; i < count; i++) {
		struct left_id *left =
		    session_id_is_valid(sessions[i]) ? ids_entry(leak, sessions[i]) : NULL;
		if (!left && session_id_is_valid(sessions[i]))
			return false;
		if (!left)
			continue;
		if (left->sample && !left->gone)
			left->went = leak->samples;
		left->gone = true; /* it has a session: nothing is left over */
		left->listed = time;
		left->older = false;
		left->fresh = time;
		forget_end(left);
	}
	return true;
}

static bool shows_references(const struct snapshot *sample)
{
	return snapshot_whole(sample, SECTION_LOGON_SESSIONS) &&
	       snapshot_whole(sample, SECTION_HANDLES);
}

static bool note_look(struct leak *leak, int64_t time)
{
	if (time == TIMESTAMP_UNKNOWN)
		return true;
	if (!array_reserve(&leak->looks, leak->look_count, sizeof *leak->looks))
		return false;
	leak->looks[leak->look_count++] = (struct look){time, leak->until};
	return true;
}

/* An ID that nothing refers to that did before had a session meanwhile, or may have had. */
static void check_chain(struct leak *leak, struct left_id *left, bool was_referred)
{
	if (!was_referred || left->persists || leak->then.count == 0)
		return;
	left->fresh = leak->references_time;
	forget_end(left);
}

bool ids_add(struct leak *leak, const struct snapshot *sample, int64_t time)
{
	const struct sight *sight = snapshot_sight_of(sample, SECTION_SESSIONS);
	leak->now.count = 0;
	leak->now.sorted = false;
	leak->any_stamped = !snapshot_whole(sample, SECTION_SESSIONS);
	if (!snapshot_whole(sample, SECTION_SESSIONS))
		return true;
	int64_t *sessions = listed_ids(sample);
	bool good = sessions && note_listed(leak, sessions, sample->session_count, time) &&
	            refer_tokens(leak, sample, sessions) && refer_others(leak, sample, sessions);
	const bool shown = shows_references(sample);
	if (good && shown)
		find_persisting(leak);
	for (size_t i = 0; good && i < leak->id_count; i++) {
		struct left_id *left = &leak->ids[i];
		if (lists(sessions, sample->session_count, left->id))
			continue;
		if (left->sample == leak->samples && shown)
			check_chain(leak, left, left->was_referred);
		if (shown)
			left->was_referred = left->sample == leak->samples;
		if (left->gone_until == TIMESTAMP_UNKNOWN)
			left->gone_until = leak->until;
		if (left->lived != TIMESTAMP_UNKNOWN && left->absent_count > 0 &&
		    left->lived > left->absent_first)
			forget_end(left);
		left_note_absence(time, sight->rows != NUMBER_UNKNOWN, &left->absent_first,
		    &left->absent_second, &left->absent_count, &left->absent_counted, &left->ended,
		    &left->proof);
		if (left->sample == leak->samples || !shows_references(sample))
			continue;
		left->fresh = time;
		forget_end(left); /* what refers to it later is not left over from now */
		if (left->gone)
			continue;
		left->gone = true;
		left->went = leak->samples;
		if (left->watched)
			leak->last_gone = time;
	}
	if (good && shown) {
		const struct references then = leak->then;
		leak->then = leak->now;
		leak->now = then;
		leak->references_time = time;
		good = note_look(leak, time);
	}
	leak->references_seen |= shown;
	free(sessions);
	return good;
}

bool left_id_is_sure(const struct left_id *left)
{
	return left->tokens + left->exited + left->processes + left->logons > 0;
}

bool left_id_is_of_tokens(const struct left_id *left)
{
	return left->exited + left->doubtful + left->processes == 0;
}

bool left_id_is_harmless(const struct leak *leak, const struct left_id *left)
{
	return leak->tokens_keep_ids == NO && left_id_is_of_tokens(left) && left->logons == 0 &&
	       !left->object;
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
	}
	return true;
}

struct unseen leak_unseen(const struct snapshot *sample)
{
	struct unseen unseen = {0};
	for (size_t i = 0; i < sample->handle_count; i++) {
		const struct handle *handle = &sample->handles[i];
		unseen.tokens += handle_is_hidden(handle);
		unseen.exited +=
		    handle->session_id == NUMBER_UNKNOWN && handle_keeps_exited(handle);
	}
	return unseen;
}
