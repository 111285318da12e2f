/* Who keeps the orphans, and, where leak tracking was on, who made their tokens: two lists, of processes each. They need not be the same:
 * lsass makes tokens for whoever logs on, and a handle may be put into another process. Both are ranked by the leak rule (leak/leak.h).
 *
 * What nobody holds in sight is the kernel's, or a holder's that was not seen. A logon session's own token keeps an orphan only where
 * nothing else does; and an exited process is a victim: nobody who has a handle to it in sight, the kernel keeps it. */
#include "dump/answer/inside.h"

#include <stdlib.h>
#include <string.h>

#include "dump/answer/roll.h"
#include "dump/kernel/address_map.h"
#include "dump/kernel/large_array.h"

struct count {
	struct answer *answer;
	const struct kernel *kernel;
	struct roll holders, creators;
	uint32_t *holder_of, *creator_of; /* by process; KERNEL_NONE */
	uint32_t nameless[DUMP_HOLDERS];  /* by kind: holders that are no processes; KERNEL_NONE */
	struct address_map gone;          /* creators that run no more, by image */
	struct address_map links, variants;
	uint32_t link_room, variant_room;
	struct id_tokens id_tokens;
	uint32_t orphan;   /* at hand */
	uint32_t own_seen; /* tokens of it that are its own */
	bool unknown;      /* who made some token of it is not known */
};

static struct dump_holder *holder_of(const struct count *count, uint32_t row)
{
	return (struct dump_holder *)stake_of(&count->holders, row);
}

static struct dump_creator *creator_of(const struct count *count, uint32_t row)
{
	return (struct dump_creator *)stake_of(&count->creators, row);
}

/* ---- holders ---- */

static uint32_t holder_row(struct count *count, enum dump_holder_kind kind, uint32_t process)
{
	const struct kernel_process *from =
	    process == KERNEL_NONE ? NULL : &count->kernel->processes[process];
	uint32_t *row =
	    kind == DUMP_HOLDER_PROCESS ? &count->holder_of[process] : &count->nameless[kind];
	if (*row != KERNEL_NONE)
		return *row;
	*row = roll_enroll(
	    &count->holders, from ? from->image : NULL, from ? (int64_t)from->pid : NUMBER_UNKNOWN);
	if (*row != KERNEL_NONE) {
		struct dump_holder *holder = holder_of(count, *row);
		holder->kind = kind;
		holder->process = process;
		holder->links = KERNEL_NONE;
	}
	return *row;
}

/* What nobody in sight holds: the kernel does, if all who may hold it were seen. */
static uint32_t hidden_row(struct count *count, bool all_seen)
{
	return holder_row(count, all_seen ? DUMP_HOLDER_KERNEL : DUMP_HOLDER_UNSEEN, KERNEL_NONE);
}

/* Both have to do with one token more. False when memory is out. */
static bool link_both(struct count *count, uint32_t holder, uint32_t creator)
{
	const uint64_t key = (uint64_t)(holder + 1) << 32 | creator;
	struct answer *answer = count->answer;
	if (creator == KERNEL_NONE)
		return true;
	const uint32_t known = address_map_find(&count->links, key);
	if (known != UINT32_MAX) {
		answer->links[known].tokens++;
		return true;
	}
	struct dump_link *link = large_array_next(
	    &answer->links, &answer->link_count, &count->link_room, sizeof *answer->links);
	if (!link)
		return false;
	*link = (struct dump_link){.holder = holder, .creator = creator, .tokens = 1};
	return address_map_add(&count->links, key, answer->link_count - 1);
}

/* The holder has the token. False when memory is out. */
static bool hold(struct count *count, uint32_t row, uint32_t number, uint32_t creator)
{
	const struct kernel_token *token = &count->kernel->tokens[number];
	if (row == KERNEL_NONE || !roll_touch(&count->holders, row, count->orphan))
		return false;
	struct dump_holder *holder = holder_of(count, row);
	if (holder->stake.last_token == number)
		return true;
	holder->stake.last_token = number;
	holder->stake.culprit.tokens++;
	holder->captures += token->captures > 0 ? (uint64_t)token->captures : 0;
	if (creator != KERNEL_NONE && holder->process != KERNEL_NONE &&
	    creator_of(count, creator)->process == holder->process) {
		holder->made_itself++;
		creator_of(count, creator)->held_itself++;
	}
	return link_both(count, row, creator);
}

static bool count_holders(struct count *count, uint32_t number, uint32_t creator)
{
	const struct kernel *kernel = count->kernel;
	const struct kernel_token *token = &kernel->tokens[number];
	bool own = false;
	for (uint32_t i = token->holders; i != KERNEL_NONE; i = kernel->holders[i].next) {
		const struct kernel_holder *holder = &kernel->holders[i];
		own |= holder->kind == HOLDER_SESSION;
		if (holder->kind == HOLDER_SESSION || holder_is_left_by_exited(kernel, holder))
			continue;
		const uint32_t row = holder_row(count, DUMP_HOLDER_PROCESS, holder->process);
		if (!hold(count, row, number, creator))
			return false;
		holder_of(count, row)->by[holder->kind]++;
	}
	count->own_seen += own;
	if (token_is_held(kernel, token))
		return kernel_token_handles_hidden(kernel, token) == 0 ||
		       hold(count, hidden_row(count, false), number, creator);
	const bool all_seen = kernel_token_holders_seen(kernel, token);
	if (creator != KERNEL_NONE) {
		creator_of(count, creator)->unheld++;
		creator_of(count, creator)->unseen += !all_seen;
	}
	return hold(count, hidden_row(count, all_seen), number, creator);
}

