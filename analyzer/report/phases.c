/* How the phases of all cycles are summed up. */
#include "report/fields.h"

#include <stdio.h>

const struct percentile_point percentiles[PERCENTILE_COUNT] = {
    {"p50", 50}, {"p90", 90}, {"p95", 95}, {"p99", 99}, {"max", 100}};

int64_t report_finished_cycles(const struct report *report)
{
	int64_t all = 0;
	for (int i = 0; i < CYCLE_RESULT_COUNT; i++)
		all += i == CYCLE_RUNNING ? 0 : report->verdict->cycles[i];
	return all;
}

const char *phases_caption(const struct report *report, char text[PHASES_CAPTION])
{
	const struct latencies *latencies = &report->latencies;

	if (report->verdict->commands.are_all) {
		snprintf(
		    text, PHASES_CAPTION, "How long each command took (hold), from all cycles.");
		return text;
	}
	/* What ends by itself, or is left behind, shows no logoff. */
	snprintf(text, PHASES_CAPTION,
	    "How long each phase took, from all cycles; to_logon is from the %s to the logon.%s",
	    latencies->open ? "time that a cycle was scheduled for" : "start of the cycle",
	    latencies->counts[PHASE_HOLD] > 0 && latencies->counts[PHASE_LOGOFF] == 0
	        ? " How long logging off took was not observed."
	        : "");
	return text;
}
