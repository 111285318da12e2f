#include "driver/monitor/events.h"

#include <jansson.h>

#include "common/json_text.h"
#include "common/timestamp.h"
#include "driver/monitor/outlet.h"

/* Prints and releases the event. */
static void print_event(json_t *event)
{
	char time[TIMESTAMP_TEXT];

	if (!event)
		return;
	json_object_set_new(event, "time", json_string(timestamp_format(timestamp_now(), time)));
	outlet_put(json_to_text(event, JSON_ON_ONE_LINE));
	json_decref(event);
}

void events_happened(const char *kind, const char *text)
{
	print_event(json_pack("{s:s, s:s}", "event", kind, "text", text));
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

void events_cycle(const struct cycle *cycle)
{
	const bool done = cycle->result != CYCLE_RUNNING;

	print_event(json_pack("{s:s, s:I, s:I, s:o, s:o, s:s, s:o, s:s*, s:s*, s:o*, s:o}", "event",
	    done ? "cycle" : "logon", "cycle", (json_int_t)cycle->number, "slot",
	    (json_int_t)cycle->slot, "user", json_of_text(cycle->user), "domain",
	    json_of_text(cycle->domain), "result", cycle_result_names[cycle->result], "session_id",
	    number(cycle->session_id), "failed_phase", cycle->failed_phase, "code", cycle->code,
	    "message", cycle->message ? json_of_text(cycle->message) : NULL, "phases_ms",
	    phases(cycle)));
}
