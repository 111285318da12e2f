/* What happened during the run, as the driver noted it. */
#include "report/fields.h"

#include <stdlib.h>
#include <string.h>

#include "common/array.h"

struct gathering {
	struct report *report;
	bool failed;
};

static void add_event(void *data, int64_t time, const char *kind, const char *text)
{
	struct gathering *gathering = data;
	struct report *report = gathering->report;
	if (!array_reserve(&report->events, report->event_count, sizeof *report->events)) {
		gathering->failed = true;
		return;
	}
	struct event *event = &report->events[report->event_count++];
	*event = (struct event){time, strdup(kind ? kind : ""), strdup(text ? text : "")};
	gathering->failed |= !event->kind || !event->text;
}

bool events_gather(struct report *report, struct runfile *runfile, struct error *error)
{
	struct gathering gathering = {.report = report};
	if (!runfile_events(runfile, add_event, &gathering, error))
		return false;
	return !gathering.failed || error_memory(error);
}
