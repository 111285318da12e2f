/* Knows the command `check --connect`: a preflight, and nothing after it. */
#include "driver/driver.h"

#include <stdlib.h>
#include <string.h>

#include "driver/play_preflight.h"

static bool print(const struct preflight *preflight, bool as_json)
{
	char *json = as_json ? preflight_to_json(preflight) : NULL;

	if (!as_json)
		preflight_print_end(preflight, stdout);
	else if (json)
		puts(json);
	free(json);
	return (!as_json || json) && fflush(stdout) == 0;
}

int connect_and_tell(const struct scenario *scenario, const char *password, struct monitor *monitor,
    bool as_json, struct error *error)
{
	struct run run = {.scenario = scenario, .monitor = monitor, .signals = -1};
	struct setup setup = {0};
	struct preflight preflight = {0};
	bool played = false;

	run.observers = observers_create(scenario);
	if (!run.observers)
		error_memory(&run.error);
	else if (run_catch_signals(&run) && run_prepare(&run, &setup, password))
		played = preflight_play(&run, &setup, ".", as_json ? stderr : stdout, &preflight);
	run_close(&run, &setup);
	const enum exit_code code = preflight_exit_code(&preflight);
	if (!played)
		*error = run.error;
	else if (!print(&preflight, as_json))
		played = error_set(error, EXIT_TARGET, "the preflight cannot be printed");
	preflight_deinit(&preflight);
	return played ? (int)code : -1;
}
