/* A row of any table, list or stream of objects: cells, each under a name. A shape (CSV, a ruled table, a list ...) makes rows and knows
 * nothing of Windows; a source (source.h) knows what their names mean. Inside this folder. */
#ifndef LEAKLAB_ROW_H
#define LEAKLAB_ROW_H

#include "readers/format.h"

/* The names of a table's columns, as copies of their own; there may be any number of them. */
struct names {
	struct span *items;
	size_t count;
	char *text; /* private */
};

/* Copies them, and gives free what was there before. False: memory is out; there are none then. */
bool names_set(struct names *names, const struct span *items, size_t count);
void names_deinit(struct names *names);

struct row {
	const struct span *cells;
	const bool *doubtful; /* of each cell, whether it may not be whole; NULL: all are */
	size_t count;
	size_t
	    torn; /* the cell that the text ends in, so that its end may be missing; SIZE_MAX: none */
	int64_t line; /* where it begins, from 1 */
};

#endif
