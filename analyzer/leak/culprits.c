/* Holders of all that is left, ranked: by what each holds alone, followers not counted; then third parties before parts of
 * Windows; then by what it holds with others. An orphan and the ID of its session count once. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/order.h"
#include "leak/leak.h"

/* By what a process holds an orphan, or refers to a session ID that is held. */
struct hold {
	const char *image;
	int64_t pid;
	size_t
	    item; /* orphans first, then IDs of no orphan; until it is spread, IDs of orphans behind them */
	int32_t tokens; /* of handles, and what the process runs with */
	int32_t others; /* handles to processes that have exited */
	bool direct;    /* of the orphan itself */
	bool sure;      /* not by a process ID alone */
};

/* How many hold an orphan or an ID. */
struct tally {
	size_t others; /* processes, followers not counted */
	size_t sure;   /* of them, those that are sure */
	size_t followers;
	bool held;          /* somebody has a token of the orphan itself */
	bool held_by_other; /* and is no follower */
};

/* What is held. Whoever holds an orphan's ID holds each orphan that has it. */
struct held {
	const struct held_logon *logons;
	size_t logon_count;
	const int64_t *ids;
	size_t id_count;
	struct held_logon *by_id; /* the orphans with an ID that no session has, by ID */
	size_t by_id_count;
	size_t *
	    item_of_id; /* by ID: 1 + the item, where orphans of it stand behind the IDs; 0: none */
	struct tally *tallies; /* by item */
};

/* Equal strings of a snapshot are one copy. */
static int text_order(const char *a, const char *b)
{
	return a == b ? 0 : strcasecmp(a ? a : "", b ? b : "");
}

static int hold_order(const void *a, const void *b)
{
	const struct hold *left = a, *right = b;
	const int by_image = text_order(left->image, right->image);
	if (by_image)
		return by_image;
	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	return (left->item > right->item) - (left->item < right->item);
}

static int logon_order(const void *a, const void *b)
{
	const struct held_logon *left = a, *right = b;
	return order_of_luids(&left->luid, &right->luid);
}

static int logon_id_order(const void *a, const void *b)
{
	const struct held_logon *left = a, *right = b;
	if (left->session_id != right->session_id)
		return left->session_id < right->session_id ? -1 : 1;
	return logon_order(a, b);
}

static size_t logon_of(const struct held *held, uint64_t luid)
{
	const struct held_logon key = {.luid = luid};
	const struct held_logon *logon =
	    luid != LUID_UNKNOWN && held->logon_count
	        ? bsearch(&key, held->logons, held->logon_count, sizeof key, logon_order)
	        : NULL;
	return logon ? (size_t)(logon - held->logons) : SIZE_MAX;
}

/* Which of what is held a token holds; SIZE_MAX: nothing. */
static size_t item_of(const struct held *held, uint64_t luid, int64_t id)
{
	const size_t logon = logon_of(held, luid);
	if (logon != SIZE_MAX || id <= 0)
		return logon;
	return id <= SESSION_ID_MOST ? held->item_of_id[id] - 1 : SIZE_MAX;
}

static bool same_process(const struct hold *a, const struct hold *b)
{
	return a->pid == b->pid && text_order(a->image, b->image) == 0;
}

/* Sorts the holds and makes one of all by which a process holds one thing. */
static size_t unify(struct hold *holds, size_t count)
{
	size_t kept = 0, sorted = 1;
	while (sorted < count && hold_order(&holds[sorted - 1], &holds[sorted]) <= 0)
		sorted++;
	if (sorted < count)
		qsort(holds, count, sizeof *holds, hold_order);
	for (size_t i = 0; i < count; i++) {
		struct hold *last = kept ? &holds[kept - 1] : NULL;
		if (last && last->item == holds[i].item && same_process(last, &holds[i])) {
			last->tokens += holds[i].tokens;
			last->others += holds[i].others;
			last->direct |= holds[i].direct;
			last->sure |= holds[i].sure;
		} else {
			holds[kept++] = holds[i];
		}
	}
	return kept;
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
		const bool is_token = !handle_keeps_exited(handle);
		if (item != SIZE_MAX && handle->target_exited != NO)
			holds[(*count)++] =
			    (struct hold){handle->image, handle->pid, item, is_token, !is_token,
			        item < held->logon_count, !handle_is_by_pid(handle)};
	}
	/* One that has exited holds nothing: who has a handle to it does. */
	for (size_t i = 0; holds && i < snapshot->process_count; i++) {
		const struct process *process = &snapshot->processes[i];
		const size_t item = process->luid == LUID_UNKNOWN || process->exited
		                        ? SIZE_MAX
		                        : item_of(held, process->luid, process->session_id);
		if (item != SIZE_MAX)
			holds[(*count)++] = (struct hold){process->image, process->pid, item, 1, 0,
			    item < held->logon_count, true};
	}
	if (holds)
		*count = unify(holds, *count);
	return holds;
}

