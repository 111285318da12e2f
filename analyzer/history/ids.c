/* Session IDs from 21 to 23, and which of them logons passed over. */
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "history/inside.h"

/* What a session's end still logs of its ID follows at once. */
#define AFTERMATH (INT64_C(60) * 1000000)

#define NONE SIZE_MAX

/* An ID as it is at one moment of the log. */
struct state {
	enum id_use use;
	unsigned era;  /* in another one it is not known */
	unsigned turn; /* one higher whenever it is given or freed */
	int64_t since; /* of its use */
	const struct log_event *logoff;
	size_t life, skip; /* places in the log's lists, or NONE */
};

struct freed {
	int64_t id, time;
	unsigned turn;
};

struct following {
	const struct sequence *sequence;
	struct history_log *log;
	struct boots *boots;
	int64_t before;       /* the time of the event before */
	struct state *states; /* of each ID that a session may have */
	unsigned era; /* the one at hand: those of the log, and those that likely reboots add */
	/* In the order of their logoffs; those before `first` are old enough, and in the heap. */
	struct freed *queue;
	size_t queue_count, first;
	struct freed *heap; /* the lowest ID first */
	size_t heap_count;
};

/* ---- IDs that are free for long, the lowest first ---- */

static void swap(struct freed *heap, size_t a, size_t b)
{
	const struct freed kept = heap[a];
	heap[a] = heap[b];
	heap[b] = kept;
}

static bool heap_push(struct following *following, struct freed freed)
{
	if (!array_reserve(&following->heap, following->heap_count, sizeof *following->heap))
		return false;
	struct freed *heap = following->heap;
	size_t at = following->heap_count++;
	heap[at] = freed;
	for (; at && heap[(at - 1) / 2].id > heap[at].id; at = (at - 1) / 2)
		swap(heap, at, (at - 1) / 2);
	return true;
}

static struct freed heap_pop(struct following *following)
{
	struct freed *heap = following->heap;
	const struct freed top = heap[0];
	heap[0] = heap[--following->heap_count];
	for (size_t at = 0, lower; (lower = 2 * at + 1) < following->heap_count; at = lower) {
		if (lower + 1 < following->heap_count && heap[lower + 1].id < heap[lower].id)
			lower++;
		if (heap[at].id <= heap[lower].id)
			break;
		swap(heap, at, lower);
	}
	return top;
}

/* ---- states ---- */

static void forget(struct following *following)
{
	following->era++;
	following->heap_count = following->queue_count = following->first = 0;
}

/* What is known of the ID now. NULL: memory is out. */
static struct state *state_of(struct following *following, int64_t id)
{
	struct state *state = &following->states[id];
	struct history_log *log = following->log;
	if (state->life == NONE) {
		if (!array_reserve(&log->ids, log->id_count, sizeof *log->ids))
			return NULL;
		state->life = log->id_count++;
		log->ids[state->life] = (struct id_life){
		    .id = id, .first_logon = TIMESTAMP_UNKNOWN, .last_logoff = TIMESTAMP_UNKNOWN};
	}
	if (state->era != following->era) {
		state->use = ID_UNKNOWN;
		state->era = following->era;
		state->skip = NONE;
		state->turn++;
	}
	return state;
}

/* It is somebody's again. */
static void set_given(struct following *following, struct state *state, int64_t time)
{
	if (state->skip != NONE)
		following->log->skips[state->skip].again = time;
	state->skip = NONE;
	state->turn++;
}

static bool note_skip(
    struct following *following, const struct freed *freed, int64_t time, int64_t given)
{
	struct history_log *log = following->log;
	struct state *state = &following->states[freed->id];
	if (!array_reserve(&log->skips, log->skip_count, sizeof *log->skips))
		return false;
	state->skip = log->skip_count;
	log->skips[log->skip_count++] = (struct id_skip){.id = freed->id,
	    .user = state->logoff->user,
	    .domain = state->logoff->domain,
	    .freed = freed->time,
	    .since = time,
	    .given = given,
	    .again = TIMESTAMP_UNKNOWN};
	return true;
}

/* A logon was given this ID: those below it that are free for long were passed over. */
static bool find_skips(struct following *following, int64_t id, int64_t time)
{
	for (; following->first < following->queue_count; following->first++) {
		const struct freed *freed = &following->queue[following->first];
		if (time - freed->time < following->log->wait)
			break;
		if (!heap_push(following, *freed))
			return false;
	}
	while (following->heap_count && following->heap[0].id < id) {
		const struct freed freed = heap_pop(following);
		const struct state *state = &following->states[freed.id];
		if (state->turn == freed.turn && state->use == ID_FREE &&
		    !note_skip(following, &freed, time, id))
			return false;
	}
	return true;
}

/* ---- events ---- */

