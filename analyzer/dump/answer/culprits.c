/* Who is to blame for the orphans: all tokens with one creator, method and stack are one leak. lsass makes tokens on behalf of
 * others and keeps handles that it closes after the last other one has been closed; so it is named only where nobody else is
 * in sight. */
#include "dump/answer/inside.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 64

struct grouping {
	struct answer *answer;
	const struct kernel *kernel;
	uint32_t *slots; /* culprit number + 1; 0: free */
	uint32_t room, culprit_room;
	uint32_t orphan;                  /* the one at hand */
	uint32_t last;                    /* culprit number + 1 of the token before; 0: none */
	const char *follower, *foreigner; /* images that were looked at last, one of each kind */
	bool is_foreign; /* somebody else than lsass and System has to do with it */
	uint32_t others; /* culprits of the one at hand that do not follow */
	uint32_t other;  /* the last of them */
};

/* The same, remembered: images are one copy each, and the same few come again and again. */
static bool is_follower(struct grouping *grouping, const char *image)
{
	if (image == grouping->follower || image == grouping->foreigner)
		return image && image == grouping->follower;
	bool result = image_follows(image);
	*(result ? &grouping->follower : &grouping->foreigner) = image;
	return result;
}

static size_t hash_of(const struct dump_culprit *key)
{
	uint64_t hash = (uint64_t)key->kind + 1;
	const uint64_t parts[] = {(uintptr_t)key->image, (uintptr_t)key->creator_image, key->method,
	    (uintptr_t)key->stack};
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		hash = (hash ^ parts[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return (size_t)(hash >> 8);
}

static bool same_key(const struct dump_culprit *a, const struct dump_culprit *b)
{
	/* Strings and stacks are one copy each. */
	return a->kind == b->kind && a->image == b->image && a->creator_image == b->creator_image &&
	       a->method == b->method && a->stack == b->stack;
}

static uint32_t *slot_of(struct grouping *grouping, const struct dump_culprit *key)
{
	const struct dump_culprit *culprits = grouping->answer->culprits;
	uint32_t slot = (uint32_t)hash_of(key) & (grouping->room - 1);
	while (grouping->slots[slot] && !same_key(&culprits[grouping->slots[slot] - 1], key))
		slot = (slot + 1) & (grouping->room - 1);
	return &grouping->slots[slot];
}

static bool grow(struct grouping *grouping)
{
	struct answer *answer = grouping->answer;
	uint32_t room = grouping->room ? grouping->room * 2 : ROOM_FIRST;
	struct dump_culprit *culprits = reallocarray(answer->culprits, room / 2, sizeof *culprits);
	if (culprits)
		answer->culprits = culprits;
	uint32_t *slots = culprits ? calloc(room, sizeof *slots) : NULL;
	if (!slots)
		return false;
	free(grouping->slots);
	grouping->slots = slots;
	grouping->room = room;
	for (uint32_t i = 0; i < answer->culprit_count; i++)
		*slot_of(grouping, &answer->culprits[i]) = i + 1;
	return true;
}

/* The culprit of this key. NULL when memory is out. */
static struct dump_culprit *culprit_of(struct grouping *grouping, const struct dump_culprit *key)
{
	struct answer *answer = grouping->answer;
	if (answer->culprit_count * 2 >= grouping->room && !grow(grouping))
		return NULL;
	uint32_t *slot = &grouping->last;
	if (!*slot || !same_key(&answer->culprits[*slot - 1], key))
		slot = slot_of(grouping, key);
	if (!*slot) {
		answer->culprits[answer->culprit_count] = *key;
		answer->culprits[answer->culprit_count].last_orphan = KERNEL_NONE;
		*slot = ++answer->culprit_count;
	}
	grouping->last = *slot;
	struct dump_culprit *culprit = &answer->culprits[*slot - 1];
	if (culprit->last_orphan != grouping->orphan) {
		culprit->last_orphan = grouping->orphan;
		culprit->orphans++;
		culprit->foreign_orphans += grouping->is_foreign;
		if (!is_follower(grouping, culprit->image)) {
			grouping->others++;
			grouping->other = grouping->last - 1;
		}
	}
	return culprit;
}

static void note_pid(struct dump_culprit *culprit, uint64_t pid)
{
	for (uint32_t i = 0; i < culprit->pid_count && i < CULPRIT_PIDS; i++)
		if (culprit->pids[i] == pid)
			return;
	if (culprit->pid_count < CULPRIT_PIDS)
		culprit->pids[culprit->pid_count++] = pid;
	else
		culprit->pid_count = CULPRIT_PIDS + 1; /* some more */
}

static void note_holder(struct dump_culprit *culprit, const struct kernel_holder *holder)
{
	for (uint32_t i = 0; i < culprit->holder_count; i++) {
		struct culprit_holder *known = &culprit->holders[i];
		if (known->kind == holder->kind && known->process == holder->process) {
			known->count++;
			return;
		}
	}
	if (culprit->holder_count == CULPRIT_HOLDERS)
		culprit->other_holders++;
	else
		culprit->holders[culprit->holder_count++] =
		    (struct culprit_holder){holder->kind, holder->process, 1};
}

static const char *holder_image(const struct kernel *kernel, const struct kernel_holder *holder)
{
	const struct kernel_process *process =
	    holder->process == KERNEL_NONE ? NULL : &kernel->processes[holder->process];
	/* One that has exited is a victim: if nobody has a handle to it, the kernel keeps it. */
	return process && process->is_alive ? process->image : NULL;
}

/* A holder that is neither lsass nor System, or NULL. The logon session's own token does not count: a session that
 * holds itself is a fault, but one of the kernel. */
static const struct kernel_holder *foreign_holder(
    struct grouping *grouping, const struct kernel_token *token)
{
	const struct kernel *kernel = grouping->kernel;
	for (uint32_t i = token->holders; i != KERNEL_NONE; i = kernel->holders[i].next) {
		const char *image = holder_image(kernel, &kernel->holders[i]);
		if (image && !is_follower(grouping, image))
			return &kernel->holders[i];
	}
	return NULL;
}

static bool is_foreign(struct grouping *grouping, const struct kernel_token *token)
{
	return (token->creator_image && !is_follower(grouping, token->creator_image)) ||
	       foreign_holder(grouping, token);
}

static void add_token(struct kernel const *kernel, struct dump_culprit *culprit,
    const struct kernel_token *token, uint64_t pid)
{
	culprit->tokens++;
	culprit->captures += token->captures > 0 ? (uint64_t)token->captures : 0;
	culprit->unheld += token->holders == KERNEL_NONE;
	if (pid)
		note_pid(culprit, pid);
	for (uint32_t i = token->holders; i != KERNEL_NONE; i = kernel->holders[i].next)
		note_holder(culprit, &kernel->holders[i]);
}

/* Each image that holds the token is to blame once. */
static bool blame_holders(
    struct grouping *grouping, const struct kernel_token *token, const struct dump_culprit *base)
{
	const struct kernel *kernel = grouping->kernel;
	bool foreign = foreign_holder(grouping, token);
	const char *blamed[16];
	size_t count = 0;
	for (uint32_t i = token->holders; i != KERNEL_NONE; i = kernel->holders[i].next) {
		const struct kernel_holder *holder = &kernel->holders[i];
		const char *image = holder_image(kernel, holder);
		bool is_known = foreign && is_follower(grouping, image);
		for (size_t j = 0; j < count && !is_known; j++)
			is_known = blamed[j] == image;
		if (is_known || count == sizeof blamed / sizeof blamed[0] || (!image && foreign))
			continue;
		blamed[count++] = image;
		struct dump_culprit key = *base;
		key.kind = image ? CULPRIT_HOLDER : CULPRIT_KERNEL;
		key.image = image;
		key.image_is_cut = image && kernel->processes[holder->process].image_is_cut;
		struct dump_culprit *culprit = culprit_of(grouping, &key);
		if (!culprit)
			return false;
		add_token(
		    kernel, culprit, token, image ? kernel->processes[holder->process].pid : 0);
	}
	return true;
}

/* Who has what nobody in sight has. */
static enum culprit_kind unseen_kind(const struct grouping *grouping)
{
	return grouping->answer->holders_seen ? CULPRIT_KERNEL : CULPRIT_UNSEEN;
}

static bool blame(struct grouping *grouping, const struct kernel_token *token)
{
	const struct kernel *kernel = grouping->kernel;
	struct dump_culprit key = {.kind = CULPRIT_CREATOR,
	    .image = token->creator_image,
	    .image_is_cut = token->creator_is_cut,
	    .creator_image = token->creator_image,
	    .creator_is_cut = token->creator_is_cut,
	    .method = token->method,
	    .stack = token->stack};
	bool is_creator = token->creator_image && !is_follower(grouping, token->creator_image);
	if (!is_creator && token->holders != KERNEL_NONE)
		return blame_holders(grouping, token, &key);
	if (!is_creator) {
		key.kind = unseen_kind(grouping);
		key.image = NULL;
	}
	struct dump_culprit *culprit = culprit_of(grouping, &key);
	if (culprit)
		add_token(kernel, culprit, token, is_creator ? token->creator_pid : 0);
	return culprit;
}

static bool blame_tokens(struct grouping *grouping, uint32_t number)
{
	const struct kernel *kernel = grouping->kernel;
	const struct orphan *orphan = &grouping->answer->orphans[number];
	const struct kernel_logon_session *logon = &kernel->logons[orphan->logon];
	uint64_t beyond = orphan->kernel_references - orphan->unheld;
	grouping->orphan = number;
	grouping->is_foreign = beyond > 0 || orphan->unheld > 0;
	for (uint32_t i = logon->tokens; i != KERNEL_NONE && !grouping->is_foreign;
	     i = kernel->tokens[i].next_of_session)
		grouping->is_foreign = is_foreign(grouping, &kernel->tokens[i]);
	for (uint32_t i = logon->tokens; i != KERNEL_NONE; i = kernel->tokens[i].next_of_session)
		if (!(kernel->tokens[i].flags & TOKEN_FLAG_NO_REFERENCE) &&
		    !blame(grouping, &kernel->tokens[i]))
			return false;
	if (beyond == 0)
		return true;
	struct dump_culprit *culprit =
	    culprit_of(grouping, &(struct dump_culprit){.kind = unseen_kind(grouping)});
	if (culprit)
		culprit->references += beyond;
	return culprit;
}

static bool blame_orphan(struct grouping *grouping, uint32_t number)
{
	grouping->others = 0;
	if (!blame_tokens(grouping, number))
		return false;
	if (grouping->others == 1)
		grouping->answer->culprits[grouping->other].alone++;
	return true;
}

static int worst_first(const void *a, const void *b)
{
	const struct dump_culprit *left = a, *right = b;
	if (left->follower != right->follower)
		return left->follower ? 1 : -1;
	if (left->alone != right->alone)
		return left->alone > right->alone ? -1 : 1;
	if (left->windows != right->windows)
		return left->windows ? 1 : -1;
	if (left->orphans != right->orphans)
		return left->orphans > right->orphans ? -1 : 1;
	if (left->tokens != right->tokens)
		return left->tokens > right->tokens ? -1 : 1;
	if (left->references != right->references)
		return left->references > right->references ? -1 : 1;
	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	int order = strcmp(left->image ? left->image : "", right->image ? right->image : "");
	return order ? order
	             : (left->last_orphan > right->last_orphan) -
	                   (left->last_orphan < right->last_orphan);
}

static int most_first(const void *a, const void *b)
{
	const struct culprit_holder *left = a, *right = b;
	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	return (left->process > right->process) - (left->process < right->process);
}

bool answer_group_culprits(struct answer *answer)
{
	struct grouping grouping = {.answer = answer, .kernel = answer->kernel};
	bool good = true;
	for (uint32_t i = 0; good && i < answer->orphan_count; i++)
		good = blame_orphan(&grouping, i);
	free(grouping.slots);
	for (uint32_t i = 0; i < answer->culprit_count; i++) {
		struct dump_culprit *culprit = &answer->culprits[i];
		culprit->follower = culprit->kind == CULPRIT_HOLDER &&
		                    image_follows(culprit->image) &&
		                    culprit->foreign_orphans == culprit->orphans;
		culprit->windows = culprit->kind != CULPRIT_KERNEL &&
		                   culprit->kind != CULPRIT_UNSEEN &&
		                   image_is_windows(culprit->image);
		qsort(culprit->holders, culprit->holder_count, sizeof culprit->holders[0],
		    most_first);
	}
	if (answer->culprit_count)
		qsort(
		    answer->culprits, answer->culprit_count, sizeof *answer->culprits, worst_first);
	return good;
}
