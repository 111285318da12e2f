/* Knows how a control run differs from the run: its stage, its length, and that nothing is expected of it. */
#include "driver/driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const names[] = {"negative", "positive"};
#define NAMES (sizeof(names) / sizeof(names[0]))

static const struct scenario_control *control_of(const struct scenario *scenario, size_t which)
{
	return which == 0 ? scenario->controls.negative : scenario->controls.positive;
}

static char *file_of(const char *path, const char *name, struct error *error)
{
	char *file = NULL;

	if (asprintf(&file, "%s.%s-control", path, name) < 0) {
		error_memory(error);
		return NULL;
	}
	return file;
}

static bool is_left_out(const struct scenario_control *control, const char *name)
{
	for (unsigned i = 0; i < control->without_count; i++)
		if (strcmp(control->without[i], name) == 0)
			return true;
	return false;
}

/* The control's stage; the programs themselves stay the scenario's. To free. */
static struct stage_program *stage_of(
    const struct scenario *scenario, const struct scenario_control *control, unsigned *count)
{
	struct stage_program *stage =
	    calloc(scenario->stage_count + control->with_count + 1, sizeof(*stage));

	*count = 0;
	for (unsigned i = 0; stage && i < scenario->stage_count; i++)
		if (!is_left_out(control, scenario->stage[i].name))
			stage[(*count)++] = scenario->stage[i];
	for (unsigned i = 0; stage && i < control->with_count; i++)
		stage[(*count)++] = control->with[i];
	return stage;
}

static void forget(const struct scenario *scenario, const char *path, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *file = control_of(scenario, i) ? file_of(path, names[i], NULL) : NULL;
		if (file)
			unlink(file);
		free(file);
	}
}

static bool play_one(const struct scenario *scenario, size_t which, const char *text,
    const char *file, const char *password, const struct monitor_options *options,
    struct run_end *end, struct error *error)
{
	struct monitor monitor;
	const struct scenario_control *control = control_of(scenario, which);
	struct scenario played = *scenario;
	struct runfile *runfile = NULL;
	char name[256];

	snprintf(name, sizeof(name), "%s, %s control", scenario->name, names[which]);
	played.name = name;
	played.stage = stage_of(scenario, control, &played.stage_count);
	played.controls = (struct scenario_controls){0};
	played.control = names[which];
	played.expect = (struct scenario_expect){0};
	if (control->cycles)
		played.load.cycles = control->cycles;
	if (!played.stage)
		return error_memory(error);
	monitor_begin(&monitor, options, name, played.load.cycles);
	bool good =
	    run_scenario(&played, NULL, text, file, password, &monitor, &runfile, end, error);
	free(played.stage);
	if (good) {
		char *interrupted = runfile_get(runfile, "interrupted");
		if (interrupted)
			good = error_set(error, EXIT_INCONCLUSIVE,
			    "interrupted during the controls, so the run was not played");
		free(interrupted);
	}
	runfile_close(runfile);
	return good || error_prefix(error, "%s control", names[which]);
}

bool controls_play(const struct scenario *scenario, const char *text, const char *path,
    const char *password, const struct monitor_options *options, struct run_end *end,
    struct error *error)
{
	bool good = true;
	size_t played = 0;

	for (; played < NAMES && good; played++) {
		if (!control_of(scenario, played))
			continue;
		char *file = file_of(path, names[played], error);
		/* One that is there already is not ours to remove. */
		if (file && access(file, F_OK) == 0) {
			good = error_set(error, EXIT_USAGE, "%s exists already: remove it", file);
			free(file);
			break;
		}
		good =
		    file && play_one(scenario, played, text, file, password, options, end, error);
		free(file);
	}
	if (!good)
		forget(scenario, path, played);
	return good;
}

bool controls_keep(
    const struct scenario *scenario, const char *path, struct runfile *runfile, struct error *error)
{
	bool good = true;

	for (size_t i = 0; i < NAMES && good; i++) {
		const struct scenario_control *control = control_of(scenario, i);
		char *file;
		if (!control)
			continue;
		file = file_of(path, names[i], error);
		good = file && runfile_add_control(runfile, names[i], control->rate, file, error);
		free(file);
	}
	return good;
}

static bool count_control(
    void *data, const char *name, const char *rate, struct runfile *control, struct error *error)
{
	(void)name;
	(void)rate;
	(void)control;
	(void)error;
	++*(size_t *)data;
	return true;
}

bool controls_find(const struct scenario *scenario, const char *path, struct runfile *runfile,
    bool *beside, struct error *error)
{
	size_t kept = 0;
	bool good = runfile_controls(runfile, count_control, &kept, error);

	*beside = good && kept == 0;
	for (size_t i = 0; i < NAMES && *beside && good; i++) {
		char *file = control_of(scenario, i) ? file_of(path, names[i], error) : NULL;
		if (file && access(file, F_OK) != 0)
			good = error_set(error, EXIT_USAGE,
			    "%s, the %s control of this run, is not there: begin a new run", file,
			    names[i]);
		free(file);
	}
	return good;
}

void controls_forget(const struct scenario *scenario, const char *path)
{
	forget(scenario, path, NAMES);
}
