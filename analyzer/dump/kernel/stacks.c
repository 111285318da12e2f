/* Creation stacks: cut at the first frame that cannot be, one copy of each. A leak has one stack and a million tokens. */
#include "dump/kernel/found.h"

#include <stdlib.h>
#include <string.h>

#include "dump/little_endian.h"

#define ROOM_FIRST 256
#define KNOWN 1024
#define USER_LEAST UINT64_C(0x10000)
#define USER_BITS(levels) ((levels) == 5 ? 56 : 47) /* of an address in user code */

/* Unknown: in the kernel's half, in no module, as the code of a driver that has gone is. */
enum verdict { VERDICT_NONE, VERDICT_BAD, VERDICT_KERNEL, VERDICT_UNKNOWN, VERDICT_USER };

struct stacks {
	struct kernel_stack **slots;
	size_t room, used;
	uint8_t last_trace
	    [8 * KERNEL_FRAMES]; /* tokens that were made one after the other have one stack */
	size_t last_frames;
	const struct kernel_stack *last; /* of that; NULL: none yet */
	struct known {
		uint64_t address;
		enum verdict verdict;
	} known[KNOWN]; /* frames that were just judged */
};

struct stacks *stacks_create(void)
{
	return calloc(1, sizeof(struct stacks));
}

void stacks_destroy(struct stacks *stacks)
{
	if (!stacks)
		return;
	for (size_t i = 0; i < stacks->room; i++)
		free(stacks->slots[i]);
	free(stacks->slots);
	free(stacks);
}

/* The kernel's frames lie in modules, loaded or not; a return address in user code may lie anywhere. */
static enum verdict judge(struct kernel *kernel, uint64_t address)
{
	struct known *known = &kernel->inside->stacks->known[(address ^ address >> 12) % KNOWN];
	if (known->verdict != VERDICT_NONE && known->address == address)
		return known->verdict;
	known->address = address;
	if (address_space_is_kernel(kernel->space, address))
		known->verdict = modules_find(kernel, address) || unloaded_find(kernel, address)
		                     ? VERDICT_KERNEL
		                     : VERDICT_UNKNOWN;
	else
		known->verdict =
		    address >= USER_LEAST &&
		            address >> USER_BITS(address_space_levels(kernel->space)) == 0
		        ? VERDICT_USER
		        : VERDICT_BAD;
	return known->verdict;
}

/* Where frames of no module are the last ones, the first of them shows that: the others may be left over from other stacks. */
static uint32_t count_frames(struct kernel *kernel, const uint8_t *trace, size_t most)
{
	bool is_user = false;
	uint32_t count = 0, known = 0;
	for (; count < most; count++) {
		uint64_t address = load64(trace + 8 * count);
		enum verdict verdict = address ? judge(kernel, address) : VERDICT_BAD;
		if (verdict == VERDICT_BAD || (is_user && verdict != VERDICT_USER))
			break;
		is_user = verdict == VERDICT_USER;
		if (verdict != VERDICT_UNKNOWN)
			known = count + 1;
	}
	return count > known ? known + 1 : count;
}

static struct kernel_stack **slot_of(
    struct kernel_stack **slots, size_t room, uint64_t hash, const uint8_t *trace, uint32_t count)
{
	size_t slot = (size_t)(hash >> 16) & (room - 1);
	while (slots[slot] && (slots[slot]->hash != hash || slots[slot]->count != count ||
	                          memcmp(slots[slot]->frame, trace, count * sizeof(uint64_t)) != 0))
		slot = (slot + 1) & (room - 1);
	return &slots[slot];
}

static bool grow(struct stacks *stacks)
{
	size_t room = stacks->room ? stacks->room * 2 : ROOM_FIRST;
	struct kernel_stack **slots = calloc(room, sizeof(*slots));
	if (!slots)
		return false;
	for (size_t i = 0; i < stacks->room; i++) {
		struct kernel_stack *stack = stacks->slots[i];
		if (stack)
			*slot_of(slots, room, stack->hash, (const uint8_t *)stack->frame,
			    stack->count) = stack;
	}
	free(stacks->slots);
	stacks->slots = slots;
	stacks->room = room;
	return true;
}

/* The kept copy of these frames. NULL when memory is out. */
static const struct kernel_stack *keep(struct stacks *stacks, const uint64_t *frame, uint32_t count)
{
	uint64_t hash = count + 1;
	for (uint32_t i = 0; i < count; i++) {
		hash = (hash ^ frame[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	if (stacks->used * 2 >= stacks->room && !grow(stacks))
		return NULL;
	struct kernel_stack **slot =
	    slot_of(stacks->slots, stacks->room, hash, (const uint8_t *)frame, count);
	if (*slot)
		return *slot;
	struct kernel_stack *stack = malloc(sizeof *stack + count * sizeof frame[0]);
	if (!stack)
		return NULL;
	stack->hash = hash;
	stack->number = (uint32_t)stacks->used;
	stack->count = count;
	memcpy(stack->frame, frame, count * sizeof frame[0]);
	*slot = stack;
	stacks->used++;
	return stack;
}

const struct kernel_stack *stacks_add(struct kernel *kernel, const uint8_t *trace, size_t frames)
{
	struct stacks *stacks = kernel->inside->stacks;
	uint64_t frame[KERNEL_FRAMES];
	if (frames > KERNEL_FRAMES)
		frames = KERNEL_FRAMES;
	if (stacks->last && stacks->last_frames == frames &&
	    memcmp(stacks->last_trace, trace, 8 * frames) == 0)
		return stacks->last;
	uint32_t count = count_frames(kernel, trace, frames);
	for (uint32_t i = 0; i < count; i++)
		frame[i] = load64(trace + 8 * i);
	stacks->last = keep(stacks, frame, count);
	stacks->last_frames = frames;
	memcpy(stacks->last_trace, trace, 8 * frames);
	return stacks->last;
}
