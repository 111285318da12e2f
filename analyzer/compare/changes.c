/* Token handles by process and by logon session, and all handles by process, largest growth first. */
#include "compare/inside.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "evidence/snapshot.h"

static int by_pid(const void *a, const void *b)
{
	const struct holder *left = a, *right = b;
	return (left->pid > right->pid) - (left->pid < right->pid);
}

/* A process is the same one if it has the same ID and image; IDs are used again. */
static bool same_image(const char *a, const char *b)
{
	if (!a || !b || a == b)
		return true;
	size_t length = strcspn(a, "."), other = strcspn(b, ".");
	return length == other && strncasecmp(a, b, length) == 0 &&
	       (!a[length] || !b[length] || strcasecmp(a + length, b + length) == 0);
}

static int by_growth(const void *a, const void *b)
{
	const struct token_change *left = a, *right = b;
	int64_t grown_left = left->after - left->before, grown_right = right->after - right->before;
	if (grown_left != grown_right)
		return grown_left > grown_right ? -1 : 1;
	if (left->after != right->after)
		return left->after > right->after ? -1 : 1;
	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	return (left->luid > right->luid) - (left->luid < right->luid);
}

/* Processes by their IDs: open addressing, 1 + index. */
struct by_process {
	struct token_change *items;
	size_t count;
	uint32_t *slots;
	size_t slot_count;
};

static struct token_change *find_process(struct by_process *table, const struct holder *holder)
{
	uint64_t mixed = (uint64_t)holder->pid * UINT64_C(0x9e3779b97f4a7c15);
	size_t at = (size_t)(mixed ^ mixed >> 32);
	for (;; at++) {
		uint32_t *slot = &table->slots[at & (table->slot_count - 1)];
		if (*slot && (table->items[*slot - 1].pid != holder->pid ||
		                 !same_image(table->items[*slot - 1].image, holder->image)))
			continue;
		if (!*slot) {
			table->items[table->count++] =
			    (struct token_change){.pid = holder->pid, .image = holder->image};
			*slot = (uint32_t)table->count;
		}
		return &table->items[*slot - 1];
	}
}

static bool by_process_init(struct by_process *table, size_t most)
{
	table->slot_count = 64;
	while (table->slot_count < most * 2)
		table->slot_count *= 2;
	table->slots = calloc(table->slot_count, sizeof *table->slots);
	table->items = malloc((most + 1) * sizeof *table->items);
	return table->slots && table->items;
}

static void count_change(struct token_change *change, int64_t before, int64_t after)
{
	change->before += before;
	change->after += after;
	if (after > before)
		change->gained += after - before;
	else
		change->lost += before - after;
}

/* A part of holders that has one LUID, copied and sorted by process. */
struct run {
	struct holder *items;
	size_t count;
};

static size_t run_take(struct run *run, const struct holders *holders, size_t from, uint64_t luid)
{
	run->count = 0;
	while (from < holders->count && holders->items[from].luid == luid)
		run->items[run->count++] = holders->items[from++];
	if (run->count > 1)
		qsort(run->items, run->count, sizeof *run->items, by_pid);
	return from;
}

static int by_process_order(const struct holder *then, const struct holder *now)
{
	int order = by_pid(then, now);
	return order == 0 && !same_image(then->image, now->image) ? -1 : order;
}

/* Both moments' holders of one logon session, process by process. */
static void pair_runs(const struct run *before, const struct run *after, struct token_change *logon,
    struct by_process *processes)
{
	for (size_t i = 0, j = 0; i < before->count || j < after->count;) {
		const struct holder *then = i < before->count ? &before->items[i] : NULL,
		                    *now = j < after->count ? &after->items[j] : NULL;
		int order = !then ? 1 : !now ? -1 : by_process_order(then, now);
		int64_t had = order <= 0 ? then->tokens : 0, has = order >= 0 ? now->tokens : 0;
		count_change(logon, had, has);
		count_change(find_process(processes, order <= 0 ? then : now), had, has);
		i += order <= 0;
		j += order >= 0;
	}
}

/* Whether the snapshot would show handles to this logon session: a search for other ones does not. */
static bool would_show(
    const struct snapshot *snapshot, const struct holders *holders, uint64_t luid)
{
	const struct sight *sight = snapshot_sight_of(snapshot, SECTION_HANDLES);
	return !sight || !sight->searched_count || handles_shown_of(snapshot, holders, luid);
}