static size_t orphans_of(const struct held *held, const struct hold *hold)
{
	const size_t items = held->logon_count + held->id_count;
	size_t count = 0;
	if (hold->item < items)
		return 0;
	const struct held_logon *first = &held->by_id[hold->item - items];
	while (first + count < held->by_id + held->by_id_count &&
	       first[count].session_id == first->session_id)
		count++;
	return count;
}

/* Makes of a hold of an orphans' ID one of each of those orphans. False: memory is out. */
static bool spread(const struct held *held, struct hold **holds, size_t *count)
{
	size_t room = *count + 1, added = *count;
	for (size_t i = 0; i < *count; i++)
		room += orphans_of(held, &(*holds)[i]);
	if (room == added + 1)
		return true;
	struct hold *larger = reallocarray(*holds, room, sizeof *larger);
	if (!larger)
		return false;
	*holds = larger;
	for (size_t i = 0; i < *count; i++) {
		const size_t orphans = orphans_of(held, &larger[i]);
		const struct held_logon *of =
		    orphans ? &held->by_id[larger[i].item - held->logon_count - held->id_count]
		            : NULL;
		for (size_t j = orphans; j-- > 0;) {
			struct hold *to = j ? &larger[added++] : &larger[i];
			*to = larger[i];
			to->item = logon_of(held, of[j].luid);
			if (j)
				to->tokens = to->others = 0; /* they are counted once */
		}
	}
	*count = unify(larger, added);
	return true;
}

static void count_holders(const struct held *held, const struct hold *holds, size_t count)
{
	bool follows = false;
	for (size_t i = 0; i < count; i++) {
		struct tally *tally = &held->tallies[holds[i].item];
		follows = i > 0 && holds[i].image == holds[i - 1].image
		              ? follows
		              : image_follows(holds[i].image);
		tally->others += !follows;
		tally->sure += !follows && holds[i].sure;
		tally->followers += follows;
		tally->held |= holds[i].direct;
		tally->held_by_other |= holds[i].direct && !follows;
	}
}

/* Followers do not count against others; among themselves they do. What a process ID alone tells counts against nobody. */
static bool holds_alone(const struct tally *tally, const struct hold *hold, bool follows)
{
	return follows ? tally->others == 0 && tally->followers == 1
	               : hold->sure && tally->sure == 1;
}

static const char *services_of(const struct snapshot *snapshot, const struct culprit *culprit)
{
	for (size_t i = 0; i < snapshot->process_count; i++) {
		if (snapshot->processes[i].pid == culprit->pid && culprit->pid != NUMBER_UNKNOWN &&
		    !snapshot->processes[i].exited)
			return snapshot->processes[i].services;
	}
	return NULL;
}

static void group(
    struct culprits *out, const struct held *held, const struct hold *holds, size_t count)
{
	struct culprit *culprit = NULL;
	bool follows = false;
	for (size_t i = 0; i < count; i++) {
		const struct tally *tally = &held->tallies[holds[i].item];
		if (i == 0 || !same_process(&holds[i], &holds[i - 1])) {
			culprit = &out->items[out->count++];
			follows = image_follows(holds[i].image);
			*culprit = (struct culprit){
			    .image = holds[i].image, .pid = holds[i].pid, .follower = follows};
		}
		culprit->handles += holds[i].tokens + holds[i].others;
		culprit->tokens += holds[i].tokens;
		culprit->sure |= holds[i].sure;
		culprit->logon_sessions += holds[i].item < held->logon_count;
		culprit->session_ids += holds[i].item >= held->logon_count;
		culprit->alone += holds_alone(tally, &holds[i], follows);
		culprit->follower = culprit->follower && tally->others > 0;
	}
}

/* The processes that have exited and that each culprit keeps: one of which it has several handles counts once. */
static bool count_exited(
    struct culprits *out, const struct held *held, const struct snapshot *snapshot)
{
	struct hold *kept = malloc((snapshot->handle_count + 1) * sizeof *kept);
	size_t count = 0, at = 0;
	for (size_t i = 0; kept && i < snapshot->handle_count; i++) {
		const struct handle *handle = &snapshot->handles[i];
		if (handle_keeps_exited(handle) &&
		    item_of(held, handle->luid, handle->session_id) != SIZE_MAX)
			kept[count++] = (struct hold){.image = handle->image,
			    .pid = handle->pid,
			    .item = (size_t)handle->target_pid};
	}
	if (kept)
		count = unify(kept, count);
	/* Both are in the order of holds. */
	for (size_t i = 0; i < count; i++) {
		struct hold culprit = {.image = out->items[at].image, .pid = out->items[at].pid};
		while (!same_process(&culprit, &kept[i])) {
			at++;
			culprit =
			    (struct hold){.image = out->items[at].image, .pid = out->items[at].pid};
		}
		out->items[at].exited++;
	}
	free(kept);
	return kept;
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
	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	return text_order(left->image, right->image);
}

