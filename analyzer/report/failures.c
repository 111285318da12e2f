/* Which failures are alike: those of one phase with one code. */
#include "report/fields.h"

#include <stdlib.h>
#include <string.h>

#include "common/array.h"

static int phase_of(const struct cycle *cycle)
{
	int phase = 0;
	while (phase < PHASE_COUNT &&
	       (!cycle->failed_phase || strcmp(cycle->failed_phase, phase_names[phase]) != 0))
		phase++;
	return phase;
}

const char *failure_phase(const struct failure *failure)
{
	return failure->phase < PHASE_COUNT ? phase_names[failure->phase] : "unknown";
}

/* Lost cycles have no code of their own. */
static const char *code_of(const struct cycle *cycle)
{
	if (cycle->code)
		return cycle->code;
	return cycle->result == CYCLE_LOST ? "worker lost" : "no code";
}

static int by_count(const void *a, const void *b)
{
	const struct failure *left = a, *right = b;
	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	return (left->first > right->first) - (left->first < right->first);
}

bool failures_gather(struct report *report, struct error *error)
{
	for (size_t i = 0; i < report->cycles.count; i++) {
		const struct cycle *cycle = &report->cycles.items[i];
		const char *code = code_of(cycle);
		const int phase = phase_of(cycle);
		size_t at = 0;
		if (!cycle_result_is_failure(cycle->result) && !cycle->code)
			continue;
		while (
		    at < report->failure_count && (report->failures[at].phase != phase ||
		                                      strcmp(report->failures[at].code, code) != 0))
			at++;
		if (at == report->failure_count) {
			if (!array_reserve(&report->failures, at, sizeof *report->failures))
				return error_memory(error);
			report->failures[report->failure_count++] = (struct failure){.phase = phase,
			    .code = code,
			    .message = cycle->message,
			    .first = cycle->number};
		}
		report->failures[at].count++;
	}
	if (report->failure_count)
		qsort(report->failures, report->failure_count, sizeof *report->failures, by_count);
	return true;
}
