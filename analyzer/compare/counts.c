/* What each of many moments counts: handles and tokens by process, logon sessions and tokens by account, sessions and their highest ID. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/array.h"
#include "compare/inside.h"
#include "evidence/identity.h"

/* One thing at one moment. */
struct count {
	enum counted counted;
	int64_t pid, started;
	const char *image, *user, *domain;
	size_t moment;
	int64_t value;
};

struct counts {
	struct count *items;
	size_t count;
};

/* What a moment would show, so that what it does not list is none there. */
struct view {
	int64_t *pids; /* of its processes, sorted */
	size_t pid_count;
	bool tokens, logons, sessions, processes;
};

/* ---- order ---- */

static int text_order(const char *a, const char *b)
{
	return a && b ? strcasecmp(a, b) : (a != NULL) - (b != NULL);
}

/* With or without ".exe". */
static int image_order(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	size_t one = strlen(a), other = strlen(b);
	one -= one > 4 && strcasecmp(a + one - 4, ".exe") == 0 ? 4 : 0;
	other -= other > 4 && strcasecmp(b + other - 4, ".exe") == 0 ? 4 : 0;
	const int order = strncasecmp(a, b, one < other ? one : other);
	return order ? order : (one > other) - (one < other);
}

static int number_order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int thing_order(const struct count *a, const struct count *b)
{
	int order = (int)a->counted - (int)b->counted;
	if (order == 0)
		order = number_order(a->pid, b->pid);
	if (order == 0)
		order = image_order(a->image, b->image);
	if (order == 0)
		order = text_order(a->user, b->user);
	if (order == 0)
		order = text_order(a->domain, b->domain);
	return order ? order : number_order(a->started, b->started);
}

static int count_order(const void *a, const void *b)
{
	const struct count *one = a, *other = b;
	const int order = thing_order(one, other);
	return order ? order : (one->moment > other->moment) - (one->moment < other->moment);
}

static int pid_order(const void *a, const void *b)
{
	return number_order(*(const int64_t *)a, *(const int64_t *)b);
}

/* ---- of a moment ---- */

static bool add(struct counts *counts, struct count count)
{
	if (!array_reserve(&counts->items, counts->count, sizeof *counts->items))
		return false;
	counts->items[counts->count++] = count;
	return true;
}

static bool shows_handles(const struct snapshot *snapshot)
{
	const struct sight *sight = snapshot_sight_of(snapshot, SECTION_HANDLES);
	return sight && sight->extent == EXTENT_WHOLE && !sight->searched_count;
}

static bool shows_logons(const struct snapshot *snapshot)
{
	return snapshot_extent(snapshot, SECTION_LOGON_SESSIONS) > EXTENT_CUT_OFF;
}

static bool is_token(const struct handle *handle)
{
	return handle->type && strcmp(handle->type, "Token") == 0;
}

/* listed: by listings of all handles, where no moment has counts. */
static bool add_processes(
    struct counts *counts, const struct snapshot *snapshot, size_t moment, bool listed)
{
	for (size_t i = 0; i < snapshot->process_count; i++) {
		const struct process *process = &snapshot->processes[i];
		const int64_t value = listed ? process->handles_listed : process->handle_count;
		if (process->exited || value == NUMBER_UNKNOWN ||
		    (listed && !shows_handles(snapshot)))
			continue;
		if (!add(counts, (struct count){.counted = COUNTED_HANDLES,
		                     .pid = process->pid,
		                     .started = process->start_time,
		                     .image = process->image,
		                     .moment = moment,
		                     .value = value}))
			return false;
	}
	return true;
}

/* The same as the last one but for the value; neighbours mostly are. */
static bool add_one(struct counts *counts, size_t from, struct count count)
{
	struct count *last = counts->count > from ? &counts->items[counts->count - 1] : NULL;
	if (!last || thing_order(last, &count) != 0)
		return add(counts, count);
	last->value += count.value;
	return true;
}

static bool add_process_tokens(
    struct counts *counts, const struct snapshot *snapshot, size_t moment)
{
	const size_t from = counts->count;
	bool good = true;
	for (size_t i = 0; good && i < snapshot->handle_count; i++) {
		const struct handle *handle = &snapshot->handles[i];
		if (is_token(handle) && handle->pid != NUMBER_UNKNOWN)
			good = add_one(counts, from,
			    (struct count){.counted = COUNTED_TOKENS,
			        .pid = handle->pid,
			        .started = NUMBER_UNKNOWN,
			        .image = handle->image,
			        .moment = moment,
			        .value = 1});
	}
	return good;
}

