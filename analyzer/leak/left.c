/* Which logon sessions outlived their session, sample by sample, and since when at least. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/array.h"
#include "common/intern.h"
#include "common/order.h"
#include "evidence/identity.h"
#include "leak/inside.h"

/* The sample at hand, and what is asked of it again and again. */
struct view {
	struct leak *leak;
	size_t known; /* logon sessions of earlier samples */
	const struct snapshot *sample;
	int64_t time, offset;
	struct logon_session *logons; /* of the list and of handles, by LUID */
	size_t count, listed;
	struct session *sessions; /* by ID, without listeners */
	size_t session_count;
	uint64_t *running; /* LUIDs of processes, sorted */
	size_t running_count;
	bool running_known;                            /* whose processes run is known */
	bool counted;                                  /* lost rows of sessions would show */
	const struct logon_session **by_id, **by_user; /* remote logons, later ones last */
	size_t remote_count;
	bool by_user_sorted;
};

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

static int by_id_order(const void *a, const void *b)
{
	const struct logon_session *left = *(const struct logon_session *const *)a,
	                           *right = *(const struct logon_session *const *)b;
	if (left->session_id != right->session_id)
		return left->session_id < right->session_id ? -1 : 1;
	return logon_session_order(left, right);
}

static int by_user_order(const void *a, const void *b)
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
		qsort(view->by_id, view->remote_count, sizeof *view->by_id, by_id_order);
	return true;
}

/* By user only orphans are searched for, of which most samples have none. */
static void sort_by_user(struct view *view)
{
	if (!view->by_user_sorted && view->remote_count)
		qsort(view->by_user, view->remote_count, sizeof *view->by_user, by_user_order);
	view->by_user_sorted = true;
}

static void view_deinit(struct view *view)
{
	free(view->logons);
	free(view->sessions);
	free(view->running);
	free(view->by_id);
}

static const struct session *session_of(const struct view *view, int64_t id)
{
	const struct session key = {.id = id};
	return view->session_count
	           ? bsearch(&key, view->sessions, view->session_count, sizeof key, session_order)
	           : NULL;
}

static bool runs(const struct view *view, uint64_t luid)
{
	return view->running_count &&
	       bsearch(&luid, view->running, view->running_count, sizeof luid, order_of_luids);
}

static enum fate unsure(enum unsure *reason, enum unsure why)
{
	*reason = why;
	return FATE_UNSURE;
}

/* A logon session in no RDS session. Those of services and scheduled tasks live as long as their processes. */
static enum fate fate_without_session(
    const struct view *view, const struct logon_session *logon, bool watched, enum unsure *reason)
{
	if (!view->leak->terms.is_watched || !watched)
		return FATE_ALIVE;
	if (!view->running_known)
		return unsure(reason, UNSURE_PROCESSES_UNSEEN);
	return runs(view, logon->luid) ? FATE_ALIVE : FATE_ORPHAN;
}

