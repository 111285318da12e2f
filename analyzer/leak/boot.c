/* Whether two samples are of one boot. Logon sessions that persist prove it best: their times were noted when they were made, so
 * that setting the clock does not change them. */
#include <stdlib.h>
#include <string.h>

#include "evidence/identity.h"
#include "leak/leak.h"

/* Copies by LUID, the caller's to free(); NULL: memory is out, or there are none. */
static struct logon_session *by_luid(const struct snapshot *snapshot)
{
	const size_t count = snapshot->logon_session_count;
	struct logon_session *sorted = count ? malloc(count * sizeof *sorted) : NULL;
	if (!sorted)
		return NULL;
	memcpy(sorted, snapshot->logon_sessions, count * sizeof *sorted);
	qsort(sorted, count, sizeof *sorted, logon_session_order);
	return sorted;
}

static enum boot by_logons(const struct snapshot *a, const struct snapshot *b)
{
	struct logon_session *then = by_luid(a), *now = by_luid(b);
	enum boot boot = BOOT_UNKNOWN;
	for (size_t i = 0, j = 0; then && now && boot != BOOT_SAME && i < a->logon_session_count &&
	                          j < b->logon_session_count;) {
		const int order = logon_session_order(&then[i], &now[j]);
		if (order == 0) {
			const enum yes_no same = logon_time_same(&then[i], &now[j]);
			if (same != YES_NO_UNKNOWN)
				boot = same == YES ? BOOT_SAME : BOOT_OTHER;
		}
		i += order <= 0;
		j += order >= 0;
	}
	free(then);
	free(now);
	return boot;
}

static int by_pid(const void *a, const void *b)
{
	const struct process *left = a, *right = b;
	return (left->pid > right->pid) - (left->pid < right->pid);
}

/* Processes that persist; low process IDs recur at each boot, start times do not. */
static enum boot by_processes(const struct snapshot *a, const struct snapshot *b)
{
	enum boot boot = BOOT_UNKNOWN;
	struct process *then = a->process_count ? malloc(a->process_count * sizeof *then) : NULL;
	if (!then)
		return boot;
	memcpy(then, a->processes, a->process_count * sizeof *then);
	qsort(then, a->process_count, sizeof *then, by_pid);
	for (size_t i = 0; boot != BOOT_SAME && i < b->process_count; i++) {
		const struct process *now = &b->processes[i];
		const struct process *same =
		    bsearch(now, then, a->process_count, sizeof *then, by_pid);
		if (same && same->start_time != TIMESTAMP_UNKNOWN &&
		    now->start_time == same->start_time)
			boot = BOOT_SAME;
	}
	free(then);
	return boot;
}

enum boot leak_boot(const struct snapshot *a, const struct snapshot *b)
{
	enum boot boot = by_logons(a, b);
	if (boot == BOOT_UNKNOWN)
		boot = by_processes(a, b);
	if (boot != BOOT_UNKNOWN || a->boot_time == TIMESTAMP_UNKNOWN ||
	    b->boot_time == TIMESTAMP_UNKNOWN)
		return boot;
	return boot_same(a->boot_time, b->boot_time) ? BOOT_SAME : BOOT_OTHER;
}
