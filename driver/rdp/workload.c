/* Knows what the end of a command says of its cycle. */
#include "driver/rdp/workload.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "common/duration.h"
#include "common/text.h"
#include "common/timestamp.h"
#include "driver/programs/command.h"

#define LOOK (SECOND / 5)      /* how soon a stop is noticed */
#define END_MOST (25 * SECOND) /* for what does not end when it is told to, see keeper.c */
#define LINE_MOST 200

static atomic_bool stopping;

void workload_stop_all(void)
{
	stopping = true;
}

static void begin(struct report *report, const struct order *order)
{
	memset(report, 0, sizeof(*report));
	report->cycle = order->cycle;
	report->slot = order->slot;
	report->started = timestamp_now();
	report->logged_on = TIMESTAMP_UNKNOWN;
	report->session_id = report->error_info = report->host_clock_offset = NUMBER_UNKNOWN;
	report->exit_status = NUMBER_UNKNOWN;
	report->result = CYCLE_FAILED;
	report->failed_phase = PHASE_HOLD;
	report->account = ACCOUNT_UNTRIED;
	for (int phase = 0; phase < PHASE_COUNT; phase++)
		report->phase_us[phase] = NUMBER_UNKNOWN;
}

static void keep_output(struct report *report, const struct command *command)
{
	size_t length;
	bool truncated;
	const char *output = command_output(command, &length, &truncated);

	text_copy(report->output[0], OUTPUT_KEPT, output, length);
	text_copy(report->output[1], OUTPUT_KEPT, command_messages(command),
	    strlen(command_messages(command)));
	for (int i = 0; i < 2; i++)
		report->printed[i] = command_printed(command, i);
}

/* The last line that it said of itself. */
static const char *last_line(const char *text, char out[LINE_MOST])
{
	size_t end = strlen(text), begin;

	while (end > 0 && strchr("\r\n \t", text[end - 1]))
		end--;
	begin = end;
	while (begin > 0 && text[begin - 1] != '\n')
		begin--;
	const int used = snprintf(out, LINE_MOST, "%s", end > begin ? ": " : "");
	text_copy(out + used, (size_t)(LINE_MOST - used), text + begin, end - begin);
	return out;
}

static void judge_end(struct report *report, const struct setup *setup, bool stopped)
{
	char line[LINE_MOST];

	if (report->exit_status == 0) {
		report->result = CYCLE_RAN;
		report->failed_phase = -1;
	} else if (report->exit_status != NUMBER_UNKNOWN) {
		snprintf(report->code, sizeof(report->code), "EXIT_%d", (int)report->exit_status);
		snprintf(report->message, sizeof(report->message),
		    "the command ended with status %d%s", (int)report->exit_status,
		    last_line(report->output[1], line));
	} else if (stopped) {
		snprintf(report->code, sizeof(report->code), "STOPPED");
		snprintf(
		    report->message, sizeof(report->message), "the command was ended with the run");
	} else {
		snprintf(report->code, sizeof(report->code), "TIMEOUT");
		snprintf(report->message, sizeof(report->message),
		    "the command did not end within %.3g s: it was ended, and all that it had started",
		    (double)setup->workload_timeout / (double)SECOND);
	}
}

/* True if it came to its end by itself. */
static bool wait_for(struct command *command, int64_t deadline)
{
	while (!command_finished(command) && !stopping) {
		const int64_t left = deadline - timestamp_monotonic();
		if (left <= 0)
			return false;
		command_wait(command, left < LOOK ? left : LOOK);
	}
	return command_finished(command);
}

void workload_run(const struct setup *setup, const struct order *order,
    const struct cycle_watch *watch, struct report *report)
{
	const int64_t start = timestamp_monotonic();
	char number[32];
	const struct variable variables[] = {{"LEAKLAB_CYCLE", number}};
	struct error error;

	snprintf(number, sizeof(number), "%lld", (long long)order->cycle);
	begin(report, order);
	watch->connecting(watch->data, NULL); /* there is no connection to wait for */
	struct command *command =
	    command_start_kept(setup->workload, variables, 1, OUTPUT_KEPT, &error);
	if (command) {
		if (wait_for(command, start + setup->workload_timeout))
			report->exit_status = command_status(command);
		else
			command_stop(command, END_MOST);
		keep_output(report, command);
		command_destroy(command);
		judge_end(report, setup, stopping);
	} else {
		snprintf(report->code, sizeof(report->code), "START");
		text_copy(report->message, sizeof(report->message), error.text, strlen(error.text));
	}
	report->phase_us[PHASE_HOLD] = timestamp_monotonic() - start;
	report->ended = timestamp_now();
	report->done = true;
}