/* Whoever has a token that is stamped with the session ID of the orphan at hand. Where tokens keep no IDs, a process that has exited does
 * as long as somebody has a handle to it. False when memory is out. */
static bool count_id_token(struct count *count, uint32_t number, bool is_new)
{
	const struct kernel *kernel = count->kernel;
	const bool tokens_keep = kernel->rule != RULE_ABSENT && kernel->rule != RULE_OFF;
	for (uint32_t i = kernel->tokens[number].holders; i != KERNEL_NONE;
	     i = kernel->holders[i].next) {
		const struct kernel_holder *held = &kernel->holders[i];
		if (held->kind == HOLDER_SESSION || holder_is_left_by_exited(kernel, held) ||
		    (held->kind != HOLDER_EXITED && !tokens_keep))
			continue;
		const uint32_t row = holder_row(count, DUMP_HOLDER_PROCESS, held->process);
		if (row == KERNEL_NONE || !roll_touch(&count->holders, row, count->orphan))
			return false;
		struct dump_holder *holder = holder_of(count, row);
		holder->by[held->kind] += is_new;
		holder->id_tokens += is_new && holder->stake.last_token != number;
		holder->stake.last_token = number;
	}
	return true;
}

/* Those of its session ID; several orphans may have it. */
static bool count_id_tokens(struct count *count)
{
	struct id_tokens *tokens = &count->id_tokens;
	const uint32_t id = tokens->ids[count->orphan];
	for (uint32_t i = id ? tokens->first[id] : KERNEL_NONE; i != KERNEL_NONE;
	     i = tokens->next[i])
		if (!count_id_token(count, i, tokens->is_wanted[id]))
			return false;
	tokens->is_wanted[id] = false;
	return true;
}

/* ---- creators ---- */

/* The row of who made the token; *row is KERNEL_NONE where that is not known. False when memory is out. */
static bool creator_row(struct count *count, const struct kernel_token *token, uint32_t *row)
{
	const struct kernel *kernel = count->kernel;
	*row = KERNEL_NONE;
	if (!token->creator_image)
		return true;
	const uint32_t process =
	    kernel_find_creator(kernel, token->creator_pid, token->creator_image);
	const uint64_t image = (uintptr_t)token->creator_image; /* equal ones are one copy */
	const bool runs = process != KERNEL_NONE;
	*row = runs ? count->creator_of[process] : address_map_find(&count->gone, image);
	if (*row != KERNEL_NONE)
		return true;
	*row = roll_enroll(&count->creators,
	    runs ? kernel->processes[process].image : token->creator_image,
	    runs ? (int64_t)token->creator_pid : NUMBER_UNKNOWN);
	if (*row == KERNEL_NONE)
		return false;
	struct dump_creator *creator = creator_of(count, *row);
	creator->process = process;
	creator->image_is_cut =
	    runs ? kernel->processes[process].image_is_cut : token->creator_is_cut;
	creator->links = KERNEL_NONE;
	if (!runs)
		return address_map_add(&count->gone, image, *row);
	count->creator_of[process] = *row;
	return true;
}

static void note_pid(struct dump_creator *creator, uint64_t pid)
{
	for (uint32_t i = 0; i < creator->pid_count && i < CREATOR_PIDS; i++)
		if (creator->pids[i] == pid)
			return;
	if (creator->pid_count < CREATOR_PIDS)
		creator->pids[creator->pid_count++] = pid;
	else
		creator->pid_count = CREATOR_PIDS + 1; /* some more */
}

static bool note_stack(struct count *count, uint32_t creator, const struct kernel_token *token)
{
	struct answer *answer = count->answer;
	if (!token->stack)
		return true;
	const uint64_t key =
	    ((uint64_t)creator * 4 + (token->method & 3) + 1) << 32 | token->stack->number;
	const uint32_t known = address_map_find(&count->variants, key);
	if (known != UINT32_MAX) {
		answer->variants[known].tokens++;
		return true;
	}
	struct dump_variant *variant = large_array_next(&answer->variants, &answer->variant_count,
	    &count->variant_room, sizeof *answer->variants);
	if (!variant)
		return false;
	*variant = (struct dump_variant){
	    .stack = token->stack, .creator = creator, .method = token->method, .tokens = 1};
	return address_map_add(&count->variants, key, answer->variant_count - 1);
}

