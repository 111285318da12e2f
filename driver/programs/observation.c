/* Knows one sample of the host: all observers of the scenario at one moment. */
#include "driver/programs/programs.h"
#include "driver/programs/remedy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/duration.h"
#include "common/text.h"
#include "common/timestamp.h"
#include "readers/reader.h"

#define OUTPUT_MAX ((size_t)RUNFILE_OUTPUT_MAX) /* handle listings of busy hosts reach 200 MB */

#define END_GRACE (2 * SECOND) /* for a program that stays, when its input has ended */

struct observers {
	const struct scenario *scenario;
	struct command **staying; /* by observer; NULL: not started, or ended */
};

struct request {
	const struct observer *observer;
	struct command *command;
	struct command **staying; /* where it is kept; NULL: the command is the request's own */
	int64_t started;          /* timestamps */
	int64_t ended;
	int64_t deadline; /* monotonic */
	bool overdue;
};

struct observation {
	enum mark mark;
	int64_t round;
	int64_t cycle;
	struct request *requests;
	unsigned count;
	bool left_out; /* some output is not in the run file */
};

struct observers *observers_create(const struct scenario *scenario)
{
	struct observers *observers = calloc(1, sizeof(*observers));

	if (!observers)
		return NULL;
	observers->scenario = scenario;
	observers->staying = calloc(scenario->observers_count + 1, sizeof(*observers->staying));
	if (observers->staying)
		return observers;
	free(observers);
	return NULL;
}

void observers_destroy(struct observers *observers)
{
	if (!observers)
		return;
	for (unsigned i = 0; i < observers->scenario->observers_count; i++) {
		struct command *command = observers->staying[i];

		if (!command)
			continue;
		command_hang_up(command);
		command_wait(command, END_GRACE);
		command_destroy(command);
	}
	free(observers->staying);
	free(observers);
}

/* Of a program that stays: a lost one is started again. */
static bool ask(struct request *request, const char *mark, struct error *error)
{
	char line[64];

	snprintf(line, sizeof(line), "%s\n", mark);
	for (int tries = 0; tries < 2; tries++) {
		if (!*request->staying)
			*request->staying = command_start_talking(
			    request->observer->session, NULL, 0, OUTPUT_MAX, error);
		if (!*request->staying)
			return false;
		if (command_ask(*request->staying, line) &&
		    command_status(*request->staying) == NUMBER_UNKNOWN)
			break;
		command_destroy(*request->staying);
		*request->staying = NULL;
	}
	request->command = *request->staying;
	return request->command ||
	       error_set(error, EXIT_TARGET, "observer %s (%s) ends as soon as it is started",
	           request->observer->name, request->observer->session);
}

struct observation *observation_start(
    struct observers *observers, enum mark mark, int64_t round, int64_t cycle, struct error *error)
{
	const struct scenario *scenario = observers->scenario;
	struct observation *observation = calloc(1, sizeof(*observation));

	if (observation)
		observation->requests =
		    calloc(scenario->observers_count + 1, sizeof(*observation->requests));
	if (!observation || !observation->requests) {
		error_memory(error);
		free(observation);
		return NULL;
	}
	observation->mark = mark;
	observation->round = round;
	observation->cycle = cycle;
	for (unsigned i = 0; i < scenario->observers_count; i++) {
		const struct observer *observer = &scenario->observers[i];
		const struct variable variables[] = {{"LEAKLAB_MARK", mark_names[mark]}};
		struct request *request = &observation->requests[i];

		request->observer = observer;
		request->staying = observer->session ? &observers->staying[i] : NULL;
		request->started = timestamp_now();
		request->deadline = timestamp_monotonic() + observer->timeout.least;
		if (!request->staying)
			request->command =
			    command_start(observer->command, variables, 1, OUTPUT_MAX, error);
		if (request->staying ? !ask(request, mark_names[mark], error) : !request->command) {
			observation_destroy(observation);
			return NULL;
		}
		observation->count++;
	}
	return observation;
}

/* One that did not answer, or ended, is not asked again: another one is started for the next sample. */
static void end_request(struct request *request)
{
	if (!request->staying)
		command_destroy(request->command);
	else if (!request->ended || request->overdue ||
	         command_status(request->command) != NUMBER_UNKNOWN) {
		command_destroy(request->command);
		*request->staying = NULL;
	}
}

void observation_destroy(struct observation *observation)
{
	if (!observation)
		return;
	for (unsigned i = 0; i < observation->count; i++)
		end_request(&observation->requests[i]);
	free(observation->requests);
	free(observation);
}

size_t observation_fill(const struct observation *observation, struct pollfd *fds)
{
	size_t count = 0;

	for (unsigned i = 0; i < observation->count; i++)
		count += command_fill(observation->requests[i].command, fds + count);
	return count;
}

