/* Objects within objects, as JSON and XML have them: the outermost that makes a row of some source is one. Inside this folder. */
#ifndef LEAKLAB_OBJECT_H
#define LEAKLAB_OBJECT_H

#include "readers/format.h"
#include "readers/text_buffer.h"

#define OBJECT_DEPTH 64

struct objects {
	struct text_buffer text; /* names and values, in their order */
	struct object_cell {
		size_t name, name_length, value, value_length; /* places in the text */
	} * cells;
	size_t cell_count;
	struct {
		size_t first_cell, text_length;
		bool has_rows; /* some object in it is a row */
	} frames[OBJECT_DEPTH];
	size_t depth;
	int64_t line; /* where the outermost began */
};

void objects_deinit(struct objects *objects);
/* All of what follows is in a new object, until it ends. False: too deep. */
bool object_begin(struct reading *reading, struct objects *objects);
/* A name; values up to the next one are its. False, as of the others: memory is out. */
bool object_name(struct objects *objects, struct span name);
/* Several values of one name stand behind each other, with a blank between them. */
bool object_value(struct objects *objects, struct span value);
/* More of the last value, without a blank. */
bool object_text(struct objects *objects, struct span text);
/* It is a row of some source, or else a value in the object around it; if there is none, it is left over. */
bool object_end(struct reading *reading, struct objects *objects);
/* What was begun is left over, with this line. */
bool objects_give_up(struct reading *reading, struct objects *objects, struct span line);

#endif
