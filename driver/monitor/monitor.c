#include "driver/monitor/monitor.h"

#include <stdio.h>

#include "common/duration.h"
#include "common/result_file.h"
#include "common/timestamp.h"
#include "driver/monitor/events.h"
#include "driver/monitor/outlet.h"

#define READER_PATIENCE (3 * SECOND)

void monitor_begin(struct monitor *monitor, const struct monitor_options *options, const char *name,
    uint64_t cycles)
{
	*monitor = (struct monitor){0};
	tally_begin(&monitor->tally, cycles);
	progress_init(&monitor->progress, options->progress, options->every, name, monitor->host);
	monitor->metrics =
	    (struct metrics){.scenario = name, .host = monitor->host, .started = timestamp_now()};
}

void monitor_host(struct monitor *monitor, const char *host)
{
	snprintf(monitor->host, sizeof(monitor->host), "%s", host);
}

bool monitor_open(
    struct monitor *monitor, const struct monitor_options *options, struct error *error)
{
	monitor->events = options->events && result_file_check(options->events, true, error) &&
	                  outlet_open(options->events, error);
	if (options->events && !monitor->events)
		return false;
	monitor->metrics.path = options->metrics;
	/* What cannot be written is found out now. */
	return metrics_write(&monitor->metrics, &monitor->tally, &monitor->view, NULL, error);
}

bool monitor_watch(struct monitor *monitor, const char *path, int64_t needed, struct error *error)
{
	if (!monitor->metrics.path && !progress_wants_outlook(&monitor->progress))
		return true;
	monitor->view.needed = needed;
	monitor->outlook = outlook_create(path, needed, error);
	return monitor->outlook != NULL;
}

void monitor_event(struct monitor *monitor, const char *kind, const char *text, bool loud)
{
	if (monitor->events)
		events_happened(kind, text);
	if (loud)
		progress_say(&monitor->progress, text);
}

void monitor_cycle(struct monitor *monitor, const struct cycle *cycle)
{
	tally_cycle(&monitor->tally, cycle);
	if (monitor->events)
		events_cycle(cycle);
}

void monitor_sample(struct monitor *monitor, bool answered)
{
	monitor->tally.samples++;
	monitor->tally.failed_samples += !answered;
	if (monitor->outlook)
		outlook_ask(monitor->outlook);
}

int64_t monitor_turn(struct monitor *monitor)
{
	if (monitor->outlook)
		outlook_look(monitor->outlook, &monitor->view);
	const int64_t draw = progress_draw(
	    &monitor->progress, &monitor->tally, monitor->outlook ? &monitor->view : NULL);
	struct error error;
	char text[sizeof(error.text) + 64];

	if (!metrics_write(&monitor->metrics, &monitor->tally, &monitor->view, NULL, &error)) {
		snprintf(text, sizeof(text), "%s: no more metrics are written", error.text);
		monitor->metrics.path = NULL;
		monitor_event(monitor, "metrics-failed", text, true);
	}
	const int64_t due = metrics_due(&monitor->metrics);
	return due < draw ? due : draw;
}

void monitor_stop(struct monitor *monitor)
{
	progress_clear(&monitor->progress);
	outlook_destroy(monitor->outlook);
	monitor->outlook = NULL;
}

void monitor_judged(struct monitor *monitor, const struct verdict *verdict)
{
	/* Without a sample nothing is known of what is left. */
	if (monitor->tally.samples > 0)
		outlook_fill(&monitor->view, verdict);
}

bool monitor_close(struct monitor *monitor, const struct metrics_end *end, char *verdict)
{
	struct error error;

	if (!metrics_write(&monitor->metrics, &monitor->tally, &monitor->view, end, &error))
		progress_say(&monitor->progress, error.text);
	outlet_put(verdict);
	return outlet_close(READER_PATIENCE);
}