/* Where the logon session with a known account is among the sorted; SIZE_MAX: nowhere. */
static size_t find_logon(const struct logon_session *sorted, size_t count, uint64_t luid)
{
	const struct logon_session key = {.luid = luid};
	const struct logon_session *found =
	    count && luid != LUID_UNKNOWN
	        ? bsearch(&key, sorted, count, sizeof *sorted, logon_session_order)
	        : NULL;
	return found && found->user ? (size_t)(found - sorted) : SIZE_MAX;
}

static struct count account_count(
    enum counted counted, const char *user, const char *domain, size_t moment, int64_t value)
{
	return (struct count){.counted = counted,
	    .pid = NUMBER_UNKNOWN,
	    .started = NUMBER_UNKNOWN,
	    .user = user,
	    .domain = domain,
	    .moment = moment,
	    .value = value};
}

/* Whose they are is best known by their logon session; of many handles few have another user. */
static bool add_account_tokens(
    struct counts *counts, const struct snapshot *snapshot, size_t moment)
{
	const size_t logon_count = snapshot->logon_session_count;
	struct logon_session *logons = logons_sorted(snapshot);
	int64_t *tokens = calloc(logon_count + 1, sizeof *tokens);
	bool good = logons && tokens;
	const size_t from = counts->count;
	for (size_t i = 0; good && i < snapshot->handle_count; i++) {
		const struct handle *handle = &snapshot->handles[i];
		if (!is_token(handle))
			continue;
		const size_t at = find_logon(logons, logon_count, handle->luid);
		if (at != SIZE_MAX)
			tokens[at]++;
		else if (handle->user)
			good = add_one(counts, from,
			    account_count(
			        COUNTED_ACCOUNT_TOKENS, handle->user, handle->domain, moment, 1));
	}
	for (size_t i = 0; good && i < logon_count; i++)
		good =
		    !tokens[i] || add(counts, account_count(COUNTED_ACCOUNT_TOKENS, logons[i].user,
		                                  logons[i].domain, moment, tokens[i]));
	free(logons);
	free(tokens);
	return good;
}

static bool add_logons(struct counts *counts, const struct snapshot *snapshot, size_t moment)
{
	for (size_t i = 0; i < snapshot->logon_session_count; i++) {
		const struct logon_session *logon = &snapshot->logon_sessions[i];
		if (logon->user && !add(counts, account_count(COUNTED_LOGONS, logon->user,
		                                    logon->domain, moment, 1)))
			return false;
	}
	return true;
}

static bool add_sessions(struct counts *counts, const struct snapshot *snapshot, size_t moment)
{
	size_t count;
	struct session *sessions = sessions_sorted(snapshot, &count);
	if (!sessions)
		return false;
	struct count of_host = account_count(COUNTED_SESSIONS, NULL, NULL, moment, (int64_t)count);
	bool good = add(counts, of_host);
	of_host.counted = COUNTED_HIGHEST_ID;
	of_host.value = count ? sessions[count - 1].id : NUMBER_UNKNOWN;
	good = good && (of_host.value == NUMBER_UNKNOWN || add(counts, of_host));
	free(sessions);
	return good;
}

static bool view_moment(struct view *view, const struct snapshot *snapshot)
{
	view->tokens = shows_handles(snapshot);
	view->logons = shows_logons(snapshot);
	view->sessions = sessions_whole(snapshot);
	view->processes = snapshot->process_count > 0;
	view->pids = malloc((snapshot->process_count + 1) * sizeof *view->pids);
	for (size_t i = 0; view->pids && i < snapshot->process_count; i++)
		view->pids[view->pid_count++] = snapshot->processes[i].pid;
	if (view->pid_count)
		qsort(view->pids, view->pid_count, sizeof *view->pids, pid_order);
	return view->pids;
}

static bool add_moment(struct counts *counts, const struct snapshot *snapshot,
    const struct view *view, size_t moment, bool listed)
{
	return add_processes(counts, snapshot, moment, listed) &&
	       (!view->tokens || (add_process_tokens(counts, snapshot, moment) &&
	                             add_account_tokens(counts, snapshot, moment))) &&
	       (!view->logons || add_logons(counts, snapshot, moment)) &&
	       (!view->sessions || add_sessions(counts, snapshot, moment));
}

