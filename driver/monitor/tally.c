#include "driver/monitor/tally.h"

const double tally_bounds[TALLY_BOUNDS] = {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};

const char *const doing_words[DOING_COUNT] = {
    "stage", "preflight", "before", "load", "after", "settling", "verifying", "watching"};
const char *const doing_texts[DOING_COUNT] = {
    "setting the stage",
    "preflight: one account logs on and off",
    "sampling the host before the load",
    "the load",
    "sampling the host after the load",
    "settling: waiting for holders to release",
    "logging on together: which session IDs are free?",
    "sampling the host while the injectors play",
};

void tally_begin(struct tally *tally, uint64_t cycles)
{
	*tally = (struct tally){.cycles = cycles,
	    .session_id = NUMBER_UNKNOWN,
	    .highest = NUMBER_UNKNOWN,
	    .left_logons = -1};
}

static void add_duration(struct tally_phase *phase, double seconds)
{
	phase->count++;
	phase->sum += seconds;
	for (int i = 0; i < TALLY_BOUNDS; i++)
		phase->counts[i] += seconds <= tally_bounds[i];
}

void tally_cycle(struct tally *tally, const struct cycle *cycle)
{
	if (cycle->session_id != NUMBER_UNKNOWN) {
		tally->session_id = cycle->session_id;
		if (tally->highest == NUMBER_UNKNOWN || cycle->session_id > tally->highest)
			tally->highest = cycle->session_id;
	}
	if (cycle->result == CYCLE_RUNNING)
		return;
	tally->finished++;
	tally->results[cycle->result]++;
	for (int phase = 0; phase < PHASE_COUNT; phase++)
		if (cycle->phase_us[phase] != NUMBER_UNKNOWN)
			add_duration(&tally->phases[phase], (double)cycle->phase_us[phase] / 1e6);
}

uint64_t tally_failed(const struct tally *tally)
{
	uint64_t failed = 0;

	for (int result = 0; result < CYCLE_RESULT_COUNT; result++)
		failed += cycle_result_is_failure(result) ? tally->results[result] : 0;
	return failed;
}
