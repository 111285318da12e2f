/* Finds in a sample what is asked of it again and again: a million handles tell of some hundreds of logon sessions. */
#include "leak/view.h"

#include <stdlib.h>
#include <string.h>

#include "common/order.h"
#include "evidence/identity.h"

static int session_order(const void *a, const void *b)
{
	const struct session *left = a, *right = b;
	return (left->id > right->id) - (left->id < right->id);
}

/* What handles tell of logon sessions: a hash table by LUID. Handles are a million, logon sessions some hundreds. */
struct shown {
	struct logon_session *slots; /* LUID_UNKNOWN: free */
	size_t count, room;          /* a power of two */
};

static struct logon_session *find_shown(const struct shown *shown, uint64_t luid)
{
	const uint64_t mixed = luid * UINT64_C(0x9e3779b97f4a7c15);
	size_t at = (size_t)(mixed ^ mixed >> 32) & (shown->room - 1);
	while (shown->slots[at].luid != LUID_UNKNOWN && shown->slots[at].luid != luid)
		at = (at + 1) & (shown->room - 1);
	return &shown->slots[at];
}

static bool grow_shown(struct shown *shown)
{
	struct shown larger = {.count = shown->count, .room = shown->room ? shown->room * 2 : 256};
	larger.slots = malloc(larger.room * sizeof *larger.slots);
	if (!larger.slots)
		return false;
	for (size_t i = 0; i < larger.room; i++)
		record_clear(&logon_session_record, &larger.slots[i]);
	for (size_t i = 0; i < shown->room; i++) {
		if (shown->slots[i].luid != LUID_UNKNOWN)
			*find_shown(&larger, shown->slots[i].luid) = shown->slots[i];
	}
	free(shown->slots);
	*shown = larger;
	return true;
}

static bool collect_shown(
    struct shown *shown, const struct leak *leak, const struct snapshot *sample)
{
	struct logon_session *logon = NULL;
	for (size_t i = 0; i < rows_count(leak, sample); i++) {
		const struct handle *handle = rows_at(leak, sample, i);
		if (handle->luid == LUID_UNKNOWN || handle->luid == 0)
			continue;
		if (!logon || logon->luid != handle->luid) {
			if (2 * shown->count >= shown->room && !grow_shown(shown))
				return false;
			logon = find_shown(shown, handle->luid);
			shown->count += logon->luid == LUID_UNKNOWN;
			logon->luid = handle->luid;
		}
		if (!logon->user) {
			logon->user = handle->user;
			logon->domain = handle->domain;
		}
		if (logon->session_id == NUMBER_UNKNOWN)
			logon->session_id = handle->session_id;
	}
	return true;
}

/* The logon sessions by LUID, and behind them those that only handles show. */
static bool collect_logons(struct view *view)
{
	const struct snapshot *sample = view->sample;
	const size_t listed = sample->logon_session_count;
	struct shown shown = {0};
	size_t kept = listed;
	if (collect_shown(&shown, view->leak, sample))
		view->logons = malloc((listed + shown.count + 1) * sizeof *view->logons);
	if (view->logons && listed) {
		memcpy(view->logons, sample->logon_sessions, listed * sizeof *view->logons);
		qsort(view->logons, listed, sizeof *view->logons, logon_session_order);
	}
	for (size_t i = 0; view->logons && i < shown.room; i++) {
		const struct logon_session *logon = &shown.slots[i];
		if (logon->luid != LUID_UNKNOWN &&
		    !(listed &&
		        bsearch(logon, view->logons, listed, sizeof *logon, logon_session_order)))
			view->logons[kept++] = *logon;
	}
	free(shown.slots);
	if (kept > listed)
		qsort(view->logons + listed, kept - listed, sizeof *view->logons,
		    logon_session_order);
	view->listed = listed;
	view->count = kept;
	return view->logons;
}

