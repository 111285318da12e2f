/* Knows from when a latency is counted, and what a percentile is. */
#include "judge/latencies.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/order.h"

const char *latency_name(int which)
{
	static const char *const others[] = {"to_logon", "reconnect_tcp", "reconnect_tls",
	    "reconnect_nla", "reconnect_activated", "reconnect_logon", "reconnect_hold"};
	return which < PHASE_COUNT ? phase_names[which] : others[which - PHASE_COUNT];
}

static int64_t latency_of(const struct cycle *cycle, int which, bool open)
{
	const int64_t from =
	    open && cycle->scheduled != TIMESTAMP_UNKNOWN ? cycle->scheduled : cycle->started;

	if (which < PHASE_COUNT)
		return cycle->phase_us[which];
	if (from == TIMESTAMP_UNKNOWN || cycle->logged_on == TIMESTAMP_UNKNOWN ||
	    cycle->logged_on < from)
		return NUMBER_UNKNOWN;
	return cycle->logged_on - from;
}

static size_t of_cycles(int64_t *us, const struct cycles *cycles, int which, bool open)
{
	size_t count = 0;

	for (size_t i = 0; i < cycles->count; i++) {
		if (cycles->items[i].kind != CYCLE_LOAD)
			continue;
		us[count] = latency_of(&cycles->items[i], which, open);
		count += us[count] != NUMBER_UNKNOWN;
	}
	return count;
}

static size_t of_reconnects(int64_t *us, const struct reconnects *reconnects, int phase)
{
	size_t count = 0;

	for (size_t i = 0; i < reconnects->count; i++) {
		us[count] = reconnects->items[i].phase_us[phase];
		count += us[count] != NUMBER_UNKNOWN;
	}
	return count;
}

bool latencies_find(struct latencies *out, const struct cycles *cycles,
    const struct reconnects *reconnects, bool open)
{
	struct latencies found = {.open = open};

	for (int which = 0; which < LATENCY_COUNT; which++) {
		const bool again = which >= LATENCY_RECONNECT;
		const size_t most = again ? reconnects->count : cycles->count;
		int64_t *us = malloc((most + 1) * sizeof *us);

		if (!us) {
			latencies_deinit(&found);
			return false;
		}
		const size_t count = again
		                         ? of_reconnects(us, reconnects, which - LATENCY_RECONNECT)
		                         : of_cycles(us, cycles, which, open);
		qsort(us, count, sizeof *us, order_of_numbers);
		found.us[which] = us;
		found.counts[which] = count;
	}
	*out = found;
	return true;
}

bool latencies_load(struct latencies *out, const struct cycles *cycles, struct runfile *runfile,
    struct error *error)
{
	struct reconnects reconnects;

	if (!runfile_reconnects(runfile, cycles, &reconnects, error))
		return false;
	const bool good = latencies_find(out, cycles, &reconnects, load_is_open(runfile));
	free(reconnects.items);
	return good || error_memory(error);
}

void latencies_deinit(struct latencies *latencies)
{
	for (int which = 0; which < LATENCY_COUNT; which++)
		free(latencies->us[which]);
	memset(latencies, 0, sizeof *latencies);
}

bool load_is_open(struct runfile *runfile)
{
	char *text = runfile_get(runfile, "load.rate");
	const bool open = text && strtod(text, NULL) > 0;

	free(text);
	return open;
}

int64_t percentile(const int64_t *sorted, size_t count, double percent)
{
	/* 0.95 * 20 is a little more than 19 in binary. */
	const double rank = ceil(percent / 100 * (double)count - 1e-9);

	return sorted[rank < 1 ? 0 : (size_t)rank - 1];
}

const char *latency_format(int64_t us, char out[LATENCY_TEXT])
{
	const double ms = (double)us / 1000;

	if (ms < 10)
		snprintf(out, LATENCY_TEXT, "%.2f ms", ms);
	else if (ms < 1000)
		snprintf(out, LATENCY_TEXT, "%.0f ms", ms);
	else if (ms < 60000)
		snprintf(out, LATENCY_TEXT, "%.2f s", ms / 1000);
	else
		snprintf(out, LATENCY_TEXT, "%" PRId64 " min %" PRId64 " s", us / 60000000,
		    us / 1000000 % 60);
	return out;
}
