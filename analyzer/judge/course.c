#include "judge/weigh.h"

#include <stdlib.h>
#include <string.h>

#include "evidence/identity.h"

const char *const course_ends[3] = {
    [COURSE_STAYS] = "stays",
    [COURSE_RELEASED] = "released",
    [COURSE_TAKEN] = "went with its holder",
};

static enum course_end end_of(bool gone, bool taken)
{
	if (!gone)
		return COURSE_STAYS;
	return taken ? COURSE_TAKEN : COURSE_RELEASED;
}

/* By its account, session ID and time; 0: none is known. */
static int64_t cycle_of(const struct evidence *evidence, const struct left_logon *left)
{
	const struct cycle_index *index = &evidence->index;
	size_t end;

	if (!left->user || left->logon_time == TIMESTAMP_UNKNOWN)
		return 0;
	for (size_t i = cycle_index_find(index, left->user, &end); i < end; i++) {
		const struct cycle *cycle = index->items[i];
		if (cycle->session_id == left->session_id && left->logon_time >= cycle->started &&
		    left->logon_time <= cycle->ended)
			return cycle->number;
	}
	return 0;
}

static int by_left(const void *a, const void *b)
{
	const struct survivor *left = *(const struct survivor *const *)a,
	                      *right = *(const struct survivor *const *)b;

	return (left->left > right->left) - (left->left < right->left);
}

static bool add_logon(struct verdict *verdict, const struct evidence *evidence,
    const struct left_logon *left, const struct survivor *survivor)
{
	struct course *course = &verdict->course[verdict->course_count++];

	*course = (struct course){
	    .luid = left->luid,
	    .user = left->user ? strdup(left->user) : NULL,
	    .logon_type = left->logon_type ? strdup(left->logon_type) : NULL,
	    .session_id = left->session_id,
	    .cycle =
	        survivor && survivor->cycle ? survivor->cycle->number : cycle_of(evidence, left),
	    .ended = left->ended,
	    .first = left->left_first,
	    .last = left->shown,
	    .end = end_of(left->gone, left->taken_along),
	    .is_leak = survivor && survivor->is_leak,
	};
	return (course->user || !left->user) && (course->logon_type || !left->logon_type);
}

static bool find_logons(
    struct verdict *verdict, const struct evidence *evidence, const struct orphans *orphans)
{
	size_t count;
	const struct left_logon *logons = leak_logons(evidence->leak, &count);
	const struct survivor **survivors = malloc((orphans->count + 1) * sizeof *survivors);
	bool good = survivors != NULL;

	verdict->course = calloc(count + 1, sizeof *verdict->course);
	for (size_t i = 0; good && i < orphans->count; i++)
		survivors[i] = &orphans->items[i];
	if (good && orphans->count)
		qsort(survivors, orphans->count, sizeof *survivors, by_left);
	good = good && verdict->course;
	for (size_t i = 0, at = 0; good && i < count; i++) {
		const struct left_logon *left = &logons[i];
		while (at < orphans->count && survivors[at]->left < left)
			at++;
		if (left->watched && !left->older && left->left_first != TIMESTAMP_UNKNOWN)
			good = add_logon(verdict, evidence, left,
			    at < orphans->count && survivors[at]->left == left ? survivors[at]
			                                                       : NULL);
	}
	free(survivors);
	return good;
}

static bool find_ids(struct verdict *verdict, const struct evidence *evidence)
{
	const struct leak *leak = evidence->leak;
	size_t count;
	const struct left_id *ids = leak_ids(leak, &count);

	verdict->id_course = calloc(count + 1, sizeof *verdict->id_course);
	for (size_t i = 0; verdict->id_course && i < count; i++) {
		const struct left_id *left = &ids[i];
		if (!left->watched || left->older || left->sample == 0)
			continue;
		verdict->id_course[verdict->id_course_count++] = (struct course){
		    .session_id = left->id,
		    .ended = left->ended,
		    .first = left->absent_count > 0 ? left->absent_first : TIMESTAMP_UNKNOWN,
		    .last = left->shown,
		    .end = end_of(left->gone, left->taken_along),
		    .is_leak = !left->gone && left->pinned &&
		               leak_is_old(leak, left->ended, left->shown, leak_quiet_time(leak)),
		};
	}
	return verdict->id_course;
}

bool course_find(
    struct verdict *verdict, const struct evidence *evidence, const struct orphans *orphans)
{
	return find_logons(verdict, evidence, orphans) && find_ids(verdict, evidence);
}
