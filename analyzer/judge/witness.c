#include "judge/witness.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"

#define IDS_TEXT 120

static int by_number(const void *a, const void *b)
{
	const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static bool is_witness(const struct cycle *cycle)
{
	return cycle->kind == CYCLE_VERIFICATION && cycle->session_id > 0 &&
	       cycle->logged_on != TIMESTAMP_UNKNOWN;
}

/* When the last of them had logged on; those that were logged off before had not been there at once. */
static int64_t moment_of(const struct cycles *cycles)
{
	int64_t last = TIMESTAMP_UNKNOWN;

	for (size_t i = 0; i < cycles->count; i++) {
		const struct cycle *cycle = &cycles->items[i];
		if (is_witness(cycle) && cycle->logged_on > last)
			last = cycle->logged_on;
	}
	return last;
}

/* The session IDs that were given at once, sorted. */
static size_t list_given(const struct cycles *cycles, int64_t at, int64_t *given)
{
	size_t count = 0;

	for (size_t i = 0; i < cycles->count; i++) {
		const struct cycle *cycle = &cycles->items[i];
		if (is_witness(cycle) && (cycle->ended == TIMESTAMP_UNKNOWN || cycle->ended >= at))
			given[count++] = cycle->session_id;
	}
	if (count)
		qsort(given, count, sizeof *given, by_number);
	return count;
}

static bool has(const int64_t *given, size_t count, int64_t id)
{
	return count > 0 && bsearch(&id, given, count, sizeof *given, by_number);
}

/* Of the load's cycles that had the session ID: when the last one's session had ended; TIMESTAMP_UNKNOWN: that is not proven. */
static int64_t ended_of(const struct cycles *cycles, int64_t id)
{
	int64_t ended = TIMESTAMP_UNKNOWN;

	for (size_t i = 0; i < cycles->count; i++) {
		const struct cycle *cycle = &cycles->items[i];
		if (cycle->kind != CYCLE_LOAD || cycle->session_id != id)
			continue;
		if (cycle->result != CYCLE_LOGGED_OFF)
			return TIMESTAMP_UNKNOWN;
		ended = cycle->ended > ended ? cycle->ended : ended;
	}
	return ended;
}

/* The different IDs of the load's cycles, sorted. */
static size_t list_used(const struct cycles *cycles, int64_t *used)
{
	size_t count = 0, left = 0;

	for (size_t i = 0; i < cycles->count; i++) {
		if (cycles->items[i].kind == CYCLE_LOAD && cycles->items[i].session_id > 0)
			used[count++] = cycles->items[i].session_id;
	}
	if (count)
		qsort(used, count, sizeof *used, by_number);
	for (size_t i = 0; i < count; i++) {
		if (left == 0 || used[left - 1] != used[i])
			used[left++] = used[i];
	}
	return left;
}

static bool is_listed(const struct evidence *evidence, int64_t id)
{
	const struct snapshot *last = evidence_last(evidence)->snapshot;

	for (size_t i = 0; last && i < last->session_count; i++) {
		if (last->sessions[i].id == id)
			return true;
	}
	return false;
}

/* Something in sight keeps the ID: it is counted by that. */
static bool is_referred(const struct evidence *evidence, int64_t id)
{
	size_t count;
	const struct left_id *ids = leak_ids(evidence->leak, &count);

	for (size_t i = 0; i < count; i++) {
		if (ids[i].id == id)
			return ids[i].sample > 0 && !ids[i].gone;
	}
	return false;
}

static bool is_old(const struct witness *witness, const struct evidence *evidence, int64_t id)
{
	return leak_is_old(evidence->leak, ended_of(&evidence->cycles, id), witness->at,
	    leak_quiet_time(evidence->leak));
}

/* Where some are proven to be pinned, the others are left to a longer run. */
static void keep_proven(struct witness *witness, const struct evidence *evidence)
{
	size_t left = 0;

	for (size_t i = 0; i < witness->skipped_count; i++) {
		if (is_old(witness, evidence, witness->skipped[i]))
			witness->skipped[left++] = witness->skipped[i];
	}
	if (left > 0 && witness->exclusive) {
		witness->skipped_count = left;
		witness->leaks = (int64_t)left;
	}
}

bool witness_find(
    struct verdict *verdict, const struct evidence *evidence, const struct limits *limits)
{
	const struct cycles *cycles = &evidence->cycles;
	struct witness *witness = &verdict->witness;
	int64_t *numbers = malloc((2 * cycles->count + 1) * sizeof *numbers);

	witness->skipped = malloc((cycles->count + 1) * sizeof *witness->skipped);
	if (!numbers || !witness->skipped) {
		free(numbers);
		return false;
	}
	int64_t *used = numbers + cycles->count;
	witness->at = moment_of(cycles);
	witness->exclusive = limits->exclusive;
	const size_t given_count = list_given(cycles, witness->at, numbers),
	             used_count = list_used(cycles, used);
	witness->logons = (int64_t)given_count;
	witness->covers = given_count > 0 && used_count > 0;
	for (size_t i = 0; i < used_count; i++) {
		const bool given = has(numbers, given_count, used[i]);
		witness->covers &= given;
		if (!given && given_count > 0 && used[i] < numbers[given_count - 1] &&
		    !is_listed(evidence, used[i]) && !is_referred(evidence, used[i]))
			witness->skipped[witness->skipped_count++] = used[i];
	}
	keep_proven(witness, evidence);
	free(numbers);
	return true;
}

void witness_deinit(struct verdict *verdict)
{
	free(verdict->witness.skipped);
}

/* "3, 5, 6 and 12 more" */
static void write_ids(const struct witness *witness, char out[IDS_TEXT])
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < witness->skipped_count; i++) {
		if (i == 8) {
			snprintf(out + used, IDS_TEXT - used, " and %zu more",
			    witness->skipped_count - i);
			return;
		}
		used += (size_t)snprintf(out + used, IDS_TEXT - used, "%s%lld", i ? ", " : "",
		    (long long)witness->skipped[i]);
	}
}

bool witness_tell(struct sentences *out, const struct verdict *verdict)
{
	const struct witness *witness = &verdict->witness;
	char ids[IDS_TEXT];

	if (witness->leaks == 0)
		return !witness->covers ||
		       sentences_add(out,
		           "%lld logons at once after settling were given all session IDs again that the run's cycles had",
		           (long long)witness->logons);
	write_ids(witness, ids);
	return sentences_add(out,
	    "%zu session ID%s of the run's cycles (%s) stay%s taken: none of %lld logons at once after settling was given one, though "
	    "higher ones were, and nobody else logs on there (host.exclusive). Who keeps them is not seen by that: let an observer look "
	    "(leaklab-probe)",
	    witness->skipped_count, text_plural((int64_t)witness->skipped_count), ids,
	    witness->skipped_count == 1 ? "s" : "", (long long)witness->logons);
}

bool witness_doubt(struct sentences *out, const struct verdict *verdict)
{
	const struct witness *witness = &verdict->witness;
	char ids[IDS_TEXT];

	if (witness->skipped_count == 0 || witness->leaks > 0)
		return true;
	write_ids(witness, ids);
	return sentences_add(out,
	    "%zu session ID%s of the run's cycles (%s) %s given to none of %lld logons at once after settling, though higher ones "
	    "were: %s",
	    witness->skipped_count, text_plural((int64_t)witness->skipped_count), ids,
	    witness->skipped_count == 1 ? "was" : "were", (long long)witness->logons,
	    witness->exclusive
	        ? "they may still be released, settle longer (settle.at_least)"
	        : "somebody else may have them; if nobody else logs on there, say so (host.exclusive: true)");
}
