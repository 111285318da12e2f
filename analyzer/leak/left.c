/* Which logon sessions outlived their session, sample by sample, and since when at least. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/array.h"
#include "common/intern.h"
#include "common/order.h"
#include "evidence/identity.h"
#include "leak/view.h"

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
	view_sort_by_user(view);
	if ((other = later_logon(view, view->by_id, logon, view_by_id, other_account, same_id)))
		prove(
		    &left->ended, &left->proof, other->logon_time - view->offset, AGE_OTHER_LOGON);
	if (logon_is_remote(logon) && (other = later_logon(view, view->by_user, logon, view_by_user,
	                                   other_session, same_user)))
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
	    view_fate(view, left, logon, left->watched, &left->id_given_again, &left->unsure);
	if (is_new) {
		left->first = leak->samples;
		left->older = is_older(view, logon, leak->samples == 1);
	}
	left->shown = view->time;
	left->sample = leak->samples;
	if (left->fate == FATE_ALIVE) {
		const struct session *session =
		    logon->session_id > 0 ? view_session(view, logon->session_id) : NULL;
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
	bool good = view_make(&view);
	if (good)
		note_first(&view);
	for (size_t i = 0; good && i < view.count; i++) {
		struct logon_session *logon = &view.logons[i];
		if (i > 0 && view.logons[i - 1].luid == logon->luid)
			continue; /* listed twice */
		struct left_logon *left = left_find(leak, known, logon->luid);
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
	return left_find(leak, leak->logon_count, luid);
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