static bool collect_sessions(struct view *view)
{
	const struct snapshot *sample = view->sample;
	const struct sight *sight = snapshot_sight_of(sample, SECTION_SESSIONS);
	view->sessions = malloc((sample->session_count + 1) * sizeof *view->sessions);
	for (size_t i = 0; view->sessions && i < sample->session_count; i++) {
		if (!session_is_listener(&sample->sessions[i]))
			view->sessions[view->session_count++] = sample->sessions[i];
	}
	if (view->session_count)
		qsort(view->sessions, view->session_count, sizeof *view->sessions, session_order);
	view->counted = sight && sight->rows != NUMBER_UNKNOWN;
	return view->sessions;
}

static bool collect_running(struct view *view)
{
	const struct snapshot *sample = view->sample;
	view->running = malloc((sample->process_count + 1) * sizeof *view->running);
	for (size_t i = 0; view->running && i < sample->process_count; i++) {
		if (sample->processes[i].luid != LUID_UNKNOWN && !sample->processes[i].exited)
			view->running[view->running_count++] = sample->processes[i].luid;
	}
	if (view->running_count)
		qsort(view->running, view->running_count, sizeof *view->running, order_of_luids);
	view->running_known = view->running_count > 0 && snapshot_whole(sample, SECTION_PROCESSES);
	return view->running;
}

int view_by_id(const void *a, const void *b)
{
	const struct logon_session *left = *(const struct logon_session *const *)a,
	                           *right = *(const struct logon_session *const *)b;
	if (left->session_id != right->session_id)
		return left->session_id < right->session_id ? -1 : 1;
	return logon_session_order(left, right);
}

int view_by_user(const void *a, const void *b)
{
	const struct logon_session *left = *(const struct logon_session *const *)a,
	                           *right = *(const struct logon_session *const *)b;
	const int order = account_user_order(left->user, right->user);
	return order ? order : logon_session_order(left, right);
}

static bool collect_remote(struct view *view)
{
	view->by_id = malloc((view->count + 1) * 2 * sizeof *view->by_id);
	if (!view->by_id)
		return false;
	for (size_t i = 0; i < view->listed; i++) {
		const struct logon_session *logon = &view->sample->logon_sessions[i];
		if (logon->session_id > 0 && logon->user && !logon->disputed &&
		    logon_is_remote(logon))
			view->by_id[view->remote_count++] = logon;
	}
	view->by_user = view->by_id + view->count + 1;
	memcpy(view->by_user, view->by_id, view->remote_count * sizeof *view->by_user);
	if (view->remote_count)
		qsort(view->by_id, view->remote_count, sizeof *view->by_id, view_by_id);
	return true;
}

/* By user only orphans are searched for, of which most samples have none. */
void view_sort_by_user(struct view *view)
{
	if (!view->by_user_sorted && view->remote_count)
		qsort(view->by_user, view->remote_count, sizeof *view->by_user, view_by_user);
	view->by_user_sorted = true;
}

void view_deinit(struct view *view)
{
	free(view->logons);
	free(view->sessions);
	free(view->running);
	free(view->by_id);
}

const struct session *view_session(const struct view *view, int64_t id)
{
	const struct session key = {.id = id};
	return view->session_count
	           ? bsearch(&key, view->sessions, view->session_count, sizeof key, session_order)
	           : NULL;
}

bool view_runs(const struct view *view, uint64_t luid)
{
	return view->running_count &&
	       bsearch(&luid, view->running, view->running_count, sizeof luid, order_of_luids);
}

int left_order(const void *a, const void *b)
{
	const struct left_logon *left = a, *right = b;
	return (left->luid > right->luid) - (left->luid < right->luid);
}

struct left_logon *left_find(const struct leak *leak, size_t known, uint64_t luid)
{
	const struct left_logon key = {.luid = luid};
	return known ? bsearch(&key, leak->logons, known, sizeof key, left_order) : NULL;
}

size_t view_first_remote(const struct view *view, int64_t id, uint64_t above)
{
	const struct logon_session key = {.session_id = id, .luid = above};
	const struct logon_session *sought = &key;
	size_t low = 0, high = view->remote_count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (view_by_id(&view->by_id[middle], &sought) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool view_make(struct view *view)
{
	return collect_logons(view) && collect_sessions(view) && collect_running(view) &&
	       collect_remote(view);
}
