/* The table, list or stream of objects that a text is in. Inside this folder. */
#ifndef LEAKLAB_TABLE_H
#define LEAKLAB_TABLE_H

#include "readers/ruled_table.h"
#include "readers/source.h"
#include "readers/text_buffer.h"

#define SOURCES_MOST 40
#define KNOWN_NAMES 8

struct table {
	struct names names;
	struct binding binding;
	const struct line_format
	    *within; /* the format that a list or an object stands in, until it is understood */
	struct known_names {
		struct names names;
		struct binding binding;
	} known[KNOWN_NAMES]; /* of objects that were just seen */
	size_t known_next;
	bool seen[SOURCES_MOST]; /* sources, by their place in the list */
	int quoted;              /* how deep it is quoted, as in a mail: its rows are, too */
	/* Cells of the row at hand; there is room for as many as there are names. */
	struct span *cells;
	struct ruled ruled;
	char separator;             /* of CSV */
	struct text_buffer pending; /* a row of CSV that goes on in the next line */
	struct text_buffer scratch; /* of cells that are not written as they are */
	int64_t pending_line;       /* where it begins */
	struct list_block *block;
	struct json *json;
	struct events *events;
	struct event_text *event_text;
	struct pdh *pdh;
	struct counter_list *counters;
};

/* Of these names a table begins, whose rows table_take() takes. False: no source has them; TAKEN_FAILED is in *failed. */
bool table_begin(struct reading *reading, const struct span *names, size_t count, bool *failed);
enum taken table_take(struct reading *reading, const struct row *row);
/* The same for an object, which has names of its own. */
enum taken table_object(struct reading *reading, const struct span *names, const struct row *row);
/* The last of these cells that there is something in, if the text ends in it: its end may be missing. SIZE_MAX: it does not. */
size_t table_torn(const struct reading *reading, const struct span *cells, size_t count);
/* What was begun is none of a known source: the text is where it was before. */
void table_leave(struct reading *reading);
/* A line, or more, of the table was not understood. */
void table_unread(struct reading *reading, struct span line);

#endif
