/* A doubly linked list of the kernel (LIST_ENTRY) in a dump, which may loop, lead outside or break off. */
#ifndef LEAKLAB_LIST_H
#define LEAKLAB_LIST_H

#include "dump/memory/address_space.h"

enum list_step {
	LIST_ENTRY,
	LIST_END,
};

struct list {
	struct address_space *space;
	uint64_t head;
	uint64_t at;                   /* the entry that was given last */
	uint64_t next;                 /* the one to give */
	uint64_t farthest;             /* backward: where the forward walk ended */
	uint64_t anchor, power, steps; /* Brent's search for cycles */
	uint64_t most;
	bool kernel; /* entries lie in the kernel's half */
	bool backward;
	uint64_t lost; /* the entry at which the forward walk ended, unread */

	/* Why a walk broke off, if it did. */
	bool broken;
	unsigned reason; /* enum memory_state, or MEMORY_STATES: damaged */
	const char *what;
	uint64_t where;
	bool joined;   /* Blinks led to where Flinks broke off: all entries were given */
	bool one_lost; /* that is one entry, and all others were given */
};

/* most: how many entries there can be. */
void list_begin(
    struct list *list, struct address_space *space, uint64_t head, bool kernel, uint64_t most);
/* The next entry's address. Where Flink cannot be followed, the rest is read from the other end. */
enum list_step list_next(struct list *list, uint64_t *entry);

#endif
