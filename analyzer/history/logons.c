/* Logon sessions in the Security log: 4624, 4647, 4634. */
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "history/inside.h"

/* A logon session's end. LUIDs are new in each boot, so it is of the logon session in the same era. */
struct end {
	uint64_t luid;
	unsigned era;
};

static int by_luid(const void *a, const void *b)
{
	const struct end *left = a, *right = b;
	if (left->luid != right->luid)
		return left->luid < right->luid ? -1 : 1;
	return (left->era > right->era) - (left->era < right->era);
}

static bool is_of_people(const struct log_event *event)
{
	return event->logon_type && strstr(event->logon_type, "Interactive");
}

static bool add_logon(struct history_log *log, const struct log_event *event)
{
	if (!is_of_people(event)) {
		log->other_logons++;
		return true;
	}
	if (!array_reserve(&log->logons, log->logon_count, sizeof *log->logons))
		return false;
	log->logons[log->logon_count++] = event;
	return true;
}

/* The time of the last event of each event's era. */
static int64_t end_of_era(const struct sequence *sequence, size_t from, size_t *last)
{
	const unsigned era = sequence->items[from].era;
	if (*last < from)
		*last = from;
	while (*last + 1 < sequence->count && sequence->items[*last + 1].era == era)
		++*last;
	return sequence->items[*last].time;
}

static bool find_open(const struct sequence *sequence, const struct end *ends, size_t count)
{
	struct history_log *log = sequence->log;
	size_t last = 0;
	for (size_t i = 0; i < sequence->count; i++) {
		const struct item *item = &sequence->items[i];
		if (event_kind_of(item->event) != EVENT_LOGOFF_STARTED ||
		    item->time == TIMESTAMP_UNKNOWN)
			continue;
		const int64_t until = end_of_era(sequence, i, &last);
		const struct end wanted = {item->event->luid, item->era};
		if (until - item->time < log->wait ||
		    (count && bsearch(&wanted, ends, count, sizeof *ends, by_luid)))
			continue;
		if (!array_reserve(&log->open, log->open_count, sizeof *log->open))
			return false;
		log->open[log->open_count++] = (struct open_logoff){item->event, until};
	}
	return true;
}

bool logons_follow(const struct sequence *sequence)
{
	struct history_log *log = sequence->log;
	struct end *ends = NULL;
	bool good = true;
	for (size_t i = 0; good && i < sequence->count; i++) {
		const struct item *item = &sequence->items[i];
		const enum event_kind kind = event_kind_of(item->event);
		log->logoffs_started += kind == EVENT_LOGOFF_STARTED;
		if (kind == EVENT_LOGON)
			good = add_logon(log, item->event);
		if (kind != EVENT_LOGOFF)
			continue;
		good = array_reserve(&ends, log->logoffs_ended, sizeof *ends);
		if (good)
			ends[log->logoffs_ended++] = (struct end){item->event->luid, item->era};
	}
	if (good && log->logoffs_ended)
		qsort(ends, log->logoffs_ended, sizeof *ends, by_luid);
	good = good && find_open(sequence, ends, log->logoffs_ended);
	free(ends);
	return good;
}
