/* Where a log breaks: reboots, clocks that were set back, rows that nobody understood. */
#include <stdlib.h>

#include "common/array.h"
#include "evidence/identity.h"
#include "history/inside.h"

/* Threads of one service may log a little out of order. */
#define CLOCK_TOLERANCE (INT64_C(2) * 1000000)

bool boots_add(struct boots *boots, struct boot boot)
{
	if (!array_reserve(&boots->items, boots->count, sizeof *boots->items))
		return false;
	boots->items[boots->count++] = boot;
	return true;
}

bool log_add_break(struct history_log *log, struct history_break what)
{
	if (!array_reserve(&log->breaks, log->break_count, sizeof *log->breaks))
		return false;
	log->breaks[log->break_count++] = what;
	return true;
}

/* Of a zone that is not named, only what one file has. */
static bool shares_clock(const struct history_log *a, const struct history_log *b)
{
	return a->local == b->local && (!a->host || !b->host || host_same(a->host, b->host)) &&
	       (!a->local || a->origin == b->origin);
}

static int by_time(const void *a, const void *b)
{
	const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
	return (left > right) - (left < right);
}

/* The boots that stand not among the log's own events, by time. NULL: memory is out. */
static int64_t *others(const struct history_log *log, const struct boots *boots, size_t *count)
{
	int64_t *times = malloc((boots->count + 1) * sizeof *times);
	*count = 0;
	for (size_t i = 0; times && i < boots->count; i++) {
		const struct boot *boot = &boots->items[i];
		if ((boot->likely || boot->of != log) && shares_clock(boot->of, log))
			times[(*count)++] = boot->time;
	}
	if (*count)
		qsort(times, *count, sizeof *times, by_time);
	return times;
}

/* What lies between the event and the one before it that has a time. booted: when another log shows a boot between them. False: nothing. */
static bool find_break(
    const struct item *item, int64_t before, int64_t booted, struct history_break *out)
{
	const enum event_kind kind = event_kind_of(item->event);
	*out = (struct history_break){.before = before, .time = item->time, .id = NUMBER_UNKNOWN};
	if (kind == EVENT_GAP)
		out->kind = BREAK_GAP;
	else if (item->time == TIMESTAMP_UNKNOWN)
		out->kind = BREAK_UNDATED;
	else if (before != TIMESTAMP_UNKNOWN && item->time < before - CLOCK_TOLERANCE)
		out->kind = BREAK_CLOCK;
	else if (kind == EVENT_BOOT)
		out->kind = BREAK_REBOOT;
	else if (booted != TIMESTAMP_UNKNOWN)
		*out = (struct history_break){BREAK_REBOOT, before, booted, NUMBER_UNKNOWN};
	else
		return false;
	return true;
}

bool eras_find(const struct sequence *sequence, const struct boots *boots, bool note)
{
	size_t boot_count, boot = 0;
	int64_t *times = others(sequence->log, boots, &boot_count), before = TIMESTAMP_UNKNOWN;
	unsigned era = 0;
	bool good = times;
	for (size_t i = 0; good && i < sequence->count; i++) {
		struct item *item = &sequence->items[i];
		struct history_break found;
		int64_t booted = TIMESTAMP_UNKNOWN;
		for (; boot < boot_count && times[boot] <= item->time; boot++) {
			if (i)
				booted = times[boot];
		}
		if (find_break(item, before, booted, &found)) {
			era++;
			good = !note || log_add_break(sequence->log, found);
		}
		item->era = era;
		if (item->time != TIMESTAMP_UNKNOWN)
			before = item->time;
	}
	free(times);
	return good;
}
