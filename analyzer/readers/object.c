/* What an object is shows when it ends. */
#include "readers/object.h"

#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "readers/table.h"

#define SHOWN_MOST 200 /* bytes of an object that is left over */

void objects_deinit(struct objects *objects)
{
	free(objects->text.text);
	free(objects->cells);
	*objects = (struct objects){0};
}

bool object_begin(struct reading *reading, struct objects *objects)
{
	if (objects->depth == OBJECT_DEPTH)
		return false;
	if (objects->depth == 0)
		objects->line = reading->line;
	objects->frames[objects->depth].first_cell = objects->cell_count;
	objects->frames[objects->depth].text_length = objects->text.length;
	objects->frames[objects->depth++].has_rows = false;
	return true;
}

bool object_name(struct objects *objects, struct span name)
{
	if (!array_reserve(&objects->cells, objects->cell_count, sizeof *objects->cells))
		return false;
	objects->cells[objects->cell_count++] = (struct object_cell){.name = objects->text.length,
	    .name_length = name.length,
	    .value = objects->text.length + name.length + 1};
	return buffer_add(&objects->text, name.text, name.length) &&
	       buffer_add(&objects->text, " ", 1);
}

bool object_value(struct objects *objects, struct span value)
{
	if (!objects->cell_count)
		return true;
	struct object_cell *cell = &objects->cells[objects->cell_count - 1];
	if (cell->value_length && !buffer_add(&objects->text, " ", 1))
		return false;
	if (!buffer_add(&objects->text, value.text, value.length))
		return false;
	cell->value_length = objects->text.length - cell->value;
	return true;
}

bool object_text(struct objects *objects, struct span text)
{
	if (!objects->cell_count || !buffer_add(&objects->text, text.text, text.length))
		return !objects->cell_count;
	struct object_cell *cell = &objects->cells[objects->cell_count - 1];
	cell->value_length = objects->text.length - cell->value;
	return true;
}

static struct span text_at(const struct objects *objects, size_t at, size_t length)
{
	return (struct span){objects->text.text + at, length};
}

static enum taken take(struct reading *reading, const struct objects *objects, size_t first)
{
	const size_t count = objects->cell_count - first;
	struct span *names = calloc(2 * count + 1, sizeof *names), *values = names + count;
	enum taken taken = TAKEN_FAILED;
	if (!names)
		return taken;
	for (size_t i = 0; i < count; i++) {
		const struct object_cell *cell = &objects->cells[first + i];
		names[i] = text_at(objects, cell->name, cell->name_length);
		values[i] = text_at(objects, cell->value, cell->value_length);
	}
	taken =
	    count
	        ? table_object(reading, names,
	              &(struct row){
	                  .cells = values, .count = count, .torn = SIZE_MAX, .line = objects->line})
	        : TAKEN_NOT;
	free(names);
	return taken;
}

static bool leave_over(struct reading *reading, const struct objects *objects, size_t from)
{
	const struct span text = objects->text.length > from
	                             ? text_at(objects, from, objects->text.length - from)
	                             : span_of("{");
	table_unread(reading, text);
	return snapshot_add_unread(reading->snapshot, reading->origin, objects->line, text.text,
	    (size_t)span_shown(text, SHOWN_MOST));
}

static void drop(struct objects *objects, size_t cells, size_t text)
{
	objects->cell_count = cells;
	objects->text.length = text;
}

bool object_end(struct reading *reading, struct objects *objects)
{
	if (!objects->depth)
		return true;
	const size_t at = --objects->depth, first = objects->frames[at].first_cell,
	             length = objects->frames[at].text_length;
	const enum taken taken = take(reading, objects, first);
	bool good = taken != TAKEN_FAILED;
	if (taken != TAKEN_NOT || objects->frames[at].has_rows) {
		reading->snapshot->rows += taken == TAKEN_ROW;
		drop(objects, first, length);
		if (at)
			objects->frames[at - 1].has_rows = true;
	} else if (at && first) {
		/* All that is in it is the value of the name before it. */
		struct object_cell *cell = &objects->cells[first - 1];
		cell->value_length = objects->text.length - cell->value;
		objects->cell_count = first;
	} else {
		good = leave_over(reading, objects, length);
		drop(objects, first, length);
	}
	return good;
}

bool objects_give_up(struct reading *reading, struct objects *objects, struct span line)
{
	const bool any = objects->depth > 0;
	objects->depth = 0;
	const bool good = (!any || leave_over(reading, objects, 0)) &&
	                  snapshot_add_unread(reading->snapshot, reading->origin, reading->line,
	                      line.text, (size_t)span_shown(line, SHOWN_MOST));
	table_unread(reading, line);
	table_leave(reading);
	drop(objects, 0, 0);
	return good;
}