static bool count_creator(struct count *count, const struct kernel_token *token, uint32_t *row)
{
	if (!creator_row(count, token, row))
		return false;
	if (*row == KERNEL_NONE) {
		count->unknown = true;
		count->answer->unknown_creator += count->kernel->tracking == TRACKING_ON;
		return true;
	}
	struct dump_creator *creator = creator_of(count, *row);
	creator->stake.culprit.tokens++;
	creator->captures += token->captures > 0 ? (uint64_t)token->captures : 0;
	creator->creates |= token->method == METHOD_CREATE;
	creator->duplicates |= token->method == METHOD_DUPLICATE;
	creator->filters |= token->method == METHOD_FILTER;
	note_pid(creator, token->creator_pid);
	return roll_touch(&count->creators, *row, count->orphan) && note_stack(count, *row, token);
}

/* ---- all of them ---- */

static bool count_tokens(struct count *count, const struct orphan *orphan)
{
	const struct kernel *kernel = count->kernel;
	count->own_seen = 0;
	count->unknown = false;
	for (uint32_t i = kernel->logons[orphan->logon].tokens; i != KERNEL_NONE;
	     i = kernel->tokens[i].next_of_session) {
		uint32_t creator;
		if (kernel->tokens[i].flags & TOKEN_FLAG_NO_REFERENCE)
			continue;
		if (!count_creator(count, &kernel->tokens[i], &creator) ||
		    !count_holders(count, i, creator))
			return false;
	}
	if (!count_id_tokens(count))
		return false;
	if (orphan->beyond > 0) {
		const uint32_t row = hidden_row(count, orphan->tokens_seen);
		if (row == KERNEL_NONE || !roll_touch(&count->holders, row, count->orphan))
			return false;
		holder_of(count, row)->references += orphan->beyond;
	}
	if (count->own_seen == 0 || count->holders.touched_count > 0)
		return true;
	const uint32_t row = holder_row(count, DUMP_HOLDER_OWN, KERNEL_NONE);
	if (row == KERNEL_NONE || !roll_touch(&count->holders, row, count->orphan))
		return false;
	holder_of(count, row)->stake.culprit.tokens += count->own_seen;
	holder_of(count, row)->by[HOLDER_SESSION] += count->own_seen;
	return true;
}

static int most_first(const void *a, const void *b)
{
	const struct dump_link *left = a, *right = b;
	if (left->tokens != right->tokens)
		return left->tokens > right->tokens ? -1 : 1;
	if (left->holder != right->holder)
		return left->holder < right->holder ? -1 : 1;
	return (left->creator > right->creator) - (left->creator < right->creator);
}

static bool arrange(struct count *count)
{
	struct answer *answer = count->answer;
	uint32_t *holders = roll_rank(&count->holders), *creators = roll_rank(&count->creators);
	const bool good = holders && creators;
	for (uint32_t i = 0; good && i < answer->link_count; i++) {
		answer->links[i].holder = holders[answer->links[i].holder];
		answer->links[i].creator = creators[answer->links[i].creator];
	}
	for (uint32_t i = 0; good && i < answer->variant_count; i++)
		answer->variants[i].creator = creators[answer->variants[i].creator];
	if (answer->link_count)
		qsort(answer->links, answer->link_count, sizeof *answer->links, most_first);
	for (uint32_t i = answer->link_count; good && i-- > 0;) {
		struct dump_link *link = &answer->links[i];
		uint32_t *of_holder = &answer->holders[link->holder].links,
		         *of_creator = &answer->creators[link->creator].links;
		link->next_of_holder = *of_holder;
		link->next_of_creator = *of_creator;
		*of_holder = *of_creator = i;
	}
	free(holders);
	free(creators);
	return good && answer_find_paths(answer);
}

static void count_deinit(struct count *count)
{
	id_tokens_deinit(&count->id_tokens);
	free(count->holder_of);
	free(count->creator_of);
	free(count->holders.touched);
	free(count->creators.touched);
	address_map_deinit(&count->gone);
	address_map_deinit(&count->links);
	address_map_deinit(&count->variants);
}

bool answer_find_culprits(struct answer *answer)
{
	const struct kernel *kernel = answer->kernel;
	struct count count = {.answer = answer,
	    .kernel = kernel,
	    .holders = {.size = sizeof(struct dump_holder)},
	    .creators = {.size = sizeof(struct dump_creator)},
	    .nameless = {KERNEL_NONE, KERNEL_NONE, KERNEL_NONE, KERNEL_NONE}};
	const size_t bytes = (kernel->process_count + 1u) * sizeof *count.holder_of;
	count.holder_of = malloc(bytes);
	count.creator_of = malloc(bytes);
	bool good = id_tokens_init(&count.id_tokens, answer) && count.holder_of && count.creator_of;
	if (count.holder_of && count.creator_of) {
		memset(count.holder_of, 0xff, bytes); /* KERNEL_NONE */
		memset(count.creator_of, 0xff, bytes);
	}
	for (uint32_t i = 0; good && i < answer->orphan_count; i++) {
		count.orphan = i;
		good = count_tokens(&count, &answer->orphans[i]);
		roll_settle(&count.holders, 0);
		roll_settle(&count.creators, count.unknown);
	}
	answer->holders = count.holders.items;
	answer->creators = count.creators.items;
	answer->holder_count = count.holders.count;
	answer->creator_count = count.creators.count;
	good = good && arrange(&count);
	count_deinit(&count);
	return good;
}
