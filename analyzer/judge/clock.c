/* An observer reads the host's clock at some moment between its start and its end: the quicker it was, the better it
 * tells the offset. Time, start and end are of one capture always, as observers may run for very different times. */
#include "judge/clock.h"

#include <stdlib.h>

#include "common/order.h"

/* A logon is stamped by the host a moment before the driver hears of it, and some tools print whole seconds. */
#define CLOCK_TOLERANCE 2000000
#define WHOLE_SECOND 1000000

static bool tells_time(const struct capture *capture)
{
	return capture->time != TIMESTAMP_UNKNOWN && capture->started != TIMESTAMP_UNKNOWN &&
	       capture->ended != TIMESTAMP_UNKNOWN && capture->ended >= capture->started;
}

static int64_t half_width(const struct capture *capture)
{
	return (capture->ended - capture->started) / 2;
}

static int64_t offset_of(const struct capture *capture)
{
	return capture->time - (capture->started + half_width(capture));
}

bool clock_of_capture(const struct capture *capture, int64_t *offset, int64_t *width)
{
	if (!tells_time(capture))
		return false;
	*offset = offset_of(capture);
	*width = half_width(capture);
	return true;
}

/* False if the clock was set between the two. */
static bool agree(const struct capture *a, const struct capture *b)
{
	return llabs(offset_of(a) - offset_of(b)) <= half_width(a) + half_width(b) + WHOLE_SECOND;
}

static int order_of_readings(const void *a, const void *b)
{
	const struct clock_reading *one = a, *other = b;
	return order_of_numbers(&one->time, &other->time);
}

bool clocks_init(
    struct clocks *clocks, const struct captures *captures, const struct cycles *cycles)
{
	*clocks = (struct clocks){.captures = captures,
	    .readings = malloc((cycles->count + 1) * sizeof *clocks->readings)};
	for (size_t i = 0; clocks->readings && i < cycles->count; i++) {
		const struct cycle *cycle = &cycles->items[i];
		/* Another host's clock is another clock. */
		if (cycle->host_clock_offset != NUMBER_UNKNOWN && !cycle->served_by)
			clocks->readings[clocks->count++] = (struct clock_reading){
			    cycle->started, cycle->host_clock_offset, cycle->number};
	}
	if (clocks->count > 1)
		qsort(clocks->readings, clocks->count, sizeof *clocks->readings, order_of_readings);
	return clocks->readings != NULL;
}

void clocks_deinit(struct clocks *clocks)
{
	free(clocks->readings);
	*clocks = (struct clocks){0};
}

/* NULL: there is none. */
static const struct clock_reading *nearest_reading(const struct clocks *clocks, int64_t time)
{
	size_t low = 0, high = clocks->count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (clocks->readings[middle].time < time)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == clocks->count)
		return low ? &clocks->readings[low - 1] : NULL;
	if (low > 0 && time - clocks->readings[low - 1].time < clocks->readings[low].time - time)
		low--;
	return &clocks->readings[low];
}

/* The capture of the moment that tells the time best; else any of them, NULL if there is none. */
static const struct capture *capture_of(
    const struct captures *captures, enum mark mark, int64_t round)
{
	const struct capture *own = NULL;
	for (size_t i = 0; i < captures->count; i++) {
		const struct capture *capture = &captures->items[i];
		if (capture->mark != mark || capture->round != round)
			continue;
		if (!own || (tells_time(capture) &&
		                (!tells_time(own) || half_width(capture) < half_width(own))))
			own = capture;
	}
	return own;
}

struct clock clock_at(const struct clocks *clocks, enum mark mark, int64_t round)
{
	const struct captures *captures = clocks->captures;
	const struct capture *moment = capture_of(captures, mark, round);
	const struct capture *own = moment && tells_time(moment) ? moment : NULL, *best = own;
	const struct clock_reading *reading = nearest_reading(clocks, moment ? moment->started : 0);
	/* A logon is sure of it to the time that a message takes. */
	if (moment && reading &&
	    (!own || llabs(reading->offset - offset_of(own)) <= half_width(own) + WHOLE_SECOND))
		return (struct clock){.offset = reading->offset, .tolerance = CLOCK_TOLERANCE};
	for (size_t i = 0; i < captures->count; i++) {
		const struct capture *capture = &captures->items[i];
		if (tells_time(capture) && (!own || agree(own, capture)) &&
		    (!best || half_width(capture) < half_width(best)))
			best = capture;
	}
	if (!best)
		return (struct clock){.tolerance = CLOCK_TOLERANCE};
	return (struct clock){
	    .offset = offset_of(best), .tolerance = CLOCK_TOLERANCE + half_width(best)};
}

int64_t clock_complete_at(const struct captures *captures, enum mark mark, int64_t round)
{
	int64_t until = TIMESTAMP_UNKNOWN;
	for (size_t i = 0; i < captures->count; i++) {
		const struct capture *capture = &captures->items[i];
		if (capture->mark == mark && capture->round == round &&
		    (until == TIMESTAMP_UNKNOWN || capture->ended > until))
			until = capture->ended;
	}
	return until;
}

/* The widest step between one logon and the next. */
static struct clock_jump jump_of_logons(const struct clocks *clocks)
{
	struct clock_jump jump = {.from = NUMBER_UNKNOWN, .until = NUMBER_UNKNOWN};
	for (size_t i = 1; i < clocks->count; i++) {
		const struct clock_reading *before = &clocks->readings[i - 1],
		                           *after = &clocks->readings[i];
		const int64_t step = after->offset - before->offset;
		if (llabs(step) > CLOCK_JUMP && llabs(step) > llabs(jump.by))
			jump = (struct clock_jump){step, before->cycle, after->cycle};
	}
	return jump;
}

/* The offset is known to lie between the two. */
static void narrow(int64_t low, int64_t high, int64_t *most, int64_t *least)
{
	*most = low > *most ? low : *most;
	*least = high < *least ? high : *least;
}

struct clock_jump clocks_jump(const struct clocks *clocks)
{
	struct clock_jump jump = jump_of_logons(clocks);
	int64_t most = INT64_MIN, least = INT64_MAX;
	for (size_t i = 0; i < clocks->captures->count; i++) {
		const struct capture *capture = &clocks->captures->items[i];
		if (tells_time(capture))
			narrow(offset_of(capture) - half_width(capture),
			    offset_of(capture) + half_width(capture), &most, &least);
	}
	for (size_t i = 0; i < clocks->count; i++)
		narrow(clocks->readings[i].offset, clocks->readings[i].offset, &most, &least);
	if (jump.by == 0 && most > least && most - least - WHOLE_SECOND > CLOCK_JUMP)
		jump.by = most - least;
	return jump;
}
