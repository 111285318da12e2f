/* By which stacks creators made tokens. How many frames the kernel recorded is not stored, so what stands behind them may be left over
 * from another stack: a million tokens of one leak can have a million stacks. Those whose kernel frames are equal are one path; and so
 * are those that have some frames in common and then go on differently from token to token. */
#include "dump/answer/inside.h"

#include <stdlib.h>

#include "dump/kernel/large_array.h"

#define KERNEL_HALF (UINT64_C(1) << 63)
#define FRAMES_LEAST 2 /* in common; before, each way on is a path of its own */
#define SHARE_LEAST                                                                                \
	10 /* of a way on, in percent of the tokens, and at least two: fewer are left over */

/* Variants of one creator and method, sorted, become paths. */
struct split {
	struct answer *answer;
	uint32_t room;
	bool failed;
};

static int variant_order(const void *a, const void *b)
{
	const struct dump_variant *left = a, *right = b;
	if (left->creator != right->creator)
		return left->creator < right->creator ? -1 : 1;
	if (left->method != right->method)
		return left->method < right->method ? -1 : 1;
	for (uint32_t i = 0; i < left->stack->count && i < right->stack->count; i++)
		if (left->stack->frame[i] != right->stack->frame[i])
			return left->stack->frame[i] < right->stack->frame[i] ? -1 : 1;
	return (left->stack->count > right->stack->count) -
	       (left->stack->count < right->stack->count);
}

static int by_path(const void *a, const void *b)
{
	const struct dump_variant *left = a, *right = b;
	if (left->path != right->path)
		return left->path < right->path ? -1 : 1;
	return variant_order(a, b);
}

/* Of one creator, those with most tokens first. */
static int path_order(const void *a, const void *b)
{
	const struct dump_path *left = a, *right = b;
	if (left->creator != right->creator)
		return left->creator < right->creator ? -1 : 1;
	if (left->tokens != right->tokens)
		return left->tokens > right->tokens ? -1 : 1;
	return (left->first > right->first) - (left->first < right->first);
}

/* How many frames variants have in common, which are sorted. */
static uint32_t common_frames(const struct dump_variant *variants, uint32_t from, uint32_t to)
{
	const struct kernel_stack *first = variants[from].stack, *last = variants[to - 1].stack;
	uint32_t count = 0;
	while (count < first->count && count < last->count &&
	       first->frame[count] == last->frame[count])
		count++;
	return count;
}

/* KERNEL_NONE when memory is out. */
static uint32_t add_path(struct split *split, const struct dump_variant *like, uint32_t frames)
{
	struct dump_path *path = large_array_next(&split->answer->paths, &split->answer->path_count,
	    &split->room, sizeof *split->answer->paths);
	split->failed |= !path;
	if (!path)
		return KERNEL_NONE;
	*path =
	    (struct dump_path){.creator = like->creator, .method = like->method, .frames = frames};
	return split->answer->path_count - 1;
}

static void join(struct split *split, uint32_t from, uint32_t to, uint32_t number)
{
	struct answer *answer = split->answer;
	for (uint32_t i = from; number != KERNEL_NONE && i < to; i++) {
		answer->variants[i].path = number;
		answer->paths[number].tokens += answer->variants[i].tokens;
		answer->paths[number].variants++;
	}
}

static uint32_t count_tokens(const struct dump_variant *variants, uint32_t from, uint32_t to)
{
	uint32_t tokens = 0;
	for (uint32_t i = from; i < to; i++)
		tokens += variants[i].tokens;
	return tokens;
}

/* Whether the stack leaves the kernel with that frame, or ends before it. */
static bool is_left(const struct kernel_stack *stack, uint32_t frame)
{
	return frame >= stack->count || stack->frame[frame] < KERNEL_HALF;
}

/* As deep as a stack at most. */
static void split_range(struct split *split, uint32_t from, uint32_t to)
{
	struct dump_variant *variants = split->answer->variants;
	const uint32_t common = common_frames(variants, from, to);
	const uint64_t tokens = count_tokens(variants, from, to);
	uint32_t at = from, rest = KERNEL_NONE;
	/* Those that end here or go on in user code are sorted first. */
	while (at < to &&
	       (common == 0 ? variants[at].stack->count == 0 : is_left(variants[at].stack, common)))
		at++;
	if (at > from)
		join(split, from, at,
		    add_path(split, &variants[from], common_frames(variants, from, at)));
	for (uint32_t next; at < to && !split->failed; at = next) {
		for (next = at + 1; next < to && variants[next].stack->frame[common] ==
		                                     variants[at].stack->frame[common];)
			next++;
		const uint64_t share = count_tokens(variants, at, next);
		if (common < FRAMES_LEAST || (share >= 2 && share * 100 >= tokens * SHARE_LEAST)) {
			split_range(split, at, next);
			continue;
		}
		if (rest == KERNEL_NONE)
			rest = add_path(split, &variants[at], common);
		join(split, at, next, rest);
	}
}

/* Paths know their variants, and creators their paths. */
static void arrange(struct answer *answer)
{
	qsort(answer->variants, answer->variant_count, sizeof *answer->variants, by_path);
	for (uint32_t i = answer->variant_count; i-- > 0;)
		answer->paths[answer->variants[i].path].first = i;
	qsort(answer->paths, answer->path_count, sizeof *answer->paths, path_order);
	for (uint32_t i = answer->path_count; i-- > 0;) {
		struct dump_creator *creator = &answer->creators[answer->paths[i].creator];
		creator->first_path = i;
		creator->path_count++;
	}
}

bool answer_find_paths(struct answer *answer)
{
	struct split split = {.answer = answer};
	const struct dump_variant *variants = answer->variants;
	if (answer->variant_count == 0)
		return true;
	qsort(answer->variants, answer->variant_count, sizeof *variants, variant_order);
	for (uint32_t from = 0, to; from < answer->variant_count && !split.failed; from = to) {
		for (to = from + 1; to < answer->variant_count &&
		                    variants[to].creator == variants[from].creator &&
		                    variants[to].method == variants[from].method;)
			to++;
		split_range(&split, from, to);
	}
	if (!split.failed)
		arrange(answer);
	return !split.failed;
}

uint32_t path_branches(const struct answer *answer, const struct dump_path *path,
    struct path_branch *out, uint32_t most)
{
	const struct dump_variant *variants = &answer->variants[path->first];
	uint32_t count = 0;
	for (uint32_t i = 0, next; i < path->variants; i = next) {
		const struct kernel_stack *stack = variants[i].stack;
		for (next = i + 1;
		     next < path->variants && stack->count > path->frames &&
		     variants[next].stack->frame[path->frames] == stack->frame[path->frames];)
			next++;
		if (stack->count <= path->frames)
			continue;
		struct path_branch branch = {
		    stack->frame[path->frames], count_tokens(variants, i, next)};
		uint32_t place = count < most ? count : most;
		for (; place > 0 && out[place - 1].tokens < branch.tokens; place--)
			if (place < most)
				out[place] = out[place - 1];
		if (place < most)
			out[place] = branch;
		count++;
	}
	return count;
}
