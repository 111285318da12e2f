/* Holders of orphans. The system's own two let go by themselves once the last other holder has: they are followers,
 * unless nobody else is there. */
#include "judge/culprits.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One handle to an orphan. */
struct hold {
	const char *image;
	int64_t pid;
	size_t orphan; /* index in the LUIDs */
};

/* The orphans' LUIDs, sorted, and who was seen to hold each. */
struct held {
	uint64_t *luids;
	bool *by_anybody;
	bool *by_others; /* by somebody else than System and lsass */
	size_t count;
};

bool image_same(const char *a, const char *b)
{
	if (!a || !b)
		return false;
	size_t a_length = strlen(a), b_length = strlen(b);
	if (a_length > 4 && strcasecmp(a + a_length - 4, ".exe") == 0)
		a_length -= 4;
	if (b_length > 4 && strcasecmp(b + b_length - 4, ".exe") == 0)
		b_length -= 4;
	return a_length == b_length && strncasecmp(a, b, a_length) == 0;
}

bool image_follows(const char *image)
{
	return image_same(image, "System") || image_same(image, "lsass");
}

/* These keep tokens of users who are gone for up to 20 minutes on healthy hosts. */
static bool lets_go_late(const char *image)
{
	static const char *const late[] = {
	    "System", "lsass", "svchost", "services", "winlogon", "csrss"};
	for (size_t i = 0; i < sizeof late / sizeof late[0]; i++) {
		if (image_same(image, late[i]))
			return true;
	}
	return false;
}

static int luid_order(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
	return (left > right) - (left < right);
}

static bool held_init(struct held *held, const struct orphans *orphans)
{
	memset(held, 0, sizeof *held);
	held->luids = malloc((orphans->count + 1) * sizeof *held->luids);
	held->by_anybody = calloc(orphans->count + 1, sizeof *held->by_anybody);
	held->by_others = calloc(orphans->count + 1, sizeof *held->by_others);
	if (!held->luids || !held->by_anybody || !held->by_others)
		return false;
	for (size_t i = 0; i < orphans->count; i++) {
		if (survivor_is_orphan(&orphans->items[i]))
			held->luids[held->count++] = orphans->items[i].logon->luid;
	}
	qsort(held->luids, held->count, sizeof *held->luids, luid_order);
	return true;
}

static void held_deinit(struct held *held)
{
	free(held->luids);
	free(held->by_anybody);
	free(held->by_others);
}

static int hold_order(const void *a, const void *b)
{
	const struct hold *left = a, *right = b;
	int by_image = strcasecmp(left->image ? left->image : "", right->image ? right->image : "");
	if (by_image)
		return by_image;
	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	return (left->orphan > right->orphan) - (left->orphan < right->orphan);
}

/* All handles to orphans, by process. NULL when memory is out. */
static struct hold *find_holds(struct held *held, const struct snapshot *snapshot, size_t *count)
{
	size_t found = 0;
	struct hold *holds = malloc((snapshot->handle_count + 1) * sizeof *holds);
	if (!holds)
		return NULL;
	for (size_t i = 0; i < snapshot->handle_count; i++) {
		const struct handle *handle = &snapshot->handles[i];
		if (!handle->has_luid)
			continue;
		const uint64_t *luid =
		    bsearch(&handle->luid, held->luids, held->count, sizeof *luid, luid_order);
		if (!luid)
			continue;
		size_t orphan = (size_t)(luid - held->luids);
		held->by_anybody[orphan] = true;
		if (!image_follows(handle->image))
			held->by_others[orphan] = true;
		holds[found++] = (struct hold){handle->image, handle->pid, orphan};
	}
	qsort(holds, found, sizeof *holds, hold_order);
	*count = found;
	return holds;
}

static struct culprit *add_culprit(struct verdict *verdict, const struct hold *hold)
{
	struct culprit *larger =
	    realloc(verdict->culprits, (verdict->culprit_count + 1) * sizeof *larger);
	if (!larger)
		return NULL;
	verdict->culprits = larger;
	struct culprit culprit = {.pid = hold->pid, .follower = image_follows(hold->image)};
	if (hold->image && !(culprit.image = strdup(hold->image)))
		return NULL;
	larger[verdict->culprit_count] = culprit;
	return &larger[verdict->culprit_count++];
}

static bool same_process(const struct hold *a, const struct hold *b)
{
	return a->pid == b->pid &&
	       strcasecmp(a->image ? a->image : "", b->image ? b->image : "") == 0;
}

static bool group(
    struct verdict *verdict, const struct held *held, const struct hold *holds, size_t count)
{
	struct culprit *culprit = NULL;
	for (size_t i = 0; i < count; i++) {
		bool same = i > 0 && same_process(&holds[i], &holds[i - 1]);
		if (!same && !(culprit = add_culprit(verdict, &holds[i])))
			return false;
		culprit->handles++;
		culprit->logon_sessions += !same || holds[i].orphan != holds[i - 1].orphan;
		culprit->follower = culprit->follower && held->by_others[holds[i].orphan];
	}
	return true;
}

static int culprit_order(const void *a, const void *b)
{
	const struct culprit *left = a, *right = b;
	if (left->follower != right->follower)
		return left->follower ? 1 : -1;
	if (left->logon_sessions != right->logon_sessions)
		return left->logon_sessions > right->logon_sessions ? -1 : 1;
	if (left->handles != right->handles)
		return left->handles > right->handles ? -1 : 1;
	return (left->pid > right->pid) - (left->pid < right->pid);
}

bool culprits_find(
    struct verdict *verdict, const struct snapshot *settled, const struct orphans *orphans)
{
	struct held held;
	size_t count = 0;
	struct hold *holds = NULL;
	bool good = held_init(&held, orphans) && (holds = find_holds(&held, settled, &count)) &&
	            group(verdict, &held, holds, count);
	if (good) {
		if (verdict->culprit_count)
			qsort(verdict->culprits, verdict->culprit_count, sizeof *verdict->culprits,
			    culprit_order);
		for (size_t i = 0; i < held.count; i++) {
			verdict->unattributed += !held.by_anybody[i];
			verdict->followers_only += held.by_anybody[i] && !held.by_others[i];
		}
		verdict->late_only = verdict->culprit_count > 0 && verdict->unattributed == 0;
		for (size_t i = 0; i < verdict->culprit_count; i++)
			verdict->late_only =
			    verdict->late_only && lets_go_late(verdict->culprits[i].image);
		verdict->culprits_known = true;
	}
	free(holds);
	held_deinit(&held);
	return good;
}
