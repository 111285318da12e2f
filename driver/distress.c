/* Knows when a host is in distress: from what its latest logons took, and how many of its latest cycles failed. */
#include "driver/distress.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/duration.h"
#include "common/order.h"

void distress_note(struct distress *distress, const struct cycle *cycle)
{
	if (cycle->result == CYCLE_RUNNING) {
		if (cycle->logged_on != TIMESTAMP_UNKNOWN)
			distress->logons[distress->logon_count++ % DISTRESS_WINDOW] =
			    cycle->logged_on - cycle->started;
		return;
	}
	distress->failed[distress->ended_count++ % DISTRESS_WINDOW] =
	    cycle_result_is_failure(cycle->result);
}

static bool logons_are_slow(
    const struct distress *distress, const struct scenario_limits *limits, char *text, size_t size)
{
	int64_t sorted[DISTRESS_WINDOW];

	if (limits->logon_time.least == 0 || distress->logon_count < DISTRESS_WINDOW)
		return false;
	for (size_t i = 0; i < DISTRESS_WINDOW; i++)
		sorted[i] = distress->logons[i];
	qsort(sorted, DISTRESS_WINDOW, sizeof(sorted[0]), order_of_numbers);
	const int64_t median = (sorted[DISTRESS_WINDOW / 2 - 1] + sorted[DISTRESS_WINDOW / 2]) / 2;
	if (median <= limits->logon_time.least)
		return false;
	snprintf(text, size,
	    "the host is in distress: half of the last %d logons took longer than %.3g s, and limits.logon_time allows %.3g s",
	    DISTRESS_WINDOW, (double)median / (double)SECOND,
	    (double)limits->logon_time.least / (double)SECOND);
	return true;
}

static bool cycles_fail(
    const struct distress *distress, const struct scenario_limits *limits, char *text, size_t size)
{
	int failed = 0;

	if (limits->error_rate == 0 || distress->ended_count < DISTRESS_WINDOW)
		return false;
	for (size_t i = 0; i < DISTRESS_WINDOW; i++)
		failed += distress->failed[i];
	if (failed < limits->error_rate * DISTRESS_WINDOW - 1e-6)
		return false;
	snprintf(text, size,
	    "the host is in distress: %d of the last %d cycles failed, a share of %.2g, and limits.error_rate is %g",
	    failed, DISTRESS_WINDOW, (double)failed / DISTRESS_WINDOW, limits->error_rate);
	return true;
}

bool distress_shows(
    const struct distress *distress, const struct scenario_limits *limits, char *text, size_t size)
{
	return logons_are_slow(distress, limits, text, size) ||
	       cycles_fail(distress, limits, text, size);
}
