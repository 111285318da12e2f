/* How it is with the memory behind an address. */
#ifndef LEAKLAB_MEMORY_STATE_H
#define LEAKLAB_MEMORY_STATE_H

enum memory_state {
	MEMORY_PRESENT,
	MEMORY_NOT_MAPPED,    /* no such memory, or never touched */
	MEMORY_PAGED_OUT,     /* in a page file, compressed, or in a file on the host's disk */
	MEMORY_NOT_IN_DUMP,   /* resident, but this kind of dump leaves the page out */
	MEMORY_TRUNCATED,     /* in the dump, but the dump file was cut short */
	MEMORY_UNREADABLE,    /* the disk with the dump file fails */
	MEMORY_NON_CANONICAL, /* no address at all */
	MEMORY_STATES,
};

/* "paged out" and so on, for "... at 0x%llx is %s". */
const char *memory_state_text(enum memory_state state);

#endif