static bool take_logon(struct following *following, struct state *state, const struct item *item)
{
	const struct log_event *event = item->event;
	struct history_log *log = following->log;
	if (state->use == ID_IN_USE) {
		const struct history_break reboot = {.kind = BREAK_POSSIBLE_BOOT,
		    .before = following->before,
		    .time = item->time,
		    .id = event->session_id};
		const struct boot boot = {log, item->time, true};
		forget(following);
		if (!log_add_break(log, reboot) || !boots_add(following->boots, boot) ||
		    !state_of(following, event->session_id))
			return false;
	}
	set_given(following, state, item->time);
	state->use = ID_IN_USE;
	state->since = item->time;
	struct id_life *life = &log->ids[state->life];
	life->logons++;
	life->user = event->user;
	life->domain = event->domain;
	if (life->first_logon == TIMESTAMP_UNKNOWN)
		life->first_logon = item->time;
	log->session_logons++;
	return find_skips(following, event->session_id, item->time);
}

static bool take_logoff(struct following *following, struct state *state, const struct item *item)
{
	const struct log_event *event = item->event;
	struct id_life *life = &following->log->ids[state->life];
	if (state->use != ID_IN_USE)
		life->lost++;
	if (state->use == ID_FREE) /* its logon is missing, so that it was given */
		set_given(following, state, item->time);
	state->use = ID_FREE;
	state->turn++;
	state->since = item->time;
	state->logoff = event;
	life->logoffs++;
	life->last_logoff = item->time;
	life->user = event->user;
	life->domain = event->domain;
	following->log->session_logoffs++;
	if (!array_reserve(&following->queue, following->queue_count, sizeof *following->queue))
		return false;
	following->queue[following->queue_count++] =
	    (struct freed){event->session_id, item->time, state->turn};
	return true;
}

/* Of a session that is there already, or that nobody logs on in. */
static void take_sign(
    struct following *following, struct state *state, const struct item *item, enum id_use use)
{
	if (state->use == ID_IN_USE)
		return;
	if (state->use == ID_FREE)
		set_given(following, state, item->time);
	state->use = use;
	state->since = item->time;
}

static bool take_event(struct following *following, const struct item *item)
{
	const enum event_kind kind = event_kind_of(item->event);
	const int64_t id = item->event->session_id;
	if (kind < EVENT_SESSION_LOGON || kind > EVENT_SESSION_CONNECT ||
	    item->time == TIMESTAMP_UNKNOWN || id < 0 || id >= SESSION_ID_LISTENERS)
		return true;
	struct state *state = state_of(following, id);
	if (!state)
		return false;
	switch (kind) {
	case EVENT_SESSION_LOGON:
		return take_logon(following, state, item);
	case EVENT_SESSION_LOGOFF:
		return take_logoff(following, state, item);
	case EVENT_SESSION_SHELL:
	case EVENT_SESSION_RECONNECT:
		take_sign(following, state, item, ID_IN_USE);
		return true;
	case EVENT_SESSION_CONNECT:
		take_sign(following, state, item, ID_UNKNOWN);
		return true;
	default:
		following->log->disconnects++;
		if (state->use == ID_FREE && item->time - state->since > AFTERMATH)
			take_sign(following, state, item, ID_UNKNOWN);
		return true;
	}
}

static int by_id(const void *a, const void *b)
{
	const struct id_life *left = a, *right = b;
	return (left->id > right->id) - (left->id < right->id);
}

static int by_time(const void *a, const void *b)
{
	const struct history_break *left = a, *right = b;
	return (left->time > right->time) - (left->time < right->time);
}

/* What is true at the log's end. */
static void conclude(const struct following *following)
{
	struct history_log *log = following->log;
	for (size_t i = 0; i < log->id_count; i++) {
		const struct state *state = &following->states[log->ids[i].id];
		log->ids[i].use = state->era == following->era ? state->use : ID_UNKNOWN;
	}
	if (log->id_count)
		qsort(log->ids, log->id_count, sizeof *log->ids, by_id);
	if (log->break_count)
		qsort(log->breaks, log->break_count, sizeof *log->breaks, by_time);
}

bool ids_follow(const struct sequence *sequence, struct boots *boots)
{
	struct following following = {.sequence = sequence,
	    .log = sequence->log,
	    .boots = boots,
	    .before = TIMESTAMP_UNKNOWN,
	    .states = calloc(SESSION_ID_LISTENERS, sizeof *following.states)};
	bool good = following.states;
	unsigned era = 0;
	for (size_t i = 0; good && i < SESSION_ID_LISTENERS; i++)
		following.states[i].life = following.states[i].skip = NONE;
	for (size_t i = 0; good && i < sequence->count; i++) {
		const struct item *item = &sequence->items[i];
		if (item->era != era)
			forget(&following);
		era = item->era;
		good = take_event(&following, item);
		if (item->time != TIMESTAMP_UNKNOWN)
			following.before = item->time;
	}
	if (good)
		conclude(&following);
	free(following.states);
	free(following.queue);
	free(following.heap);
	return good;
}
