/* How the phases of all cycles are summed up. */
#include "report/fields.h"

const struct percentile_point percentiles[PERCENTILE_COUNT] = {
    {"p50", 50}, {"p90", 90}, {"p95", 95}, {"p99", 99}, {"max", 100}};

int64_t report_finished_cycles(const struct report *report)
{
	int64_t all = 0;
	for (int i = 0; i < CYCLE_RESULT_COUNT; i++)
		all += i == CYCLE_RUNNING ? 0 : report->verdict->cycles[i];
	return all;
}

const char *phases_caption(const struct report *report)
{
	return report->latencies.open
	           ? "How long each phase took, from all cycles; to_logon is from the time that a cycle was scheduled for to the logon."
	           : "How long each phase took, from all cycles; to_logon is from the start of the cycle to the logon.";
}