/* The place of the first remote logon in a session ID whose LUID is above the one given. */
static size_t first_remote(const struct view *view, int64_t id, uint64_t above)
{
	const struct logon_session key = {.session_id = id, .luid = above};
	const struct logon_session *sought = &key;
	size_t low = 0, high = view->remote_count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (by_id_order(&view->by_id[middle], &sought) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Made well before the logon that made the session, so in an earlier one with its ID. */
static bool is_before_session(
    const struct view *view, const struct logon_session *logon, const struct session *session)
{
	const size_t first = first_remote(view, session->id, 0);
	return logon->logon_type && first < view->remote_count &&
	       view->by_id[first]->session_id == session->id &&
	       view->by_id[first]->luid > logon->luid &&
	       account_may_be(session->user, session->domain, view->by_id[first]->user,
	           view->by_id[first]->domain) &&
	       logon_session_apart(logon, view->by_id[first]);
}

/* Whether the session that has the logon session's ID is another one now. No session changes its user; others than its user may
 * log on in it (runas), but only a remote logon makes a session; where types are not told, processes tell. */
static bool is_another(const struct view *view, const struct left_logon *left,
    const struct logon_session *logon, const struct session *session)
{
	if (session->disputed || !session->user || !*session->user)
		return false;
	if (left->session_user &&
	    !account_may_be(left->session_user, NULL, session->user, session->domain))
		return true;
	if (!logon->user ||
	    account_may_be(session->user, session->domain, logon->user, logon->domain) ||
	    logon_is_of_desktop(logon))
		return false;
	return logon_is_remote(logon) || is_before_session(view, logon, session) ||
	       (!logon->logon_type && view->running_known && !runs(view, logon->luid));
}

static int left_order(const void *a, const void *b)
{
	const struct left_logon *left = a, *right = b;
	return (left->luid > right->luid) - (left->luid < right->luid);
}

static struct left_logon *find(const struct leak *leak, size_t known, uint64_t luid)
{
	const struct left_logon key = {.luid = luid};
	return known ? bsearch(&key, leak->logons, known, sizeof key, left_order) : NULL;
}

/* LUIDs of the two logon sessions of one logon are near. */
#define LINKED_MOST 0x1000

/* Whether two logons in one session may be of two sessions; where times are not known, LUIDs and earlier samples tell. */
static bool may_be_apart(
    const struct view *view, const struct logon_session *logon, const struct logon_session *later)
{
	if (logon_time_same(logon, later) != YES_NO_UNKNOWN)
		return logon_session_apart(logon, later);
	return later->luid - logon->luid > LINKED_MOST ||
	       (find(view->leak, view->known, logon->luid) &&
	           !find(view->leak, view->known, later->luid));
}

/* Its session is listed, of its own user: a later remote logon of the same user there may have made another session. Two logon
 * sessions of one logon are made at one moment. */
static bool has_later_logon(const struct view *view, const struct logon_session *logon)
{
	if (!logon_is_remote(logon))
		return false;
	for (size_t i = first_remote(view, logon->session_id, logon->luid);
	     i < view->remote_count && view->by_id[i]->session_id == logon->session_id; i++) {
		if (may_be_apart(view, logon, view->by_id[i]) &&
		    account_same(
		        logon->user, logon->domain, view->by_id[i]->user, view->by_id[i]->domain))
			return true;
	}
	return false;
}

static enum fate fate_of(const struct view *view, const struct left_logon *left,
    const struct logon_session *logon, bool watched, bool *id_given_again, enum unsure *reason)
{
	const struct snapshot *sample = view->sample;
	if (luid_is_lasting(logon->luid) || logon->luid == sample->observer_luid)
		return FATE_ALIVE;
	if (logon->disputed)
		return unsure(reason, UNSURE_DISPUTED);
	if (logon->session_id == NUMBER_UNKNOWN)
		return watched && (view->leak->terms.is_watched || logon_is_of_person(logon))
		           ? unsure(reason, UNSURE_NO_SESSION_ID)
		           : FATE_ALIVE;
	if (logon->session_id == 0)
		return fate_without_session(view, logon, watched, reason);
	const struct session *session = session_of(view, logon->session_id);
	if (session) {
		if (is_another(view, left, logon, session)) {
			*id_given_again = true;
			return FATE_ORPHAN;
		}
		if (!session->disputed && (!session->user || !*session->user) && logon->user &&
		    logon_is_of_person(logon) &&
		    (logon->logon_type || (view->running_known && !runs(view, logon->luid))) &&
		    snapshot_whole(sample, SECTION_SESSIONS))
			return unsure(reason, UNSURE_SESSION_NAMELESS);
		return has_later_logon(view, logon) ? unsure(reason, UNSURE_EARLIER_LOGON)
		                                    : FATE_ALIVE;
	}
	if (snapshot_whole(sample, SECTION_SESSIONS))
		return FATE_ORPHAN;
	/* quser lists who is logged on remotely. */
	if (snapshot_extent(sample, SECTION_SESSIONS) == EXTENT_PARTIAL && sample->elevated != NO &&
	    logon->user && logon_is_remote(logon) && logon_is_of_person(logon))
		return FATE_ORPHAN;
	return unsure(reason, UNSURE_SESSIONS_UNSEEN);
}

static void prove(int64_t *ended, enum age_proof *proof, int64_t by, enum age_proof how)
{
	if (*ended == TIMESTAMP_UNKNOWN || by < *ended) {
		*ended = by;
		*proof = how;
	}
}

/* The first logon in a sorted list that is later than the logon session and fits. */
static const struct logon_session *later_logon(const struct view *view,
    const struct logon_session **sorted, const struct logon_session *logon,
    int (*order)(const void *, const void *),
    bool (*fits)(const struct logon_session *logon, const struct logon_session *other),
    bool (*same)(const struct logon_session *logon, const struct logon_session *other))
{
	size_t low = 0, high = view->remote_count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (order(&sorted[middle], &logon) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < view->remote_count && same(logon, sorted[low]); low++) {
		if (sorted[low]->logon_time != TIMESTAMP_UNKNOWN && fits(logon, sorted[low]))
			return sorted[low];
	}
	return NULL;
}

static bool same_id(const struct logon_session *logon, const struct logon_session *other)
{
	return logon->session_id == other->session_id;
}

static bool other_account(const struct logon_session *logon, const struct logon_session *other)
{
	return !account_may_be(logon->user, logon->domain, other->user, other->domain);
}

static bool same_user(const struct logon_session *logon, const struct logon_session *other)
{
	return account_user_order(logon->user, other->user) == 0;
}

static bool other_session(const struct logon_session *logon, const struct logon_session *other)
{
	return logon->session_id != other->session_id &&
	       account_same(logon->user, logon->domain, other->user, other->domain);
}

/* LUIDs are given out in rising order, so that of two logons the later one has the higher. */
static void prove_by_logons(
    struct view *view, struct left_logon *left, const struct logon_session *logon)
{
	const struct logon_session *other;
	if (!logon->user || logon->session_id <= 0)
		return;
	sort_by_user(view);
	if ((other = later_logon(view, view->by_id, logon, by_id_order, other_account, same_id)))
		prove(
		    &left->ended, &left->proof, other->logon_time - view->offset, AGE_OTHER_LOGON);
	if (logon_is_remote(logon) && (other = later_logon(view, view->by_user, logon,
	                                   by_user_order, other_session, same_user)))
		prove(
		    &left->ended, &left->proof, other->logon_time - view->offset, AGE_LATER_LOGON);
}

/* One sample that lacks the session may have lost its row, where rows are neither numbered nor counted. */
void left_note_absence(int64_t time, bool counted, int64_t *first, int64_t *second, size_t *count,
    bool *first_counted, int64_t *ended, enum age_proof *proof)
{
	if (time == TIMESTAMP_UNKNOWN)
		return;
	if (++*count == 1) {
		*first = time;
		*first_counted = counted;
	} else if (*count == 2) {
		*second = time;
	}
	if (*first_counted)
		prove(ended, proof, *first, AGE_SAMPLE);
	else if (*count >= 2)
		prove(ended, proof, *second, AGE_SAMPLE);
}

static void keep_text(struct leak *leak, const char **own, const char *text)
{
	if (*own || !text)
		return;
	*own = intern_string(leak->pool, text, strlen(text));
	leak->failed |= !*own;
}

/* What earlier samples knew of it fills what this one does not tell. */
static void fill(struct logon_session *logon, const struct left_logon *left)
{
	if (logon->session_id == NUMBER_UNKNOWN)
		logon->session_id = left->session_id;
	if (!logon->user) {
		logon->user = left->user;
		logon->domain = left->domain;
	}
	if (!logon->logon_type)
		logon->logon_type = left->logon_type;
}

/* Made before the first sample: listed there, or by its time, or by its LUID. */
static bool is_older(const struct view *view, const struct logon_session *logon, bool first)
{
	const struct leak *leak = view->leak;
	if (!leak->terms.is_watched)
		return false;
	if (first)
		return true;
	if (leak->first_whole) /* LUIDs rise; clocks may leap */
		return logon->luid <= leak->first_luid;
	if (logon->logon_time != TIMESTAMP_UNKNOWN && leak->first_time != TIMESTAMP_UNKNOWN)
		return logon->logon_time - view->offset < leak->first_time - OLDER_TOLERANCE;
	return logon->luid <= leak->first_luid;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void look_at(struct view *view, struct left_logon *left, struct logon_session *logon)
{
	struct leak *leak = view->leak;
	const bool is_new = left->sample == 0;
	fill(logon, left);
	const bool named_as_before = !logon_is_of_desktop(logon) &&
	                             same_text(left->user, logon->user) &&
	                             same_text(left->domain, logon->domain);
	keep_text(leak, &left->user, logon->user);
	keep_text(leak, &left->domain, logon->domain);
	keep_text(leak, &left->logon_type, logon->logon_type);
	keep_text(leak, &left->logon_time_text, logon->logon_time_text);
	left->session_id = logon->session_id;
	if (logon->logon_time != TIMESTAMP_UNKNOWN)
		left->logon_time = logon->logon_time - view->offset;
	if (!leak->terms.is_watched)
		left->watched = true;
	else if (is_new || !named_as_before)
		left->watched = leak->terms.is_watched(leak->terms.data, logon, left->logon_time);
	left->was_left |= left->fate == FATE_ORPHAN && !left->gone && !is_new;
	left->gone = false;
	left->id_given_again = false;
	left->fate =
	    fate_of(view, left, logon, left->watched, &left->id_given_again, &left->unsure);
	if (is_new) {
		left->first = leak->samples;
		left->older = is_older(view, logon, leak->samples == 1);
	}
	left->shown = view->time;
	left->sample = leak->samples;
	if (left->fate == FATE_ALIVE) {
		const struct session *session =
		    logon->session_id > 0 ? session_of(view, logon->session_id) : NULL;
		if (session && !session->disputed && session->user && *session->user) {
			left->session_user = NULL;
			keep_text(leak, &left->session_user, session->user);
		}
		left->seen_alive |= logon->session_id > 0;
		left->older &= !left->seen_alive;
		left->was_left = false;
		left->left_first = TIMESTAMP_UNKNOWN;
		left->absent_count = 0;
		if (left->proof != AGE_CYCLE) {
			left->ended = TIMESTAMP_UNKNOWN;
			left->proof = AGE_UNKNOWN;
		}
	} else if (left->fate == FATE_ORPHAN) {
		if (left->left_first == TIMESTAMP_UNKNOWN)
			left->left_first = view->time;
		left_note_absence(view->time, view->counted, &left->absent_first,
		    &left->absent_second, &left->absent_count, &left->absent_counted, &left->ended,
		    &left->proof);
		prove_by_logons(view, left, logon);
	}
}

static struct left_logon *add(struct leak *leak, uint64_t luid)
{
	if (!array_reserve(&leak->logons, leak->logon_count, sizeof *leak->logons))
		return NULL;
	struct left_logon *left = &leak->logons[leak->logon_count++];
	*left = (struct left_logon){.luid = luid,
	    .session_id = NUMBER_UNKNOWN,
	    .logon_time = TIMESTAMP_UNKNOWN,
	    .ended = TIMESTAMP_UNKNOWN,
	    .left_first = TIMESTAMP_UNKNOWN};
	return left;
}

/* What a whole list does not have, and no handle shows, has gone. */
static void note_gone(struct view *view)
{
	struct leak *leak = view->leak;
	if (!snapshot_whole(view->sample, SECTION_LOGON_SESSIONS))
		return;
	for (size_t i = 0; i < leak->logon_count; i++) {
		struct left_logon *left = &leak->logons[i];
		if (left->gone || left->sample == leak->samples)
			continue;
		left->gone = true;
		left->went = leak->samples;
		left->went_at = leak->until;
		if (left->fate == FATE_ORPHAN && left->watched)
			leak->last_gone = view->time;
	}
}

static bool prepare(struct view *view)
{
	return collect_logons(view) && collect_sessions(view) && collect_running(view) &&
	       collect_remote(view);
}

static void note_first(struct view *view)
{
	struct leak *leak = view->leak;
	if (leak->samples != 1)
		return;
	leak->first_time = view->time;
	leak->first_whole = snapshot_whole(view->sample, SECTION_LOGON_SESSIONS);
	for (size_t i = 0; i < view->listed; i++) {
		if (view->logons[i].luid > leak->first_luid)
			leak->first_luid = view->logons[i].luid;
	}
}

bool left_add(struct leak *leak, const struct snapshot *sample, int64_t time, int64_t offset)
{
	struct view view = {.leak = leak, .sample = sample, .time = time, .offset = offset};
	const size_t known = view.known = leak->logon_count;
	bool good = prepare(&view);
	if (good)
		note_first(&view);
	for (size_t i = 0; good && i < view.count; i++) {
		struct logon_session *logon = &view.logons[i];
		if (i > 0 && view.logons[i - 1].luid == logon->luid)
			continue; /* listed twice */
		struct left_logon *left = find(leak, known, logon->luid);
		if (!left)
			left = add(leak, logon->luid);
		good = left;
		if (good) {
			left->listed = i < view.listed;
			look_at(&view, left, logon);
		}
	}
	if (good && leak->logon_count > known)
		qsort(leak->logons, leak->logon_count, sizeof *leak->logons, left_order);
	if (good)
		note_gone(&view);
	view_deinit(&view);
	return good && !leak->failed;
}

struct left_logon *leak_logons(const struct leak *leak, size_t *count)
{
	*count = leak->logon_count;
	return leak->logons;
}

struct left_logon *leak_logon(const struct leak *leak, uint64_t luid)
{
	return find(leak, leak->logon_count, luid);
}

bool left_is_orphan(const struct left_logon *left)
{
	return left->fate == FATE_ORPHAN && !left->gone;
}

void leak_prove_end(struct leak *leak, uint64_t luid, int64_t ended)
{
	struct left_logon *left = leak_logon(leak, luid);
	if (!left || ended == TIMESTAMP_UNKNOWN || left->session_id <= 0 || left->gone)
		return;
	prove(&left->ended, &left->proof, ended, AGE_CYCLE);
	if (left->fate == FATE_UNSURE &&
	    (left->unsure == UNSURE_SESSIONS_UNSEEN || left->unsure == UNSURE_EARLIER_LOGON))
		left->fate = FATE_ORPHAN;
}

struct logon_session left_record(const struct left_logon *left)
{
	return (struct logon_session){.luid = left->luid,
	    .user = left->user,
	    .domain = left->domain,
	    .logon_type = left->logon_type,
	    .session_id = left->session_id,
	    .logon_time = left->logon_time,
	    .logon_time_text = left->logon_time_text};
}