static void walk(struct comparison *comparison, struct run *before, struct run *after,
    struct by_process *processes)
{
	const struct holders *then = &comparison->holders_before, *now = &comparison->holders_after;
	for (size_t i = 0, j = 0; i < then->count || j < now->count;) {
		uint64_t luid = i < then->count ? then->items[i].luid : now->items[j].luid;
		if (j < now->count && now->items[j].luid < luid)
			luid = now->items[j].luid;
		i = run_take(before, then, i, luid);
		j = run_take(after, now, j, luid);
		if (!would_show(comparison->before, then, luid) ||
		    !would_show(comparison->after, now, luid))
			continue;
		struct token_change *logon = &comparison->by_logon[comparison->by_logon_count++];
		*logon = (struct token_change){.pid = NUMBER_UNKNOWN, .luid = luid};
		pair_runs(before, after, logon, processes);
	}
}

static bool find_token_changes(struct comparison *comparison)
{
	size_t then = comparison->holders_before.count, now = comparison->holders_after.count;
	struct by_process processes = {0};
	struct run before = {malloc((then + 1) * sizeof *before.items), 0},
	           after = {malloc((now + 1) * sizeof *after.items), 0};
	comparison->by_logon = malloc((then + now + 1) * sizeof *comparison->by_logon);
	bool good = by_process_init(&processes, then + now) && before.items && after.items &&
	            comparison->by_logon;
	if (good)
		walk(comparison, &before, &after, &processes);
	comparison->by_process = processes.items;
	comparison->by_process_count = processes.count;
	if (good && processes.count)
		qsort(processes.items, processes.count, sizeof *processes.items, by_growth);
	if (good && comparison->by_logon_count)
		qsort(comparison->by_logon, comparison->by_logon_count,
		    sizeof *comparison->by_logon, by_growth);
	free(processes.slots);
	free(before.items);
	free(after.items);
	return good;
}

static int process_by_pid(const void *a, const void *b)
{
	const struct process *left = a, *right = b;
	return (left->pid > right->pid) - (left->pid < right->pid);
}

static int growth_order(const void *a, const void *b)
{
	const struct handle_growth *left = a, *right = b;
	int64_t grown_left = left->after - left->before, grown_right = right->after - right->before;
	if (grown_left != grown_right)
		return grown_left > grown_right ? -1 : 1;
	return (left->pid > right->pid) - (left->pid < right->pid);
}

/* The process's handles at both moments, by a count of all, or else by listings, if those were of all: a search lists what
 * it was for, and no more. */
static bool count_handles(const struct process *before, const struct process *after, bool listed,
    struct handle_growth *growth)
{
	growth->before = before->handle_count;
	growth->after = after->handle_count;
	if (listed && (growth->before == NUMBER_UNKNOWN || growth->after == NUMBER_UNKNOWN)) {
		growth->before = before->handles_listed;
		growth->after = after->handles_listed;
	}
	return growth->before != NUMBER_UNKNOWN && growth->after != NUMBER_UNKNOWN &&
	       growth->before != growth->after;
}

static bool find_growth(struct comparison *comparison)
{
	const struct snapshot *before = comparison->before, *after = comparison->after;
	bool listed = snapshot_extent(before, SECTION_HANDLES) == EXTENT_WHOLE &&
	              snapshot_extent(after, SECTION_HANDLES) == EXTENT_WHOLE;
	struct process *sorted = malloc((before->process_count + 1) * sizeof *sorted);
	comparison->growth_known = before->process_count && after->process_count;
	comparison->growth = malloc((after->process_count + 1) * sizeof *comparison->growth);
	if (!sorted || !comparison->growth) {
		free(sorted);
		return false;
	}
	if (before->process_count) {
		memcpy(sorted, before->processes, before->process_count * sizeof *sorted);
		qsort(sorted, before->process_count, sizeof *sorted, process_by_pid);
	}
	for (size_t i = 0; before->process_count && i < after->process_count; i++) {
		const struct process *now = &after->processes[i];
		const struct process *then =
		    bsearch(now, sorted, before->process_count, sizeof *sorted, process_by_pid);
		struct handle_growth growth = {.pid = now->pid, .image = now->image};
		if (then && same_image(then->image, now->image) &&
		    count_handles(then, now, listed, &growth))
			comparison->growth[comparison->growth_count++] = growth;
	}
	if (comparison->growth_count)
		qsort(comparison->growth, comparison->growth_count, sizeof *comparison->growth,
		    growth_order);
	free(sorted);
	return true;
}

bool changes_find(struct comparison *comparison)
{
	comparison->tokens_known = comparison->comparable &&
	                           snapshot_has(comparison->before, SECTION_HANDLES) &&
	                           snapshot_has(comparison->after, SECTION_HANDLES);
	if (comparison->tokens_known && !find_token_changes(comparison))
		return false;
	return !comparison->comparable || find_growth(comparison);
}
