/* Who keeps what is left: by handles, and by the token that a process runs with. Handles are counted by logon session and process in one pass: there may be a million. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "leak/leak.h"

struct table {
	struct holder *items;
	size_t count, capacity;
	uint32_t *slots;   /* 1 + index; 0: free */
	size_t slot_count; /* a power of two */
	struct holder *last;
};

static size_t hash(uint64_t luid, int64_t pid)
{
	uint64_t mixed = luid + (uint64_t)pid * UINT64_C(0x9e3779b97f4a7c15);
	mixed = (mixed ^ mixed >> 32) * UINT64_C(0xd6e8feb86659fd93);
	mixed = (mixed ^ mixed >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return (size_t)(mixed ^ mixed >> 32);
}

static uint32_t *find_slot(const struct table *table, uint64_t luid, int64_t pid)
{
	size_t mask = table->slot_count - 1, at = hash(luid, pid) & mask;
	for (;; at = (at + 1) & mask) {
		uint32_t slot = table->slots[at];
		if (!slot ||
		    (table->items[slot - 1].luid == luid && table->items[slot - 1].pid == pid))
			return &table->slots[at];
	}
}

static bool grow(struct table *table)
{
	size_t capacity = table->capacity ? table->capacity * 2 : 1024;
	struct holder *items = realloc(table->items, capacity * sizeof *items);
	uint32_t *slots = calloc(capacity * 2, sizeof *slots);
	if (items)
		table->items = items;
	if (!items || !slots) {
		free(slots);
		return false;
	}
	free(table->slots);
	table->slots = slots;
	table->slot_count = capacity * 2;
	table->capacity = capacity;
	for (size_t i = 0; i < table->count; i++)
		*find_slot(table, items[i].luid, items[i].pid) = (uint32_t)(i + 1);
	table->last = NULL;
	return true;
}

static struct holder *find(struct table *table, uint64_t luid, int64_t pid, const char *image)
{
	struct holder *last = table->last;
	if (last && last->luid == luid && last->pid == pid)
		return last;
	if (table->count == table->capacity && !grow(table))
		return NULL;
	uint32_t *slot = find_slot(table, luid, pid);
	if (!*slot) {
		table->items[table->count++] =
		    (struct holder){.luid = luid, .pid = pid, .image = image};
		*slot = (uint32_t)table->count;
	}
	return table->last = &table->items[*slot - 1];
}

#define DIGIT_BITS 11
#define DIGITS (1u << DIGIT_BITS)

/* Radix sort by LUID, stable, least digit first; digits in which all agree are skipped. */
static bool sort_by_luid(struct holders *holders)
{
	struct holder *from = holders->items, *to = malloc((holders->count + 1) * sizeof *to);
	uint64_t differ = 0;
	if (!to)
		return false;
	for (size_t i = 1; i < holders->count; i++)
		differ |= from[i].luid ^ from[0].luid;
	for (int shift = 0; shift < 64 && differ >> shift; shift += DIGIT_BITS) {
		size_t starts[DIGITS + 1] = {0};
		if (!(differ >> shift & (DIGITS - 1)))
			continue;
		for (size_t i = 0; i < holders->count; i++)
			starts[(from[i].luid >> shift & (DIGITS - 1)) + 1]++;
		for (size_t i = 1; i <= DIGITS; i++)
			starts[i] += starts[i - 1];
		for (size_t i = 0; i < holders->count; i++)
			to[starts[from[i].luid >> shift & (DIGITS - 1)]++] = from[i];
		struct holder *other = from;
		from = to;
		to = other;
	}
	holders->items = from;
	free(to);
	return true;
}

static int holder_order(const void *a, const void *b)
{
	const struct holder *left = a, *right = b;
	if (left->follower != right->follower)
		return left->follower ? 1 : -1;
	if (left->windows != right->windows)
		return left->windows ? 1 : -1;
	const int64_t left_all = left->tokens + left->exited,
	              right_all = right->tokens + right->exited;
	if (left_all != right_all)
		return left_all > right_all ? -1 : 1;
	return (left->pid > right->pid) - (left->pid < right->pid);
}

/* Before they are sorted, neighbours are of one process mostly. */
static void mark_images(struct holders *holders, const struct snapshot *snapshot)
{
	for (size_t i = 0; i < holders->count; i++) {
		struct holder *holder = &holders->items[i];
		const struct holder *last = i ? holder - 1 : NULL;
		const bool same = last && last->image == holder->image && last->pid == holder->pid;
		holder->follower = same ? last->follower : image_follows(holder->image);
		holder->windows =
		    same ? last->windows : process_is_windows(snapshot, holder->pid, holder->image);
	}
}

/* Sorts the holders of each, and lets those who have nobody to follow be none that do. */
static void mark_followers(struct holders *holders)
{
	size_t end;
	for (size_t i = 0; i < holders->count; i = end) {
		struct holder *first = &holders->items[i];
		for (end = i + 1; end < holders->count && holders->items[end].luid == first->luid;
		     end++)
			;
		qsort(first, end - i, sizeof *first, holder_order);
		/* Those who follow come last: if the first does, all do, and there is nobody to follow. */
		bool alone = first->follower;
		for (size_t j = i; alone && j < end; j++)
			holders->items[j].follower = false;
	}
}

/* Whoever runs in a logon session whose RDS session is listed keeps nothing over. */
static bool add_running(
    struct table *table, const struct snapshot *snapshot, const struct leak *leak)
{
	for (size_t i = 0; leak && i < snapshot->process_count; i++) {
		const struct process *process = &snapshot->processes[i];
		const struct left_logon *left = process->luid == LUID_UNKNOWN || process->exited
		                                    ? NULL
		                                    : leak_logon(leak, process->luid);
		if (!left || !left_is_orphan(left))
			continue;
		struct holder *holder = find(table, process->luid, process->pid, process->image);
		if (!holder)
			return false;
		holder->runs_in_it = true;
	}
	return true;
}

bool holders_find(struct holders *out, const struct snapshot *snapshot, const struct leak *leak)
{
	struct table table = {0};
	size_t hidden = 0, unplaced = 0;
	bool good = true;
	for (size_t i = 0; good && i < snapshot->handle_count; i++) {
		const struct handle *handle = &snapshot->handles[i];
		struct holder *holder;
		if (handle->luid == LUID_UNKNOWN) {
			hidden += handle_is_hidden(handle);
			unplaced +=
			    handle->session_id == NUMBER_UNKNOWN && handle_keeps_exited(handle);
			continue;
		}
		if (handle->target_exited == NO)
			continue;
		holder = find(&table, handle->luid, handle->pid, handle->image);
		if (!(good = holder))
			break;
		if (handle->type && strcmp(handle->type, "Directory") == 0)
			holder->directories++;
		else if (handle_keeps_exited(handle))
			holder->exited++;
		else
			holder->tokens++;
	}
	good = good && add_running(&table, snapshot, leak);
	free(table.slots);
	struct holders found = {table.items, table.count, hidden, unplaced};
	mark_images(&found, snapshot);
	if (!good || !sort_by_luid(&found)) {
		holders_deinit(&found);
		return false;
	}
	mark_followers(&found);
	*out = found;
	return true;
}

void holders_deinit(struct holders *holders)
{
	free(holders->items);
	memset(holders, 0, sizeof *holders);
}

const struct holder *holders_of(const struct holders *holders, uint64_t luid, size_t *count)
{
	size_t low = 0, high = holders->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (holders->items[middle].luid < luid)
			low = middle + 1;
		else
			high = middle;
	}
	*count = 0;
	while (low + *count < holders->count && holders->items[low + *count].luid == luid)
		(*count)++;
	return *count ? &holders->items[low] : NULL;
}

bool handles_shown_of(const struct snapshot *snapshot, const struct holders *holders, uint64_t luid)
{
	const struct sight *sight = snapshot_sight_of(snapshot, SECTION_HANDLES);
	if (snapshot_whole(snapshot, SECTION_HANDLES) && !holders->hidden)
		return true;
	for (size_t i = 0; sight && i < sight->searched_count; i++) {
		if (sight->searched[i].luid == luid)
			return true;
	}
	return false;
}
