/* The table, list or stream of objects that a text is in. Inside this folder. */
#ifndef LEAKLAB_TABLE_H
#define LEAKLAB_TABLE_H

#include "readers/ruled_table.h"
#include "readers/source.h"
#include "readers/text_buffer.h"

#define SOURCES_MOST 40

struct table {
	struct names names;
	struct binding binding;
	bool seen[SOURCES_MOST]; /* sources, by their place in the list */
	/* Cells of the row at hand; there is room for as many as there are names. */
	struct span *cells;
	struct ruled ruled;
	char separator;             /* of CSV */
	struct text_buffer pending; /* a row of CSV that goes on in the next line */
	struct text_buffer scratch; /* of cells that are not written as they are */
	int64_t pending_line;       /* where it begins */
	struct list_block *block;
};

/* Of these names a table begins, whose rows table_take() takes. False: no source has them; TAKEN_FAILED is in *failed. */
bool table_begin(struct reading *reading, const struct span *names, size_t count, bool *failed);
enum taken table_take(struct reading *reading, const struct span *cells, const bool *doubtful,
    size_t count, int64_t line);
/* A line, or more, of the table was not understood. */
void table_unread(struct reading *reading, struct span line);

#endif
