/* Whose logon sessions became more: by account, type and session. Where many are alike, as those that a program makes for itself, each of
 * them tells little, and their number much. */
#include "compare/inside.h"

#include <stdlib.h>
#include <string.h>

#include "evidence/identity.h"

/* Of one moment. */
struct moment_logons {
	struct logon_session *sorted; /* by LUID */
	size_t count;
	uint64_t
	    *alive; /* LUIDs that some process runs in, sorted; NULL: processes were not seen */
	size_t alive_count;
};

static int by_luid(const void *a, const void *b)
{
	const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
	return (left > right) - (left < right);
}

/* Only a list that has the system's own processes has everybody's. */
bool logons_show_processes(const struct snapshot *snapshot)
{
	if (snapshot_extent(snapshot, SECTION_PROCESSES) <= EXTENT_CUT_OFF)
		return false;
	for (size_t i = 0; i < snapshot->process_count; i++) {
		if (snapshot->processes[i].luid == LUID_SYSTEM)
			return true;
	}
	return false;
}

static bool load(struct moment_logons *moment, const struct snapshot *snapshot)
{
	moment->sorted = logons_sorted(snapshot);
	moment->count = snapshot->logon_session_count;
	if (!moment->sorted || !logons_show_processes(snapshot))
		return moment->sorted;
	moment->alive = malloc((snapshot->process_count + 1) * sizeof *moment->alive);
	for (size_t i = 0; moment->alive && i < snapshot->process_count; i++) {
		const struct process *process = &snapshot->processes[i];
		if (process->luid != LUID_UNKNOWN && !process->exited)
			moment->alive[moment->alive_count++] = process->luid;
	}
	if (moment->alive_count)
		qsort(moment->alive, moment->alive_count, sizeof *moment->alive, by_luid);
	return moment->alive;
}

static void unload(struct moment_logons *moment)
{
	free(moment->sorted);
	free(moment->alive);
}

static bool has_process(const struct moment_logons *moment, uint64_t luid)
{
	return moment->alive_count &&
	       bsearch(&luid, moment->alive, moment->alive_count, sizeof luid, by_luid);
}

/* The same logon session at the other moment, or NULL. */
static const struct logon_session *find(
    const struct moment_logons *moment, const struct logon_session *logon)
{
	const struct logon_session *found = moment->count
	                                        ? bsearch(logon, moment->sorted, moment->count,
	                                              sizeof *moment->sorted, logon_session_order)
	                                        : NULL;
	return found && logon_time_same(found, logon) != NO ? found : NULL;
}

/* ---- groups ---- */

static int text_order(const char *a, const char *b)
{
	return a && b ? strcasecmp(a, b) : (a != NULL) - (b != NULL);
}

static int by_group(const void *a, const void *b)
{
	const struct logon_group *left = a, *right = b;
	int order = text_order(left->user, right->user);
	if (!order)
		order = text_order(left->domain, right->domain);
	if (!order)
		order = text_order(left->logon_type, right->logon_type);
	return order ? order
	             : (left->session_id > right->session_id) -
	                   (left->session_id < right->session_id);
}

/* Those that grew first, by what is new, then by what has no process any more. */
static int by_news(const void *a, const void *b)
{
	const struct logon_group *left = a, *right = b;
	if (left->new_count != right->new_count)
		return left->new_count < right->new_count ? 1 : -1;
	if (left->idle_after != right->idle_after)
		return left->idle_after < right->idle_after ? 1 : -1;
	return by_group(a, b);
}

static void add(struct logon_group *sum, const struct logon_group *one)
{
	sum->before += one->before;
	sum->after += one->after;
	sum->new_count += one->new_count;
	if (sum->idle_before != NUMBER_UNKNOWN)
		sum->idle_before += one->idle_before;
	if (sum->idle_after != NUMBER_UNKNOWN)
		sum->idle_after += one->idle_after;
}

static bool is_news(const struct logon_group *group)
{
	return group->new_count || group->before != group->after ||
	       group->idle_after > (group->idle_before > 0 ? group->idle_before : 0);
}

/* One logon session as a group of its own: what one moment knows of it, the other may not. */
static struct logon_group group_of(const struct logon_session *logon,
    const struct logon_session *other, const struct moment_logons *before,
    const struct moment_logons *after, bool is_after)
{
	const bool then = !is_after || other, now = is_after || other;
	const struct logon_session *second = other ? other : logon;
	return (struct logon_group){
	    .user = logon->user ? logon->user : second->user,
	    .domain = logon->domain ? logon->domain : second->domain,
	    .logon_type = logon->logon_type ? logon->logon_type : second->logon_type,
	    .session_id =
	        logon->session_id != NUMBER_UNKNOWN ? logon->session_id : second->session_id,
	    .before = then,
	    .after = now,
	    .new_count = is_after && !other,
	    .idle_before =
	        before->alive ? then && !has_process(before, logon->luid) : NUMBER_UNKNOWN,
	    .idle_after = after->alive ? now && !has_process(after, logon->luid) : NUMBER_UNKNOWN,
	};
}

static size_t collect(struct logon_group *groups, const struct moment_logons *before,
    const struct moment_logons *after)
{
	size_t count = 0;
	for (size_t i = 0; i < after->count; i++) {
		const struct logon_session *logon = &after->sorted[i];
		if (!luid_is_lasting(logon->luid))
			groups[count++] = group_of(logon, find(before, logon), before, after, true);
	}
	for (size_t i = 0; i < before->count; i++) {
		const struct logon_session *logon = &before->sorted[i];
		if (!luid_is_lasting(logon->luid) && !find(after, logon))
			groups[count++] = group_of(logon, NULL, before, after, false);
	}
	return count;
}

/* Adds up what is alike, and leaves what has news. */
static size_t reduce(struct logon_group *groups, size_t count)
{
	size_t kept = 0, sums = 0;
	if (count)
		qsort(groups, count, sizeof *groups, by_group);
	for (size_t i = 0; i < count; i++) {
		if (sums && by_group(&groups[sums - 1], &groups[i]) == 0)
			add(&groups[sums - 1], &groups[i]);
		else
			groups[sums++] = groups[i];
	}
	for (size_t i = 0; i < sums; i++) {
		if (is_news(&groups[i]))
			groups[kept++] = groups[i];
	}
	if (kept)
		qsort(groups, kept, sizeof *groups, by_news);
	return kept;
}

bool logon_groups_find(struct comparison *comparison)
{
	const struct snapshot *then = comparison->before, *now = comparison->after;
	struct moment_logons before = {0}, after = {0};
	comparison->groups_known = comparison->comparable &&
	                           snapshot_has(then, SECTION_LOGON_SESSIONS) &&
	                           snapshot_has(now, SECTION_LOGON_SESSIONS);
	if (!comparison->groups_known)
		return true;
	bool good = load(&before, then) && load(&after, now);
	comparison->groups = calloc(before.count + after.count + 1, sizeof *comparison->groups);
	good = good && comparison->groups;
	if (good)
		comparison->group_count =
		    reduce(comparison->groups, collect(comparison->groups, &before, &after));
	unload(&before);
	unload(&after);
	return good;
}
