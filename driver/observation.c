#include "observation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "common/text.h"
#include "common/timestamp.h"
#include "common/duration.h"
#include "readers/reader.h"

#define OUTPUT_MAX (512u << 20) /* handle listings of busy hosts reach 200 MB */

struct look {
	const struct observer *observer;
	struct command *command;
	int64_t started; /* timestamps */
	int64_t ended;
	int64_t deadline; /* monotonic */
	bool overdue;
};

struct observation {
	enum mark mark;
	int64_t round;
	int64_t cycle;
	struct look *looks;
	unsigned count;
};

struct observation *observation_start(const struct scenario *scenario, enum mark mark,
    int64_t round, int64_t cycle, struct error *error)
{
	struct observation *observation = calloc(1, sizeof(*observation));

	if (observation)
		observation->looks =
		    calloc(scenario->observers_count + 1, sizeof(*observation->looks));
	if (!observation || !observation->looks) {
		error_set(error, EXIT_TARGET, "out of memory");
		free(observation);
		return NULL;
	}
	observation->mark = mark;
	observation->round = round;
	observation->cycle = cycle;
	for (unsigned i = 0; i < scenario->observers_count; i++) {
		const struct observer *observer = &scenario->observers[i];
		const struct variable variables[] = {{"LEAKLAB_MARK", mark_names[mark]}};
		struct look *look = &observation->looks[i];

		look->observer = observer;
		look->started = timestamp_now();
		look->deadline = timestamp_monotonic() + observer->timeout.least;
		look->command = command_start(observer->command, variables, 1, OUTPUT_MAX, error);
		if (!look->command) {
			observation_destroy(observation);
			return NULL;
		}
		observation->count++;
	}
	return observation;
}

void observation_destroy(struct observation *observation)
{
	if (!observation)
		return;
	for (unsigned i = 0; i < observation->count; i++)
		command_destroy(observation->looks[i].command);
	free(observation->looks);
	free(observation);
}

size_t observation_fill(const struct observation *observation, struct pollfd *fds)
{
	size_t count = 0;

	for (unsigned i = 0; i < observation->count; i++)
		count += command_fill(observation->looks[i].command, fds + count);
	return count;
}

bool observation_serve(struct observation *observation)
{
	bool all = true;

	for (unsigned i = 0; i < observation->count; i++) {
		struct look *look = &observation->looks[i];
		if (look->ended)
			continue;
		command_serve(look->command);
		if (!command_finished(look->command) && timestamp_monotonic() >= look->deadline) {
			look->overdue = true;
			command_stop(look->command, SECOND);
		}
		if (command_finished(look->command) || look->overdue)
			look->ended = timestamp_now();
		else
			all = false;
	}
	return all;
}

int64_t observation_deadline(const struct observation *observation)
{
	int64_t next = INT64_MAX;

	for (unsigned i = 0; i < observation->count; i++)
		if (!observation->looks[i].ended && observation->looks[i].deadline < next)
			next = observation->looks[i].deadline;
	return next;
}

/* By a signal, or ssh (255) when the connection is lost. */
static bool broke_off(const struct command *command)
{
	return command_status(command) >= 128;
}

/* quser ends with 1 even on success: what can be read counts, whatever other status. */
static struct snapshot *read_look(const struct look *look, char problem[512])
{
	struct error error = {0};
	struct snapshot *snapshot;
	size_t length;
	bool truncated;
	const char *output = command_output(look->command, &length, &truncated);
	const char *messages = command_messages(look->command);

	if (look->overdue) {
		snprintf(problem, 512, "observer %s (%s) did not end within %.3g s",
		    look->observer->name, look->observer->command,
		    (double)look->observer->timeout.least / (double)SECOND);
		return NULL;
	}
	if (broke_off(look->command)) {
		snprintf(problem, 512,
		    "observer %s (%s) broke off (status %d): what it printed may not be all",
		    look->observer->name, look->observer->command,
		    (int)command_status(look->command));
		return NULL;
	}
	if (truncated) {
		snprintf(problem, 512, "observer %s printed more than %u MiB", look->observer->name,
		    OUTPUT_MAX >> 20);
		return NULL;
	}
	snapshot = evidence_read(output, length, look->observer->name, NULL, &error);
	if (!snapshot)
		snprintf(problem, 512,
		    "observer %s (%.100s) gave no snapshot (status %d)%s%.*s: %.200s",
		    look->observer->name, look->observer->command,
		    (int)command_status(look->command), *messages ? ": " : "",
		    (int)strcspn(messages, "\n") < 120 ? (int)strcspn(messages, "\n") : 120,
		    messages, error.text);
	return snapshot;
}

bool observation_store(struct observation *observation, struct runfile *runfile, char problem[512],
    struct error *error)
{
	bool stored = true;

	if (problem)
		problem[0] = '\0';
	for (unsigned i = 0; i < observation->count && stored; i++) {
		const struct look *look = &observation->looks[i];
		char why[512] = "";
		struct snapshot *snapshot = read_look(look, why);
		bool truncated;
		struct capture capture = {
		    .mark = observation->mark,
		    .round = observation->round,
		    .cycle = observation->cycle,
		    .observer = look->observer->name,
		    .command = look->observer->command,
		    .started = look->started,
		    .ended = look->ended,
		    .exit_status = look->overdue ? NUMBER_UNKNOWN : command_status(look->command),
		    .messages = command_messages(look->command),
		    .problem = why[0] ? why : NULL,
		};

		text_make_safe(why);
		capture.output = command_output(look->command, &capture.output_length, &truncated);
		stored = runfile_add_capture(runfile, &capture, snapshot, error);
		snapshot_destroy(snapshot);
		if (problem && !problem[0])
			memcpy(problem, why, sizeof(why));
	}
	return stored;
}
