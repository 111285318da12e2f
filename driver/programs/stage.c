/* Knows the ready protocol between a scenario's stage programs and the driver. */
#include "driver/programs/programs.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/duration.h"
#include "common/timestamp.h"
#include "evidence/snapshot.h"

#define OUTPUT_MAX 65536
#define LINE_MAX_BYTES 4096
#define GRACE (10 * SECOND)

struct stage {
	const struct scenario *scenario;
	struct command **programs;
	unsigned count; /* started so far */
	char folder[64];
	struct guard *guard; /* NULL: there are no programs */
};

static bool make_folder(struct stage *stage, struct error *error)
{
	const char *parent = getenv("TMPDIR");

	/* A Unix socket's path in it must stay below 108 bytes. */
	if (!parent || parent[0] != '/' || strlen(parent) > 30)
		parent = "/tmp";
	snprintf(stage->folder, sizeof(stage->folder), "%s/leaklab-XXXXXX", parent);
	if (!mkdtemp(stage->folder)) {
		error_set(error, EXIT_TARGET, "cannot make the stage's folder %s: %s",
		    stage->folder, strerror(errno));
		stage->folder[0] = '\0';
		return false;
	}
	setenv("LEAKLAB_STAGE", stage->folder, 1);
	return true;
}

/* Puts "name=value" of program "lab" into the environment as LAB_NAME=value. */
static void export_line(const char *program, const char *line, size_t length)
{
	const char *equals = memchr(line, '=', length);
	char name[128];
	char value[LINE_MAX_BYTES];

	if (!equals || equals == line || length >= sizeof(value))
		return;
	snprintf(name, sizeof(name), "%.40s_%.*s", program, (int)(equals - line), line);
	for (char *at = name; *at; at++)
		*at = isalnum((unsigned char)*at) ? (char)toupper((unsigned char)*at) : '_';
	snprintf(
	    value, sizeof(value), "%.*s", (int)(length - (size_t)(equals + 1 - line)), equals + 1);
	setenv(name, value, 1);
}

/* Reads the whole lines so far. True once there is a "ready". */
static bool read_lines(const struct command *command, const char *program)
{
	size_t length;
	bool truncated;
	const char *line = command_output(command, &length, &truncated);
	const char *newline;

	while ((newline = memchr(line, '\n', length))) {
		const size_t size = (size_t)(newline - line);
		if (size == 5 && memcmp(line, "ready", 5) == 0)
			return true;
		export_line(program, line, size);
		length -= size + 1;
		line = newline + 1;
	}
	return false;
}

static bool ended_error(
    const struct command *command, const struct stage_program *program, struct error *error)
{
	const char *messages = command_messages(command);
	size_t length = strlen(messages);

	while (length > 0 && messages[length - 1] == '\n')
		length--;
	const char *last = memrchr(messages, '\n', length);
	last = last ? last + 1 : messages;
	return error_set(error, EXIT_TARGET, "stage program %s (%s) ended with status %d: %.*s",
	    program->name, program->command, (int)command_status(command),
	    (int)(messages + length - last), last);
}

static bool wait_ready(struct command *command, const struct stage_program *program,
    bool (*cancel)(void *data), void *data, struct error *error)
{
	const int64_t deadline = timestamp_monotonic() + program->timeout.least;

	while (!read_lines(command, program->name)) {
		struct pollfd fds[COMMAND_FDS];

		if (command_finished(command))
			return ended_error(command, program, error);
		if (cancel && cancel(data))
			return error_set(
			    error, EXIT_INCONCLUSIVE, "stopped by hand before the load");
		if (timestamp_monotonic() > deadline)
			return error_set(error, EXIT_TARGET,
			    "stage program %s (%s) printed no line \"ready\" within %.3g s",
			    program->name, program->command,
			    (double)program->timeout.least / (double)SECOND);
		poll(fds, command_fill(command, fds), 100);
		command_serve(command);
	}
	return true;
}

struct stage *stage_create(
    const struct scenario *scenario, bool (*cancel)(void *data), void *data, struct error *error)
{
	struct stage *stage = calloc(1, sizeof(*stage));

	if (stage)
		stage->programs = calloc(scenario->stage_count + 1, sizeof(struct command *));
	if (!stage || !stage->programs) {
		error_memory(error);
		goto failed;
	}
	stage->scenario = scenario;
	if (scenario->stage_count > 0 &&
	    (!make_folder(stage, error) || !(stage->guard = guard_create(stage->folder, error))))
		goto failed;
	for (unsigned i = 0; i < scenario->stage_count; i++) {
		const struct stage_program *program = &scenario->stage[i];
		struct command *command =
		    command_start(program->command, NULL, 0, OUTPUT_MAX, error);

		if (!command)
			goto failed;
		stage->programs[stage->count++] = command;
		guard_watch(stage->guard, command_group(command));
		if (!program->no_ready && !wait_ready(command, program, cancel, data, error))
			goto failed;
	}
	return stage;
failed:
	stage_destroy(stage);
	return NULL;
}

void stage_destroy(struct stage *stage)
{
	if (!stage)
		return;
	while (stage->programs && stage->count > 0) {
		struct command *command = stage->programs[--stage->count];
		command_stop(command, GRACE);
		command_destroy(command);
	}
	if (stage->folder[0])
		folder_remove(stage->folder);
	guard_destroy(stage->guard);
	free(stage->programs);
	free(stage);
}

size_t stage_fill(const struct stage *stage, struct pollfd *fds)
{
	size_t count = 0;

	for (unsigned i = 0; i < stage->count; i++)
		count += command_fill(stage->programs[i], fds + count);
	return count;
}

void stage_serve(struct stage *stage)
{
	for (unsigned i = 0; i < stage->count; i++)
		command_serve(stage->programs[i]);
}

bool stage_stands(const struct stage *stage, struct error *error)
{
	for (unsigned i = 0; i < stage->count; i++)
		if (command_status(stage->programs[i]) != NUMBER_UNKNOWN &&
		    !(stage->scenario->stage[i].no_ready &&
		        command_status(stage->programs[i]) == 0))
			return ended_error(stage->programs[i], &stage->scenario->stage[i], error);
	return true;
}