static void count_orphans(
    struct culprits *out, const struct held *held, const struct snapshot *snapshot)
{
	struct holders seen = {0};
	for (size_t i = 0; i < snapshot->handle_count; i++)
		seen.hidden += handle_is_hidden(&snapshot->handles[i]);
	for (size_t i = 0; i < held->logon_count; i++) {
		const struct tally *tally = &held->tallies[i];
		const bool shown = handles_shown_of(snapshot, &seen, held->logons[i].luid);
		out->unheld += !tally->held;
		out->without_holder += !tally->held && shown;
		out->followers_only += tally->held && !tally->held_by_other && shown;
	}
}

/* False: memory is out. */
static bool index_ids(struct held *held)
{
	const size_t items = held->logon_count + held->id_count;
	held->item_of_id = calloc(SESSION_ID_MOST + 1, sizeof *held->item_of_id);
	held->by_id = malloc((held->logon_count + 1) * sizeof *held->by_id);
	if (!held->item_of_id || !held->by_id)
		return false;
	for (size_t i = 0; i < held->logon_count; i++) {
		const int64_t id = held->logons[i].session_id;
		if (id > 0 && id <= SESSION_ID_MOST)
			held->by_id[held->by_id_count++] = held->logons[i];
	}
	if (held->by_id_count)
		qsort(held->by_id, held->by_id_count, sizeof *held->by_id, logon_id_order);
	for (size_t i = 0; i < held->id_count; i++) {
		if (held->ids[i] > 0 && held->ids[i] <= SESSION_ID_MOST)
			held->item_of_id[held->ids[i]] = held->logon_count + i + 1;
	}
	for (size_t i = held->by_id_count; i-- > 0;)
		held->item_of_id[held->by_id[i].session_id] = items + i + 1;
	return true;
}

static bool are_tied(const struct culprit *a, const struct culprit *b)
{
	return !a->follower && !b->follower && a->alone == b->alone &&
	       a->logon_sessions + a->session_ids == b->logon_sessions + b->session_ids;
}

/* Those that hold as much as the first stand behind it; the others keep their order. */
static int tied_first(const void *a, const void *b, void *first)
{
	const bool left = are_tied(first, a), right = are_tied(first, b);
	return left == right ? culprit_order(a, b) : left ? -1 : 1;
}

void culprits_rank(void *items, size_t count, size_t size)
{
	if (count == 0)
		return;
	qsort(items, count, size, culprit_order);
	struct culprit first = *(const struct culprit *)items;
	qsort_r(items, count, size, tied_first, &first);
}

bool culprits_find(struct culprits *out, const struct snapshot *snapshot,
    const struct held_logon *logons, size_t logon_count, const int64_t *ids, size_t id_count)
{
	struct held held = {
	    .logons = logons, .logon_count = logon_count, .ids = ids, .id_count = id_count};
	size_t count = 0;
	*out = (struct culprits){0};
	if (logon_count + id_count == 0)
		return true;
	held.tallies = calloc(logon_count + id_count + 1, sizeof *held.tallies);
	struct hold *holds =
	    held.tallies && index_ids(&held) ? find_holds(&held, snapshot, &count) : NULL;
	if (holds && spread(&held, &holds, &count))
		out->items = calloc(count + 1, sizeof *out->items);
	bool good = out->items;
	if (good) {
		count_holders(&held, holds, count);
		group(out, &held, holds, count);
		good = count_exited(out, &held, snapshot);
		for (size_t i = 0; i < out->count; i++) {
			out->items[i].windows =
			    process_is_windows(snapshot, out->items[i].pid, out->items[i].image);
			out->items[i].services = services_of(snapshot, &out->items[i]);
		}
		culprits_rank(out->items, out->count, sizeof *out->items);
		count_orphans(out, &held, snapshot);
	}
	free(holds);
	free(held.by_id);
	free(held.item_of_id);
	free(held.tallies);
	return good;
}

struct held_logon held_logon_of(const struct leak *leak, const struct left_logon *left)
{
	struct held_logon logon = {.luid = left->luid, .session_id = NUMBER_UNKNOWN};
	size_t low = 0, high;
	const struct left_id *ids = leak_ids(leak, &high);
	const size_t count = high;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (ids[middle].id < left->session_id)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < count && ids[low].id == left->session_id && !ids[low].gone)
		logon.session_id = left->session_id;
	return logon;
}

void culprits_deinit(struct culprits *culprits)
{
	free(culprits->items);
	*culprits = (struct culprits){0};
}

size_t culprits_tied_of(const void *items, size_t count, size_t size)
{
	const struct culprit *first = items;
	size_t tied = count > 0 && !first->follower;
	while (tied < count &&
	       are_tied(first, (const struct culprit *)((const char *)items + tied * size)))
		tied++;
	return tied;
}

size_t culprits_tied(const struct culprits *culprits)
{
	return culprits_tied_of(culprits->items, culprits->count, sizeof *culprits->items);
}
