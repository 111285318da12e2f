/* Ranks by the leak rule (leak/leak.h). */
#include "dump/answer/roll.h"

#include <stdlib.h>
#include <string.h>

#include "dump/kernel/large_array.h"

uint32_t roll_enroll(struct roll *roll, const char *image, int64_t pid)
{
	struct dump_stake *stake =
	    large_array_next(&roll->items, &roll->count, &roll->room, roll->size);
	if (!stake)
		return KERNEL_NONE;
	memset(stake, 0, roll->size);
	*stake = (struct dump_stake){.culprit = {.image = image, .pid = pid, .sure = true},
	    .follows = image_follows(image),
	    .number = roll->count - 1,
	    .last_orphan = KERNEL_NONE,
	    .last_token = KERNEL_NONE};
	return stake->number;
}

bool roll_touch(struct roll *roll, uint32_t row, uint32_t orphan)
{
	struct dump_stake *stake = stake_of(roll, row);
	if (stake->last_orphan == orphan)
		return true;
	uint32_t *touched = large_array_next(
	    &roll->touched, &roll->touched_count, &roll->touched_room, sizeof *roll->touched);
	if (!touched)
		return false;
	*touched = row;
	stake->last_orphan = orphan;
	stake->culprit.logon_sessions++;
	return true;
}

/* Followers do not count against others; among themselves they do. */
void roll_settle(struct roll *roll, uint32_t others)
{
	uint32_t followers = 0;
	for (uint32_t i = 0; i < roll->touched_count; i++)
		*(stake_of(roll, roll->touched[i])->follows ? &followers : &others) += 1;
	for (uint32_t i = 0; i < roll->touched_count; i++) {
		struct dump_stake *stake = stake_of(roll, roll->touched[i]);
		stake->culprit.alone +=
		    stake->follows ? others == 0 && followers == 1 : others == 1;
		stake->followed += stake->follows && others > 0;
	}
	roll->touched_count = 0;
}

uint32_t *roll_rank(struct roll *roll)
{
	uint32_t *places = malloc((roll->count + 1u) * sizeof *places);
	for (uint32_t i = 0; i < roll->count; i++) {
		struct dump_stake *stake = stake_of(roll, i);
		struct culprit *culprit = &stake->culprit;
		culprit->handles = culprit->tokens;
		culprit->follower = stake->follows && stake->followed == culprit->logon_sessions;
		/* The kernel is Windows' own; and of one that was not seen, nothing says that it is not. */
		culprit->windows = !culprit->image || image_is_windows(culprit->image);
	}
	culprits_rank(roll->items, roll->count, roll->size);
	const size_t tied = culprits_tied_of(roll->items, roll->count, roll->size);
	for (uint32_t i = 0; places && i < roll->count; i++) {
		stake_of(roll, i)->tied = i < tied && tied > 1;
		places[stake_of(roll, i)->number] = i;
	}
	return places;
}
