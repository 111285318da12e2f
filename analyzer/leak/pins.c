/* What the logons of a run, and the IDs that they were given, show of session IDs that stay taken: when their sessions had ended, which are pinned,
 * and which are skipped. */
#include <stdlib.h>

#include "leak/inside.h"

/* A logon of the run had the ID. */
static void prove_end(struct left_id *left, int64_t ended)
{
	left->watched = true;
	left->older = false;
	/* Unless a later session had it, or nothing referred to it meanwhile. */
	if (ended == TIMESTAMP_UNKNOWN ||
	    (left->fresh != TIMESTAMP_UNKNOWN && ended <= left->fresh))
		return;
	left->ended = ended > left->lived ? ended : left->lived;
	left->proof = AGE_CYCLE;
}

bool leak_prove_id_ends(struct leak *leak, const struct given_id *given, size_t count)
{
	bool *told = calloc(SESSION_ID_MOST + 1, sizeof *told);
	for (size_t i = count; told && i-- > 0;) {
		struct left_id *left =
		    session_id_is_valid(given[i].id) ? ids_find(leak, given[i].id) : NULL;
		if (left && !told[left->id])
			prove_end(left, given[i].ended);
		if (left)
			told[left->id] = true;
	}
	free(told);
	return told;
}

/* The first of the logons that began after that time. */
static size_t first_after(const struct given_id *given, size_t count, int64_t time)
{
	size_t low = 0, high = count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (given[middle].started > time)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* The highest ID that was given from each on, the caller's to free(); behind the last -1. NULL: memory is out. */
static int64_t *highest_from(const struct given_id *given, size_t count)
{
	int64_t *highest = malloc((count + 1) * sizeof *highest);
	if (!highest)
		return NULL;
	highest[count] = -1;
	for (size_t i = count; i-- > 0;)
		highest[i] = given[i].id > highest[i + 1] ? given[i].id : highest[i + 1];
	return highest;
}

/* Of the release time, a minute of 20. */
#define GOING 20

/* That a higher ID was given after the session of each had ended. Returns how many of those only tokens refer to. */
static size_t find_pinned(
    struct leak *leak, const struct given_id *given, size_t count, const int64_t *highest)
{
	/* A session needs a moment to go after its logoff: until then its ID is taken. */
	const int64_t margin = leak_release_time(leak) / GOING;
	size_t by_tokens = 0;
	for (size_t i = 0; i < leak->id_count; i++) {
		struct left_id *left = &leak->ids[i];
		size_t from;
		left->pinned = false;
		if (left->gone || left->ended == TIMESTAMP_UNKNOWN || !left_id_is_sure(left))
			continue;
		/* Where a sample shows that it has gone, its logoff is not all that is known. */
		int64_t free = left->ended + margin;
		if (left->gone_until != TIMESTAMP_UNKNOWN && left->gone_until < free)
			free = left->gone_until > left->ended ? left->gone_until : left->ended;
		from = first_after(given, count, free);
		left->pinned = highest[from] > left->id;
		by_tokens += left->pinned && left_id_is_of_tokens(left);
	}
	return by_tokens;
}

/* The last ones never see a higher one. */
static void pin_last(struct leak *leak)
{
	bool any = false, any_by_tokens = false;
	for (size_t i = 0; i < leak->id_count; i++) {
		any |= leak->ids[i].pinned;
		any_by_tokens |= leak->ids[i].pinned && left_id_is_of_tokens(&leak->ids[i]);
	}
	for (size_t i = 0; any && i < leak->id_count; i++) {
		struct left_id *left = &leak->ids[i];
		const bool alike = left_id_is_of_tokens(left) ? any_by_tokens : any;
		left->pinned |= alike && !left->gone && left_id_is_sure(left) &&
		                leak_is_old(leak, left->ended, left->shown, 0);
	}
}

/* What came back shows that tokens keep nothing on this host, as long as it is more than what did not; some may have come back by an
 * error of the evidence. What the host says of itself proves nothing: the switch may have been set since it started. */
void leak_pin(struct leak *leak, const struct given_id *given, size_t count)
{
	int64_t *highest = highest_from(given, count);
	if (!highest)
		return;
	leak->ids_stayed = find_pinned(leak, given, count, highest);
	leak->ids_came_back = stamps_came_back(leak, given, count);
	free(highest);
	if (leak->ids_came_back > leak->ids_stayed)
		leak->tokens_keep_ids = NO;
	else if (leak->ids_came_back > 0 || (leak->switched_off && leak->ids_stayed > 0))
		leak->tokens_keep_ids = YES_NO_UNKNOWN;
	for (size_t i = 0; leak->tokens_keep_ids != YES && i < leak->id_count; i++)
		leak->ids[i].pinned &= !left_id_is_of_tokens(&leak->ids[i]);
	pin_last(leak);
}

/* From when on it would have been given again: healthy holders that no sample shows had the release time. */
static int64_t free_from(const struct leak *leak, const struct left_id *left, int64_t over)
{
	const int64_t release = leak_release_time(leak);
	size_t low = 0, high = leak->look_count;
	if (left && left->listed > over)
		over = left->listed;
	if (left && left->sample > 0 && left->shown > over)
		over = left->shown;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (leak->looks[middle].began > over)
			high = middle;
		else
			low = middle + 1;
	}
	/* Behind it, the first sample that shows that nothing refers to it: something may have until the end of what it took. */
	const int64_t shown =
	    low < leak->look_count ? leak->looks[low].until + release / GOING : INT64_MAX;
	return shown < over + release ? shown : over + release;
}

bool leak_skipped_ids(const struct leak *leak, const struct given_id *given, size_t count,
    const struct snapshot *last, struct skipped_ids *out)
{
	const int64_t margin = leak_release_time(leak) / GOING;
	bool *later = calloc(SESSION_ID_MOST + 1, sizeof *later);
	int64_t *highest = highest_from(given, count);
	const bool good = later && highest;
	*out = (struct skipped_ids){.one = NUMBER_UNKNOWN};
	if (!good || !last || !snapshot_whole(last, SECTION_SESSIONS))
		count = 0;
	for (size_t i = count; i-- > 0;) {
		const int64_t id = given[i].id, over = given[i].over;
		if (!session_id_is_valid(id) || later[id])
			continue;
		later[id] = true;
		const struct left_id *left = ids_find(leak, id);
		if (over == TIMESTAMP_UNKNOWN || (left && !left->gone) || sample_session(last, id))
			continue;
		const bool shown = left && (left->sample > 0 || left->listed > over);
		if (highest[first_after(given, count, free_from(leak, left, over))] > id)
			out->skipped++;
		else if (!shown && highest[first_after(given, count, over + margin)] > id)
			out->unshown++;
		else
			continue;
		out->one = id;
	}
	free(highest);
	free(later);
	return good;
}

enum yes_no leak_tokens_keep_ids(const struct leak *leak)
{
	return leak->tokens_keep_ids;
}
