/* An observer reads the host's clock at some moment between its start and its end: the quicker it was, the better it
 * tells the offset. Time, start and end are of one capture always, as observers may run for very different times. */
#include "judge/clock.h"

#include <stdlib.h>

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

/* False if the clock was set between the two. */
static bool agree(const struct capture *a, const struct capture *b)
{
	return llabs(offset_of(a) - offset_of(b)) <= half_width(a) + half_width(b) + WHOLE_SECOND;
}

struct clock clock_at(const struct captures *captures, enum mark mark, int64_t round)
{
	const struct capture *own = NULL, *best;
	for (size_t i = 0; i < captures->count; i++) {
		const struct capture *capture = &captures->items[i];
		if (capture->mark == mark && capture->round == round && tells_time(capture) &&
		    (!own || half_width(capture) < half_width(own)))
			own = capture;
	}
	best = own;
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

int64_t clock_jump(const struct captures *captures)
{
	int64_t most = INT64_MIN, least = INT64_MAX;
	for (size_t i = 0; i < captures->count; i++) {
		const struct capture *capture = &captures->items[i];
		if (!tells_time(capture))
			continue;
		/* The offset is known to lie between these two. */
		const int64_t low = offset_of(capture) - half_width(capture),
		              high = offset_of(capture) + half_width(capture);
		most = low > most ? low : most;
		least = high < least ? high : least;
	}
	return most > least && most - least - WHOLE_SECOND > CLOCK_JUMP ? most - least : 0;
}
