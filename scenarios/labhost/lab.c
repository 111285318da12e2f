#include "labhost/lab.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/timestamp.h"
#include "labhost/memory.h"

static void note_event(void *data, enum model_event event, const struct nt_session *session)
{
	struct lab *lab = data;

	if (lab->watchers == 0)
		return;
	if (lab->event_count == lab->event_room) {
		lab->event_room = lab->event_room ? 2 * lab->event_room : 16;
		lab->events =
		    memory_resized(lab->events, lab->event_room, sizeof(struct lab_event));
	}
	struct lab_event *made = &lab->events[lab->event_count++];
	*made = (struct lab_event){event, session->id, session->logon->luid, ""};
	snprintf(made->account, sizeof(made->account), "%s\\%s", session->domain, session->user);
}

struct lab *lab_create(const struct model_options *options, struct accounts *accounts,
    const char *host_name, struct error *error)
{
	struct lab *lab = memory_zeroed(1, sizeof(*lab));
	struct model_options with_events = *options;

	lab->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (lab->wake < 0) {
		error_set(error, EXIT_TARGET, "making an event descriptor: %s", strerror(errno));
		free(lab);
		return NULL;
	}
	with_events.notify = note_event;
	with_events.notify_data = lab;
	pthread_mutex_init(&lab->mutex, NULL);
	lab->started = timestamp_now();
	lab->started_monotonic = timestamp_monotonic();
	lab->armed = DUE_NEVER;
	lab->accounts = accounts;
	lab->host_name = host_name;
	lab->model = model_create(&with_events, lab->started);
	return lab;
}

void lab_destroy(struct lab *lab)
{
	if (!lab)
		return;
	model_destroy(lab->model);
	accounts_destroy(lab->accounts);
	pthread_mutex_destroy(&lab->mutex);
	close(lab->wake);
	free(lab->events);
	free(lab);
}

int64_t lab_now(const struct lab *lab)
{
	return lab->started + timestamp_monotonic() - lab->started_monotonic;
}

void lab_lock(struct lab *lab)
{
	pthread_mutex_lock(&lab->mutex);
}

void lab_unlock(struct lab *lab)
{
	const int64_t due = model_next_due(lab->model);
	const bool news = lab->event_count > 0 || due < lab->armed;

	if (due < lab->armed)
		lab->armed = due;
	pthread_mutex_unlock(&lab->mutex);
	if (news)
		lab_wake(lab);
}

void lab_wake(struct lab *lab)
{
	eventfd_write(lab->wake, 1);
}

void lab_order(const struct lab *lab, uint64_t connection, enum peer_order order)
{
	if (lab->order)
		lab->order(lab->order_data, connection, order);
}

struct lab_event *lab_take_events(struct lab *lab, size_t *count)
{
	struct lab_event *events = lab->events;

	*count = lab->event_count;
	lab->events = NULL;
	lab->event_count = 0;
	lab->event_room = 0;
	return events;
}

int lab_run_due(struct lab *lab)
{
	pthread_mutex_lock(&lab->mutex);
	const int64_t now = lab_now(lab);
	model_run_due(lab->model, now);
	lab->armed = model_next_due(lab->model);
	const int64_t left = lab->armed == DUE_NEVER ? -1 : (lab->armed - now + 999) / 1000;
	pthread_mutex_unlock(&lab->mutex);
	return left > INT_MAX ? INT_MAX : (int)left;
}