bool observation_serve(struct observation *observation)
{
	bool all = true;

	for (unsigned i = 0; i < observation->count; i++) {
		struct request *request = &observation->requests[i];
		if (request->ended)
			continue;
		command_serve(request->command);
		if (!command_finished(request->command) &&
		    timestamp_monotonic() >= request->deadline) {
			request->overdue = true;
			command_stop(request->command, SECOND);
		}
		if (command_finished(request->command) || request->overdue ||
		    (request->staying && command_answered(request->command)))
			request->ended = timestamp_now();
		else
			all = false;
	}
	return all;
}

int64_t observation_deadline(const struct observation *observation)
{
	int64_t next = INT64_MAX;

	for (unsigned i = 0; i < observation->count; i++)
		if (!observation->requests[i].ended && observation->requests[i].deadline < next)
			next = observation->requests[i].deadline;
	return next;
}

/* By a signal, or ssh (255) when the connection is lost; a program that stays must not end at all. */
static bool broke_off(const struct request *request)
{
	return request->staying ? !command_answered(request->command)
	                        : command_status(request->command) >= 128;
}

static const char *text_of(const struct observer *observer)
{
	return observer->session ? observer->session : observer->command;
}

/* What the observer said last, and what to do about it. */
static void add_last_words(char problem[PROBLEM_TEXT], const char *messages)
{
	char words[LAST_WORDS];
	const char *remedy = remedy_for(messages);
	const size_t used = strlen(problem);

	if (*last_words(messages, words))
		snprintf(problem + used, PROBLEM_TEXT - used, ": \"%s\"%s%s", words,
		    remedy ? ": " : "", remedy ? remedy : "");
}

/* quser ends with 1 even on success: what can be read counts, whatever other status. */
static struct snapshot *read_answer(const struct request *request, char problem[PROBLEM_TEXT])
{
	struct error error = {0};
	struct snapshot *snapshot;
	size_t length;
	bool truncated;
	const char *output = command_output(request->command, &length, &truncated);
	const char *messages = command_messages(request->command);

	if (request->overdue) {
		snprintf(problem, PROBLEM_TEXT, "observer %s (%.150s) did not %s within %.3g s",
		    request->observer->name, text_of(request->observer),
		    request->staying ? "answer" : "end",
		    (double)request->observer->timeout.least / (double)SECOND);
		add_last_words(problem, messages);
		return NULL;
	}
	if (broke_off(request)) {
		snprintf(problem, PROBLEM_TEXT, "observer %s (%.150s) broke off (status %d)",
		    request->observer->name, text_of(request->observer),
		    (int)command_status(request->command));
		add_last_words(problem, messages);
		return NULL;
	}
	if (truncated) {
		snprintf(problem, PROBLEM_TEXT, "observer %s printed more than %zu MiB",
		    request->observer->name, OUTPUT_MAX >> 20);
		return NULL;
	}
	snapshot = evidence_read(output, length, request->observer->name, NULL, &error);
	if (!snapshot) {
		snprintf(problem, PROBLEM_TEXT,
		    "observer %s (%.100s) gave no snapshot (status %d): %.200s",
		    request->observer->name, text_of(request->observer),
		    (int)command_status(request->command), error.text);
		add_last_words(problem, messages);
	}
	return snapshot;
}

bool observation_store(struct observation *observation, struct runfile *runfile,
    char problem[PROBLEM_TEXT], struct error *error)
{
	bool stored = true;

	if (problem)
		problem[0] = '\0';
	for (unsigned i = 0; i < observation->count && stored; i++) {
		const struct request *request = &observation->requests[i];
		char why[PROBLEM_TEXT] = "";
		struct snapshot *snapshot = read_answer(request, why);
		bool truncated;
		struct capture capture = {
		    .mark = observation->mark,
		    .round = observation->round,
		    .cycle = observation->cycle,
		    .observer = request->observer->name,
		    .command = text_of(request->observer),
		    .started = request->started,
		    .ended = request->ended,
		    .exit_status =
		        request->overdue ? NUMBER_UNKNOWN : command_status(request->command),
		    .messages = command_messages(request->command),
		    .problem = why[0] ? why : NULL,
		};

		text_make_safe(why);
		capture.output =
		    command_output(request->command, &capture.output_length, &truncated);
		stored = runfile_add_capture(runfile, &capture, snapshot, error);
		observation->left_out |= capture.output_left_out;
		snapshot_destroy(snapshot);
		if (problem && !problem[0])
			memcpy(problem, why, sizeof(why));
	}
	return stored;
}

bool observation_left_out(const struct observation *observation)
{
	return observation->left_out;
}
