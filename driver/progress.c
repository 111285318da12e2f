#include "driver/progress.h"

#include <stdio.h>
#include <unistd.h>

#include <jansson.h>

#include "common/duration.h"
#include "common/timestamp.h"
#include "driver/outlet.h"

void progress_init(struct progress *progress, const char *name, uint64_t cycles, bool json)
{
	*progress = (struct progress){
	    .json = json,
	    .line = !json && isatty(STDERR_FILENO),
	    .name = name,
	    .cycles = cycles,
	    .session_id = NUMBER_UNKNOWN,
	    .started = timestamp_monotonic(),
	};
}

void progress_draw(struct progress *progress, const char *doing)
{
	const int64_t now = timestamp_monotonic();
	char id[24] = "-";

	if (!progress->line || now - progress->drawn < SECOND / 10)
		return;
	progress->drawn = now;
	if (progress->session_id != NUMBER_UNKNOWN)
		snprintf(id, sizeof(id), "%lld", (long long)progress->session_id);
	if (doing)
		fprintf(stderr, "\r\033[K%s: %s (%lld s)", progress->name, doing,
		    (long long)((now - progress->started) / SECOND));
	else
		fprintf(stderr,
		    "\r\033[K%s: %s%s%llu of %llu cycles, %llu failed, %llu on, session ID %s, %.1f/s",
		    progress->name, progress->step, progress->step[0] ? ", " : "",
		    (unsigned long long)progress->finished, (unsigned long long)progress->cycles,
		    (unsigned long long)progress->failed, (unsigned long long)progress->held, id,
		    (double)progress->finished * (double)SECOND /
		        (double)(now - progress->started + 1));
	fflush(stderr);
}

void progress_clear(const struct progress *progress)
{
	if (progress->line && progress->drawn)
		fputs("\r\033[K", stderr);
}

/* Prints and releases the event. */
static void print_event(json_t *event)
{
	char time[TIMESTAMP_TEXT];

	if (!event)
		return;
	json_object_set_new(event, "time", json_string(timestamp_format(timestamp_now(), time)));
	outlet_put(json_dumps(event, JSON_COMPACT));
	json_decref(event);
}

void progress_event(struct progress *progress, const char *kind, const char *text, bool loud)
{
	if (progress->json) {
		print_event(json_pack("{s:s, s:s}", "event", kind, "text", text));
	} else if (loud) {
		progress_clear(progress);
		fprintf(stderr, "%s: %s\n", progress->name, text);
	}
}

static json_t *number(int64_t value)
{
	return value == NUMBER_UNKNOWN ? json_null() : json_integer(value);
}

static json_t *phases(const struct cycle *cycle)
{
	json_t *object = json_object();

	for (int phase = 0; phase < PHASE_COUNT; phase++)
		if (cycle->phase_us[phase] != NUMBER_UNKNOWN)
			json_object_set_new(object, phase_names[phase],
			    json_real((double)cycle->phase_us[phase] / 1000));
	return object;
}

void progress_cycle(struct progress *progress, const struct cycle *cycle)
{
	const bool done = cycle->result != CYCLE_RUNNING;

	if (cycle->session_id != NUMBER_UNKNOWN)
		progress->session_id = cycle->session_id;
	if (done) {
		progress->finished++;
		progress->failed += cycle->result == CYCLE_FAILED || cycle->result == CYCLE_LOST;
	}
	if (!progress->json)
		return;
	print_event(json_pack("{s:s, s:I, s:I, s:s, s:s, s:s, s:o, s:s*, s:s*, s:s*, s:o}", "event",
	    done ? "cycle" : "logon", "cycle", (json_int_t)cycle->number, "slot",
	    (json_int_t)cycle->slot, "user", cycle->user, "domain", cycle->domain, "result",
	    cycle_result_names[cycle->result], "session_id", number(cycle->session_id),
	    "failed_phase", cycle->failed_phase, "code", cycle->code, "message", cycle->message,
	    "phases_ms", phases(cycle)));
}
