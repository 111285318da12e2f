/* Holders of all that is left, ranked: by what each holds alone, followers not counted; then third parties before parts of
 * Windows; then by what it holds with others. An orphan and the ID of its session count once. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "leak/leak.h"

/* One token of an orphan, or one that refers to a pinned ID of no orphan: by a handle, or as what the process runs with. */
struct hold {
	const char *image;
	int64_t pid;
	size_t item; /* orphans first, then IDs */
};

/* What is held, and by how many others than followers. */
struct held {
	const uint64_t *luids;
	size_t luid_count;
	const int64_t *ids;
	size_t id_count;
	bool *by_anybody;
	size_t *others; /* processes, by item */
};

static int luid_order(const void *a, const void *b)
{
	const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
	return (left > right) - (left < right);
}

static int number_order(const void *a, const void *b)
{
	const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
	return (left > right) - (left < right);
}

static int hold_order(const void *a, const void *b)
{
	const struct hold *left = a, *right = b;
	const int by_image =
	    strcasecmp(left->image ? left->image : "", right->image ? right->image : "");
	if (by_image)
		return by_image;
	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	return (left->item > right->item) - (left->item < right->item);
}

/* Which of what is held a token holds; SIZE_MAX: nothing. */
static size_t item_of(const struct held *held, uint64_t of_luid, int64_t of_id)
{
	const uint64_t *luid =
	    of_luid != LUID_UNKNOWN && held->luid_count
	        ? bsearch(&of_luid, held->luids, held->luid_count, sizeof *luid, luid_order)
	        : NULL;
	if (luid)
		return (size_t)(luid - held->luids);
	const int64_t *id = of_id > 0 && held->id_count ? bsearch(&of_id, held->ids, held->id_count,
	                                                      sizeof *id, number_order)
	                                                : NULL;
	return id ? held->luid_count + (size_t)(id - held->ids) : SIZE_MAX;
}

/* All of them, by process. NULL: memory is out. */
static struct hold *find_holds(
    const struct held *held, const struct snapshot *snapshot, size_t *count)
{
	struct hold *holds =
	    malloc((snapshot->handle_count + snapshot->process_count + 1) * sizeof *holds);
	*count = 0;
	for (size_t i = 0; holds && i < snapshot->handle_count; i++) {
		const struct handle *handle = &snapshot->handles[i];
		const size_t item = item_of(held, handle->luid, handle->session_id);
		if (item != SIZE_MAX)
			holds[(*count)++] = (struct hold){handle->image, handle->pid, item};
	}
	/* Of a process that has exited no token is listed: who holds that one has a handle. */
	for (size_t i = 0; holds && i < snapshot->process_count; i++) {
		const struct process *process = &snapshot->processes[i];
		const size_t item = process->luid == LUID_UNKNOWN
		                        ? SIZE_MAX
		                        : item_of(held, process->luid, process->session_id);
		if (item != SIZE_MAX)
			holds[(*count)++] = (struct hold){process->image, process->pid, item};
	}
	if (holds && *count)
		qsort(holds, *count, sizeof *holds, hold_order);
	return holds;
}

static bool same_process(const struct hold *a, const struct hold *b)
{
	return a->pid == b->pid &&
	       strcasecmp(a->image ? a->image : "", b->image ? b->image : "") == 0;
}

static void count_others(const struct held *held, const struct hold *holds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		held->by_anybody[holds[i].item] = true;
		const bool again = i > 0 && same_process(&holds[i], &holds[i - 1]) &&
		                   holds[i].item == holds[i - 1].item;
		held->others[holds[i].item] += !again && !image_follows(holds[i].image);
	}
}

static void group(
    struct culprits *out, const struct held *held, const struct hold *holds, size_t count)
{
	struct culprit *culprit = NULL;
	for (size_t i = 0; i < count; i++) {
		const bool same = i > 0 && same_process(&holds[i], &holds[i - 1]);
		const size_t item = holds[i].item;
		if (!same) {
			culprit = &out->items[out->count++];
			*culprit = (struct culprit){.image = holds[i].image,
			    .pid = holds[i].pid,
			    .follower = image_follows(holds[i].image),
			    .windows = image_is_windows(holds[i].image)};
		}
		culprit->handles++;
		if (same && item == holds[i - 1].item)
			continue;
		culprit->logon_sessions += item < held->luid_count;
		culprit->session_ids += item >= held->luid_count;
		culprit->alone += held->others[item] == (image_follows(culprit->image) ? 0 : 1);
		culprit->follower = culprit->follower && held->others[item] > 0;
	}
}

static int culprit_rank(const struct culprit *left, const struct culprit *right)
{
	if (left->follower != right->follower)
		return left->follower ? 1 : -1;
	if (left->alone != right->alone)
		return left->alone > right->alone ? -1 : 1;
	if (left->windows != right->windows)
		return left->windows ? 1 : -1;
	const int64_t left_all = left->logon_sessions + left->session_ids,
	              right_all = right->logon_sessions + right->session_ids;
	return left_all == right_all ? 0 : left_all > right_all ? -1 : 1;
}

static int culprit_order(const void *a, const void *b)
{
	const struct culprit *left = a, *right = b;
	const int rank = culprit_rank(left, right);
	if (rank)
		return rank;
	if (left->handles != right->handles)
		return left->handles > right->handles ? -1 : 1;
	return (left->pid > right->pid) - (left->pid < right->pid);
}

bool culprits_find(struct culprits *out, const struct snapshot *snapshot, const uint64_t *luids,
    size_t luid_count, const int64_t *ids, size_t id_count)
{
	struct held held = {luids, luid_count, ids, id_count, NULL, NULL};
	size_t count = 0;
	*out = (struct culprits){0};
	held.by_anybody = calloc(luid_count + id_count + 1, sizeof *held.by_anybody);
	held.others = calloc(luid_count + id_count + 1, sizeof *held.others);
	struct hold *holds =
	    held.by_anybody && held.others ? find_holds(&held, snapshot, &count) : NULL;
	out->items = holds ? calloc(count + 1, sizeof *out->items) : NULL;
	if (out->items) {
		count_others(&held, holds, count);
		group(out, &held, holds, count);
		if (out->count)
			qsort(out->items, out->count, sizeof *out->items, culprit_order);
		for (size_t i = 0; i < luid_count; i++) {
			out->unheld += !held.by_anybody[i];
			out->followers_only += held.by_anybody[i] && held.others[i] == 0;
		}
	}
	free(holds);
	free(held.by_anybody);
	free(held.others);
	return out->items;
}

void culprits_deinit(struct culprits *culprits)
{
	free(culprits->items);
	*culprits = (struct culprits){0};
}

size_t culprits_tied(const struct culprits *culprits)
{
	size_t tied = 0;
	while (tied < culprits->count && !culprits->items[tied].follower &&
	       culprit_rank(&culprits->items[0], &culprits->items[tied]) == 0)
		tied++;
	return tied;
}
