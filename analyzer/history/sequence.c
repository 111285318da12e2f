/* Which events are of one log, and in which order they were logged: by their numbers; without numbers as they stand in the file, which may have the
 * newest first. */
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/order.h"
#include "history/inside.h"

static int order_texts(const char *a, const char *b)
{
	if (a == b)
		return 0;
	if (!a || !b)
		return a ? 1 : -1;
	return strcmp(a, b);
}

/* Of those with a zone, and of the others. */
static bool has_zone(const struct log_event *event)
{
	return event->logged != TIMESTAMP_UNKNOWN;
}

/* Numbers and UTC tell the order whatever file the event is from. */
static const char *origin_of(const struct log_event *event)
{
	const bool anywhere = event->record != NUMBER_UNKNOWN && has_zone(event);
	return anywhere ? NULL : event->origin;
}

static int order_logs(const struct log_event *a, const struct log_event *b)
{
	int order = order_texts(a->host, b->host);
	if (!order)
		order = order_texts(a->log, b->log);
	if (!order)
		order = has_zone(a) - has_zone(b);
	return order ? order : order_texts(origin_of(a), origin_of(b));
}

static int by_log(const void *a, const void *b)
{
	const struct item *left = a, *right = b;
	const int order = order_logs(left->place, right->place);
	return order ? order : (left->index > right->index) - (left->index < right->index);
}

static int by_record(const void *a, const void *b)
{
	const struct item *left = a, *right = b;
	const int64_t one = left->place->record, two = right->place->record;
	if (one != two)
		return one < two ? -1 : 1;
	return (left->index > right->index) - (left->index < right->index);
}

static int64_t time_of(const struct log_event *event)
{
	return event->logged != TIMESTAMP_UNKNOWN ? event->logged : event->logged_local;
}

static void reverse(struct sequence *sequence)
{
	for (size_t i = 0, j = sequence->count; i + 1 < j; i++) {
		const struct item item = sequence->items[i];
		sequence->items[i] = sequence->items[--j];
		sequence->items[j] = item;
	}
}

/* A gap stays behind the event that it stood behind in the order of time. */
static void place_gaps(struct sequence *sequence)
{
	for (size_t i = 0; i < sequence->count; i++) {
		struct item *item = &sequence->items[i];
		item->index = i;
		if (item->event->number == NUMBER_UNKNOWN && i)
			item->place = sequence->items[i - 1].place;
	}
}

static void drop_repeated(struct sequence *sequence)
{
	size_t kept = 0;
	for (size_t i = 0; i < sequence->count; i++) {
		const struct log_event *event = sequence->items[i].event,
		                       *last = kept ? sequence->items[kept - 1].event : NULL;
		const bool same = last && event->record != NUMBER_UNKNOWN &&
		                  last->record == event->record && last->number == event->number &&
		                  last->logged == event->logged &&
		                  last->logged_local == event->logged_local;
		if (!same)
			sequence->items[kept++] = sequence->items[i];
	}
	sequence->count = kept;
}

static void put_in_order(struct sequence *sequence)
{
	size_t up = 0, down = 0;
	bool numbered = true;
	const struct item *before = NULL;
	for (size_t i = 0; i < sequence->count; i++) {
		const struct item *item = &sequence->items[i];
		if (item->event->number == NUMBER_UNKNOWN)
			continue;
		numbered &= item->event->record != NUMBER_UNKNOWN;
		if (before) {
			const bool records = numbered;
			const int64_t a = records ? before->event->record : before->time,
			              b = records ? item->event->record : item->time;
			up += a < b;
			down += a > b;
		}
		before = item;
	}
	if (down > up)
		reverse(sequence);
	place_gaps(sequence);
	if (numbered && sequence->count) {
		qsort(sequence->items, sequence->count, sizeof *sequence->items, by_record);
		drop_repeated(sequence);
	}
}

/* As the leak rule adds a quarter to the release time for a run: late releases have a tail. */
static int64_t wait_of(const struct history_log *log, int64_t release_time)
{
	const int64_t hour = INT64_C(3600) * 1000000;
	return release_time + release_time / 4 + (log->local ? hour : 0);
}

static void describe(const struct sequence *sequence, int64_t release_time)
{
	struct history_log *log = sequence->log;
	const struct log_event *first = sequence->items[0].place;
	*log = (struct history_log){.log = first->log,
	    .host = first->host,
	    .origin = origin_of(first),
	    .first = TIMESTAMP_UNKNOWN,
	    .last = TIMESTAMP_UNKNOWN};
	for (size_t i = 0; i < sequence->count; i++) {
		const struct item *item = &sequence->items[i];
		log->events += item->event->number != NUMBER_UNKNOWN;
		log->undated +=
		    item->event->number != NUMBER_UNKNOWN && item->time == TIMESTAMP_UNKNOWN;
		log->local |= item->event->logged_local != TIMESTAMP_UNKNOWN;
		if (item->time == TIMESTAMP_UNKNOWN)
			continue;
		if (log->first == TIMESTAMP_UNKNOWN || item->time < log->first)
			log->first = item->time;
		if (item->time > log->last)
			log->last = item->time;
	}
	log->wait = wait_of(log, release_time);
}

static size_t count_same(const struct item *items, size_t left)
{
	size_t count = 1;
	while (count < left && order_logs(items[0].place, items[count].place) == 0)
		count++;
	return count;
}

/* As those of one log are. */
static bool are_sorted(const struct item *items, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (by_log(&items[i - 1], &items[i]) > 0)
			return false;
	}
	return true;
}

bool sequences_create(struct sequences *sequences, const struct snapshot *snapshot,
    struct history *history, int64_t release_time)
{
	const size_t count = snapshot->log_event_count;
	*sequences = (struct sequences){.items = malloc((count + 1) * sizeof *sequences->items)};
	if (!sequences->items)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct log_event *event = &snapshot->log_events[i];
		const bool gap = event->number == NUMBER_UNKNOWN && i;
		sequences->items[i] = (struct item){.event = event,
		    .place = gap ? sequences->items[i - 1].place : event,
		    .index = i,
		    .time = time_of(event)};
	}
	if (!are_sorted(sequences->items, count))
		qsort(sequences->items, count, sizeof *sequences->items, by_log);
	for (size_t i = 0, same; i < count; i += same) {
		same = count_same(&sequences->items[i], count - i);
		if (!array_reserve(&sequences->list, sequences->count, sizeof *sequences->list))
			return false;
		sequences->list[sequences->count++] =
		    (struct sequence){.items = &sequences->items[i], .count = same};
	}
	history->logs = calloc(sequences->count + 1, sizeof *history->logs);
	if (!history->logs)
		return false;
	history->log_count = sequences->count;
	for (size_t i = 0; i < sequences->count; i++) {
		struct sequence *sequence = &sequences->list[i];
		sequence->log = &history->logs[i];
		put_in_order(sequence);
		describe(sequence, release_time);
	}
	return true;
}

void sequences_deinit(struct sequences *sequences)
{
	free(sequences->items);
	free(sequences->list);
}
