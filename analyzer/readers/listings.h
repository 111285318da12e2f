/* What handle printed each time that it ran, in one text. Inside this folder. */
#ifndef LEAKLAB_LISTINGS_H
#define LEAKLAB_LISTINGS_H

#include "readers/format.h"

#define LISTINGS_MOST                                                                              \
	64 /* more than a person pastes; further ones are taken as one with the last */

struct listing {
	const char
	    *asked; /* the command in one spelling, of the snapshot; NULL: none is in the text */
	const char *command; /* as it was typed */
	bool
	    parted; /* it begins in the middle of another: a row that cannot follow the one before */
	bool
	    answered; /* it has rows, or says that there are none: it did not fail, and its output is there */
	int64_t first, last; /* lines */
	int64_t rows;
	/* Where in a mail thread it stands: two at one place are in order. */
	int quoted, mail;
};

struct listings {
	struct listing items[LISTINGS_MOST];
	size_t count;
	bool open; /* the next row is of the last one */
	/* In the last one: its last row, and by process, at its place in the snapshot, the last listing that had it. */
	size_t process;
	int64_t value;
	uint32_t *seen;
	size_t seen_count;
};

void listings_deinit(struct listings *listings);
/* A command of handle's begins one. False, as of the others: memory is out. */
bool listings_command(struct reading *reading, struct span command, struct span host);
/* Another command: rows behind it are another listing's. */
void listings_end(struct reading *reading);
/* A banner: the same, unless nothing stands between it and its command. */
void listings_banner(struct reading *reading);
/* The process whose handles follow; SIZE_MAX: not known. */
bool listings_process(struct reading *reading, size_t process);
bool listings_row(struct reading *reading, size_t process, int64_t value);
/* It printed something: rows, or that there are none. */
void listings_answer(struct reading *reading);
/* The line at hand is one of the listing's. */
void listings_line(struct reading *reading);

#endif
