/* Tokens that are stamped with session IDs, from sample to sample: one that refers to an ID before and after that was given to another
 * logon shows that this boot's kernel lacks the rule of MS16-111. */
#include <stdlib.h>
#include <string.h>

#include "evidence/identity.h"
#include "leak/inside.h"

static struct stamp *slot_of(const struct stamps *stamps, int64_t pid, int64_t session_id)
{
	uint64_t mixed =
	    ((uint64_t)pid << 20 ^ (uint64_t)session_id) * UINT64_C(0x9e3779b97f4a7c15);
	size_t at = (size_t)(mixed ^ mixed >> 32) & (stamps->room - 1);
	while (stamps->slots[at].sample &&
	       (stamps->slots[at].pid != pid || stamps->slots[at].session_id != session_id))
		at = (at + 1) & (stamps->room - 1);
	return &stamps->slots[at];
}

static bool grow(struct stamps *stamps)
{
	struct stamps larger = *stamps;
	larger.room = stamps->room ? stamps->room * 2 : 64;
	larger.slots = calloc(larger.room, sizeof *larger.slots);
	if (!larger.slots)
		return false;
	for (size_t i = 0; i < stamps->room; i++) {
		const struct stamp *stamp = &stamps->slots[i];
		if (stamp->sample)
			*slot_of(&larger, stamp->pid, stamp->session_id) = *stamp;
	}
	free(stamps->slots);
	*stamps = larger;
	return true;
}

/* Handle values are given again; a token's ID is not, and nor is the LUID of a logon session that people make. */
static bool is_same(const struct stamp *stamp, const struct handle *handle)
{
	const bool named = handle->token_id != NUMBER_UNKNOWN ||
	                   (handle->luid != LUID_UNKNOWN && !luid_is_lasting(handle->luid));
	return named && stamp->value == handle->value && stamp->luid == handle->luid &&
	       stamp->token_id == handle->token_id;
}

static bool is_stamped(const struct handle *handle)
{
	return handle->session_id > 0 && handle->session_id <= SESSION_ID_MOST &&
	       handle->pid != NUMBER_UNKNOWN && handle->value != NUMBER_UNKNOWN &&
	       handle->target_pid == NUMBER_UNKNOWN;
}

/* First the handles that every sample showed so far are found again; pairs that lost theirs are given another then. */
bool stamps_add(struct leak *leak, const struct snapshot *sample, int64_t until)
{
	struct stamps *stamps = &leak->stamps;
	const size_t before = stamps->sample;
	if (!snapshot_has(sample, SECTION_HANDLES))
		return true;
	stamps->sample = leak->samples;
	stamps->time = leak->time;
	if (!leak->any_stamped || !leak->rows.stamped)
		return true;
	for (size_t i = 0; stamps->count && i < sample->handle_count; i++) {
		const struct handle *handle = &sample->handles[i];
		if (!is_stamped(handle))
			continue;
		struct stamp *stamp = slot_of(stamps, handle->pid, handle->session_id);
		if (stamp->sample && stamp->sample == before && is_same(stamp, handle))
			stamp->sample = leak->samples;
	}
	const struct handle *last = NULL;
	for (size_t i = 0; i < rows_count(leak, sample); i++) {
		const struct handle *handle = rows_at(leak, sample, i);
		if (!is_stamped(handle) ||
		    (last && last->pid == handle->pid && last->session_id == handle->session_id))
			continue;
		last = handle;
		if (2 * stamps->count >= stamps->room && !grow(stamps))
			return false;
		struct stamp *stamp = slot_of(stamps, handle->pid, handle->session_id);
		if (stamp->sample == leak->samples)
			continue;
		stamps->count += stamp->sample == 0;
		*stamp = (struct stamp){.pid = handle->pid,
		    .session_id = handle->session_id,
		    .value = handle->value,
		    .token_id = handle->token_id,
		    .luid = handle->luid,
		    .since = until,
		    .unlisted = snapshot_whole(sample, SECTION_SESSIONS) &&
		                !sample_session(sample, handle->session_id),
		    .sample = leak->samples};
	}
	return true;
}

/* A logon that was given the ID after its session had ended, which the token had been seen in before. */
static bool given_again(
    const struct stamp *stamp, const struct given_id *given, size_t count, int64_t until)
{
	int64_t ended = stamp->unlisted ? stamp->since : INT64_MAX;
	for (size_t i = 0; i < count; i++) {
		if (given[i].id == stamp->session_id && given[i].ended != TIMESTAMP_UNKNOWN &&
		    given[i].ended > stamp->since && given[i].ended < ended)
			ended = given[i].ended;
	}
	for (size_t i = count; ended != INT64_MAX && i-- > 0 && given[i].started > ended;) {
		if (given[i].id == stamp->session_id && given[i].started < until)
			return true;
	}
	return false;
}

size_t stamps_came_back(const struct leak *leak, const struct given_id *given, size_t count)
{
	const struct stamps *stamps = &leak->stamps;
	size_t came_back = 0;
	/* Most IDs of a host that leaks are given once. */
	uint8_t *times = calloc(SESSION_ID_MOST + 1, sizeof *times);
	for (size_t i = 0; times && i < count; i++) {
		if (given[i].id > 0 && given[i].id <= SESSION_ID_MOST && times[given[i].id] < 2)
			times[given[i].id]++;
	}
	for (size_t i = 0; times && i < stamps->room; i++) {
		const struct stamp *stamp = &stamps->slots[i];
		if (stamp->sample == 0 || stamp->sample != stamps->sample ||
		    stamp->since == TIMESTAMP_UNKNOWN || stamps->time == TIMESTAMP_UNKNOWN ||
		    times[stamp->session_id] < (stamp->unlisted ? 1 : 2) ||
		    !given_again(stamp, given, count, stamps->time))
			continue;
		came_back++;
		times[stamp->session_id] = 0; /* whoever else refers to it */
	}
	free(times);
	return came_back;
}