/* Whether listings are what more of the moments have. */
static bool prefer_listed(struct snapshot *const *snapshots, size_t count)
{
	size_t counted = 0, listed = 0;
	for (size_t i = 0; i < count; i++) {
		bool any = false;
		for (size_t j = 0; !any && j < snapshots[i]->process_count; j++)
			any = snapshots[i]->processes[j].handle_count != NUMBER_UNKNOWN;
		counted += any;
		listed += shows_handles(snapshots[i]);
	}
	return listed > counted;
}

/* ---- as series ---- */

/* Whether what the moment does not list of it is zero there. */
static bool is_none(const struct view *view, const struct count *thing)
{
	switch (thing->counted) {
	case COUNTED_TOKENS:
		return view->tokens &&
		       (!view->processes || bsearch(&thing->pid, view->pids, view->pid_count,
		                                sizeof *view->pids, pid_order));
	case COUNTED_ACCOUNT_TOKENS:
		return view->tokens;
	case COUNTED_LOGONS:
		return view->logons;
	default:
		return false;
	}
}

/* Whether the moment would show it if it were there. */
static bool would_show(const struct view *view, enum counted counted)
{
	switch (counted) {
	case COUNTED_TOKENS:
	case COUNTED_ACCOUNT_TOKENS:
		return view->tokens;
	case COUNTED_LOGONS:
		return view->logons;
	case COUNTED_HANDLES:
		return view->processes;
	default:
		return view->sessions;
	}
}

/* Hours since the first moment, if all are known to rise; else their numbers. */
static bool find_times(double *x, struct snapshot *const *snapshots, size_t count)
{
	bool rising = true;
	for (size_t i = 0; i < count; i++)
		rising = rising && snapshots[i]->time != TIMESTAMP_UNKNOWN &&
		         (i == 0 || snapshots[i]->time > snapshots[i - 1]->time);
	for (size_t i = 0; i < count; i++)
		x[i] = rising ? (double)(snapshots[i]->time - snapshots[0]->time) / (double)HOUR
		              : (double)i;
	return rising;
}

/* One thing's counts, sorted by moment. */
static bool add_series(struct series_set *set, const struct count *items, size_t count,
    const struct view *views, const double *x, size_t moments, bool hourly)
{
	struct series *series = series_add(set, moments);
	size_t at = 0;
	if (!series)
		return false;
	series->trail = (struct trail){.counted = items->counted,
	    .pid = items->pid,
	    .image = items[count - 1].image,
	    .user = items->user,
	    .domain = items->domain,
	    .hourly = hourly};
	for (size_t i = 0; i < moments; i++) {
		double value = 0;
		const bool counted = at < count && items[at].moment == i;
		for (; at < count && items[at].moment == i; at++)
			value += (double)items[at].value;
		series->trail.ended = would_show(&views[i], items->counted)
		                          ? !counted && !is_none(&views[i], items)
		                          : series->trail.ended;
		if (!counted && !is_none(&views[i], items))
			continue;
		series->x[series->count] = x[i];
		series->y[series->count++] = value;
	}
	return true;
}

static bool add_all(struct series_set *set, const struct counts *counts,
    struct snapshot *const *snapshots, const struct view *views, size_t moments)
{
	double *x = malloc((moments + 1) * sizeof *x);
	if (!x)
		return false;
	const bool hourly = find_times(x, snapshots, moments);
	bool good = true;
	for (size_t i = 0, end; good && i < counts->count; i = end) {
		for (end = i + 1; end < counts->count &&
		                  thing_order(&counts->items[i], &counts->items[end]) == 0;)
			end++;
		good = add_series(set, &counts->items[i], end - i, views, x, moments, hourly);
	}
	free(x);
	return good;
}

bool counts_find(struct series_set *set, struct snapshot *const *snapshots, size_t count)
{
	struct counts counts = {0};
	struct view *views = calloc(count, sizeof *views);
	const bool listed = prefer_listed(snapshots, count);
	bool good = views;
	for (size_t i = 0; good && i < count; i++)
		good = view_moment(&views[i], snapshots[i]) &&
		       add_moment(&counts, snapshots[i], &views[i], i, listed);
	if (good && counts.count)
		qsort(counts.items, counts.count, sizeof *counts.items, count_order);
	good = good && add_all(set, &counts, snapshots, views, count);
	for (size_t i = 0; views && i < count; i++)
		free(views[i].pids);
	free(views);
	free(counts.items);
	return good;
}
