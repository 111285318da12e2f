#include "judge/weigh.h"
#include "judge/words.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/order.h"
#include "common/text.h"

#define IDS_TEXT 120

/* When the last cycle of the load began: logons of before, of an earlier part of the run, tell nothing of what came later. */
static int64_t last_of_load(const struct cycles *cycles)
{
	int64_t last = TIMESTAMP_UNKNOWN;

	for (size_t i = 0; i < cycles->count; i++) {
		if (cycles->items[i].kind == CYCLE_LOAD && cycles->items[i].started > last)
			last = cycles->items[i].started;
	}
	return last;
}

static bool is_of_round(const struct cycle *cycle, int64_t after)
{
	return cycle->kind == CYCLE_VERIFICATION && cycle->started > after;
}

static bool is_witness(const struct cycle *cycle, int64_t after)
{
	return is_of_round(cycle, after) && cycle->session_id > 0 &&
	       cycle->logged_on != TIMESTAMP_UNKNOWN;
}

/* Of the cycles before this round that had the session ID, of any kind: when the last one's session had ended; TIMESTAMP_UNKNOWN: that is
 * not proven, or none had it. */
static int64_t ended_of(const struct cycles *cycles, int64_t id, int64_t after)
{
	int64_t ended = TIMESTAMP_UNKNOWN;

	for (size_t i = 0; i < cycles->count; i++) {
		const struct cycle *cycle = &cycles->items[i];
		if (is_of_round(cycle, after) || cycle->session_id != id)
			continue;
		if (cycle->result != CYCLE_LOGGED_OFF)
			return TIMESTAMP_UNKNOWN;
		ended = cycle->ended > ended ? cycle->ended : ended;
	}
	return ended;
}

static bool had_id(const struct cycles *cycles, int64_t id, int64_t after)
{
	for (size_t i = 0; i < cycles->count; i++) {
		if (!is_of_round(&cycles->items[i], after) && cycles->items[i].session_id == id)
			return true;
	}
	return false;
}

/* Sessions that may be there with an ID that is not known: those of cycles that are not proven to have ended, and logons of this round that
 * failed. */
static size_t unplaced(const struct cycles *cycles, int64_t after)
{
	size_t count = 0;

	for (size_t i = 0; i < cycles->count; i++) {
		const struct cycle *cycle = &cycles->items[i];
		const bool may_stay =
		    is_of_round(cycle, after)
		        ? !is_witness(cycle, after)
		        : cycle->result != CYCLE_LOGGED_OFF && cycle->result != CYCLE_FAILED;
		count += may_stay && cycle->session_id <= 0;
	}
	return count;
}

/* The session IDs that the round was given, sorted: those of logons that were over before the last one began are free as well. */
static size_t list_given(const struct cycles *cycles, int64_t after, int64_t *given)
{
	size_t count = 0;

	for (size_t i = 0; i < cycles->count; i++) {
		if (is_witness(&cycles->items[i], after))
			given[count++] = cycles->items[i].session_id;
	}
	if (count)
		qsort(given, count, sizeof *given, order_of_numbers);
	return count;
}

/* The highest that a new session was given: a logon may also join a session that its account has still. 0: none. */
static int64_t highest_of(
    const struct cycles *cycles, int64_t after, const int64_t *given, size_t count)
{
	for (size_t i = count; i-- > 0;) {
		if (!had_id(cycles, given[i], after) ||
		    ended_of(cycles, given[i], after) != TIMESTAMP_UNKNOWN)
			return given[i];
	}
	return 0;
}

/* When all had logged on. */
static int64_t moment_of(const struct cycles *cycles, int64_t after)
{
	int64_t last = TIMESTAMP_UNKNOWN;

	for (size_t i = 0; i < cycles->count; i++) {
		const struct cycle *cycle = &cycles->items[i];
		if (is_witness(cycle, after) && cycle->logged_on > last)
			last = cycle->logged_on;
	}
	return last;
}

static bool has(const int64_t *given, size_t count, int64_t id)
{
	return count > 0 && bsearch(&id, given, count, sizeof *given, order_of_numbers);
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
		qsort(used, count, sizeof *used, order_of_numbers);
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

/* Where some are proven to be pinned, the others are left to a longer run. */
static void keep_proven(struct witness *witness, const struct evidence *evidence, int64_t after)
{
	const int64_t quiet = leak_quiet_time(evidence->leak);
	size_t left = 0;

	for (size_t i = 0; i < witness->skipped_count; i++) {
		const int64_t id = witness->skipped[i],
		              ended = ended_of(&evidence->cycles, id, after);
		if (leak_is_old(evidence->leak, ended, witness->at, quiet))
			witness->skipped[left++] = id;
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
	/* They come last also where that does not show. */
	const int64_t after = evidence->unordered ? INT64_MIN : last_of_load(cycles);
	struct witness *witness = &verdict->witness;
	int64_t *numbers = malloc((2 * cycles->count + 1) * sizeof *numbers);

	witness->skipped = malloc((cycles->count + 1) * sizeof *witness->skipped);
	if (!numbers || !witness->skipped) {
		free(numbers);
		return false;
	}
	int64_t *used = numbers + cycles->count;
	witness->at = moment_of(cycles, after);
	witness->exclusive = limits->exclusive;
	const size_t given_count = list_given(cycles, after, numbers),
	             used_count = list_used(cycles, used);
	const int64_t highest = highest_of(cycles, after, numbers, given_count);
	witness->logons = (int64_t)given_count;
	witness->covers = given_count > 0 && used_count > 0;
	for (size_t i = 0; i < used_count; i++) {
		const int64_t id = used[i];
		const bool given = has(numbers, given_count, id);
		witness->covers &= given;
		if (!given && id < highest && ended_of(cycles, id, after) != TIMESTAMP_UNKNOWN &&
		    !is_listed(evidence, id) && !is_referred(evidence, id))
			witness->skipped[witness->skipped_count++] = id;
	}
	/* Each of those may have one of them. */
	if (unplaced(cycles, after) >= witness->skipped_count)
		witness->skipped_count = 0;
	else if (unplaced(cycles, after) == 0 && !evidence->unordered)
		keep_proven(witness, evidence, after);
	free(numbers);
	return true;
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
		           "%lld simultaneous logons after settling were given all session IDs of the run's cycles again",
		           (long long)witness->logons);
	write_ids(witness, ids);
	return sentences_add(out,
	    "%zu session ID%s of the run's cycles (%s) stay%s taken: none of %lld simultaneous logons after settling was given "
	    "one, though higher ones were, and nobody else logs on there (host.exclusive). That does not show who keeps them: "
	    "add an observer (leaklab-probe)",
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
	    "%zu session ID%s of the run's cycles (%s) %s given to none of %lld simultaneous logons after settling, though higher ones "
	    "were: %s",
	    witness->skipped_count, text_plural((int64_t)witness->skipped_count), ids,
	    witness->skipped_count == 1 ? "was" : "were", (long long)witness->logons,
	    witness->exclusive
	        ? "they may still be released; settle longer (settle.at_least)"
	        : "other users may have them; if nobody else logs on to the host, set host.exclusive: true");
}
