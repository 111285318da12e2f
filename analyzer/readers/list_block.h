/* The lines of one object in a list, until it is known what it is. Inside this folder. */
#ifndef LEAKLAB_LIST_BLOCK_H
#define LEAKLAB_LIST_BLOCK_H

#include "readers/text_buffer.h"
#include "readers/format.h"

struct property {
	size_t name, name_length; /* places in the block's text */
	size_t value, value_length;
	size_t column; /* where the value begins, as continued lines do; SIZE_MAX: it has none */
	int64_t line;
};

struct list_block {
	struct text_buffer text;
	struct property *items;
	size_t count;
	char mark;       /* between names and values */
	bool understood; /* the last one was */
	bool blank;      /* a blank line is behind its last line, which is of a message */
};

void list_block_destroy(struct list_block *block); /* NULL is allowed */
/* Adds a line, which has the mark between its name and its value. False: memory is out. */
bool list_block_add(struct list_block *block, struct span line, const char *mark, int64_t number);
struct span list_block_text(const struct list_block *block, size_t at, size_t length);
bool list_block_has(const struct list_block *block, struct span name);

#endif
