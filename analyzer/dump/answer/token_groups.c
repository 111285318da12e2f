/* Sorted by a hash of what they are, those that are alike stand together, however many there are. */
#include "dump/answer/token_groups.h"

#include <stdlib.h>

struct grouped_token {
	uint64_t hash;
	uint32_t token, place; /* among the logon session's */
};

void token_groups_deinit(struct token_groups *groups)
{
	free(groups->items);
	free(groups->tokens);
}

static void mix(uint64_t *hash, uint64_t value)
{
	*hash = (*hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	*hash ^= *hash >> 29;
}

/* Texts are interned: the same one has one address. */
static uint64_t hash_of(const struct kernel *kernel, const struct kernel_token *token)
{
	uint64_t hash = token->is_read;
	mix(&hash, (uint64_t)token->session_id << 32 | token->flags);
	mix(&hash, (uint64_t)(uintptr_t)token->user);
	mix(&hash, (uint64_t)token->method << 8 | token->type << 4 | token->level);
	mix(&hash, (uint64_t)(uintptr_t)token->creator_image);
	mix(&hash, token->creator_pid);
	for (uint32_t i = token->holders; i != KERNEL_NONE; i = kernel->holders[i].next)
		mix(&hash, (uint64_t)kernel->holders[i].process << 8 | kernel->holders[i].kind);
	return hash;
}

/* Handle tables are read one after the other, so that holders of tokens alike have one order. */
static bool same_holders(const struct kernel *kernel, uint32_t a, uint32_t b)
{
	while (a != KERNEL_NONE && b != KERNEL_NONE &&
	       kernel->holders[a].process == kernel->holders[b].process &&
	       kernel->holders[a].kind == kernel->holders[b].kind) {
		a = kernel->holders[a].next;
		b = kernel->holders[b].next;
	}
	return a == b; /* both are at the end */
}

static bool same(
    const struct kernel *kernel, const struct kernel_token *a, const struct kernel_token *b)
{
	return a->is_read == b->is_read && a->session_id == b->session_id && a->flags == b->flags &&
	       a->user == b->user && a->method == b->method && a->type == b->type &&
	       a->level == b->level && a->creator_image == b->creator_image &&
	       a->creator_is_cut == b->creator_is_cut && a->creator_pid == b->creator_pid &&
	       same_holders(kernel, a->holders, b->holders);
}

static int by_hash(const void *left, const void *right)
{
	const struct grouped_token *a = left, *b = right;
	if (a->hash != b->hash)
		return a->hash > b->hash ? 1 : -1;
	return (a->place > b->place) - (a->place < b->place);
}

static int by_place(const void *left, const void *right)
{
	const struct token_group *a = left, *b = right;
	return (a->place > b->place) - (a->place < b->place);
}

static bool make_room(struct token_groups *groups, uint32_t count)
{
	if (count <= groups->room)
		return true;
	token_groups_deinit(groups);
	*groups = (struct token_groups){.room = count,
	    .tokens = calloc(count, sizeof *groups->tokens),
	    .items = calloc(count, sizeof *groups->items)};
	if (groups->tokens && groups->items)
		return true;
	groups->room = 0;
	return false;
}

/* Two of one hash that are not alike begin another group: it may be there twice then, and nothing is lost. */
static void gather(struct token_groups *groups, const struct kernel *kernel, uint32_t count)
{
	groups->count = 0;
	for (uint32_t i = 0; i < count; i++) {
		const struct grouped_token *found = &groups->tokens[i];
		const struct kernel_token *token = &kernel->tokens[found->token];
		struct token_group *group =
		    groups->count ? &groups->items[groups->count - 1] : NULL;
		if (!group || !same(kernel, &kernel->tokens[group->token], token)) {
			group = &groups->items[groups->count++];
			*group = (struct token_group){.token = found->token, .place = found->place};
		}
		group->count++;
		group->captures += token->captures;
	}
}

bool token_groups_make(
    struct token_groups *groups, const struct kernel *kernel, uint32_t logon_session)
{
	const struct kernel_logon_session *logon = &kernel->logons[logon_session];
	uint32_t count = 0;
	groups->count = 0;
	if (!make_room(groups, logon->token_count))
		return false;
	for (uint32_t i = logon->tokens; i != KERNEL_NONE && count < logon->token_count;
	     i = kernel->tokens[i].next_of_session) {
		groups->tokens[count] =
		    (struct grouped_token){hash_of(kernel, &kernel->tokens[i]), i, count};
		count++;
	}
	if (count == 0)
		return true;
	qsort(groups->tokens, count, sizeof *groups->tokens, by_hash);
	gather(groups, kernel, count);
	qsort(groups->items, groups->count, sizeof *groups->items, by_place);
	return true;
}
