/* Holders or creators while they are counted: who has to do with which orphan, alone or with others, and who is the worst. Inside this
 * folder. */
#ifndef LEAKLAB_ANSWER_ROLL_H
#define LEAKLAB_ANSWER_ROLL_H

#include "dump/answer/findings.h"

/* Things that begin with a stake. */
struct roll {
	void *items;
	size_t size;
	uint32_t count, room;
	uint32_t *touched; /* those that have to do with the orphan at hand */
	uint32_t touched_count, touched_room;
};

static inline struct dump_stake *stake_of(const struct roll *roll, uint32_t row)
{
	return (struct dump_stake *)((char *)roll->items + row * roll->size);
}

/* One more, of that name. KERNEL_NONE when memory is out. */
uint32_t roll_enroll(struct roll *roll, const char *image, int64_t pid);
/* It has to do with the orphan at hand. False when memory is out. */
bool roll_touch(struct roll *roll, uint32_t row, uint32_t orphan);
/* The orphan is done: who alone has to do with it. others: how many are not on the roll. */
void roll_settle(struct roll *roll, uint32_t others);
/* Puts the worst first. Returns where each has gone; NULL: memory is out. */
uint32_t *roll_rank(struct roll *roll);

#endif
