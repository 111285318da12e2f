/* Format-List, and wmic's /value and /format:list: a property a line, "Name : value" or "Name=value", and blank lines between objects. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "readers/list_block.h"
#include "readers/table.h"

/* A property's name as PowerShell and WMI have them; or with blanks, if some source has it. */
static bool may_be_name(struct span name)
{
	bool plain = name.length && isalpha((unsigned char)name.text[0]);
	for (size_t i = 0; plain && i < name.length; i++)
		plain = isalnum((unsigned char)name.text[i]) || name.text[i] == '_';
	return plain || (name.length && name.length < 40 && source_knows(name));
}

/* Where the value begins that stands behind the mark; SIZE_MAX: there is none. */
static size_t value_place(struct span line, const char *mark)
{
	size_t at = (size_t)(mark - line.text) + 1;
	while (at < line.length && line.text[at] == ' ')
		at++;
	return at < line.length ? at : SIZE_MAX;
}

/* The mark between name and value, or NULL. A colon has a blank before it, as in Format-List, or stands behind the name of a column, or of
 * anything if its value stands below that of the line before. */
static const char *find_mark(const struct list_block *block, struct span line)
{
	const char *equal = memchr(line.text, '=', line.length),
	           *colon = memchr(line.text, ':', line.length);
	if (equal && (!colon || equal < colon) &&
	    may_be_name((struct span){line.text, (size_t)(equal - line.text)}))
		return equal;
	if (!colon || colon == line.text)
		return NULL;
	const struct span name = span_trim((struct span){line.text, (size_t)(colon - line.text)});
	const bool ends = colon + 1 == line.text + line.length || colon[1] == ' ';
	if (!ends)
		return NULL;
	if (block && block->count && block->mark == ':' &&
	    value_place(line, colon) == block->items[block->count - 1].column)
		return colon;
	return (colon[-1] == ' ' || source_knows(name)) && may_be_name(name) ? colon : NULL;
}

/* Each of its lines, with what stood between name and value as it is written mostly. */
static bool leave_over(struct reading *reading, const struct list_block *block)
{
	bool good = true;
	for (size_t i = 0; good && i < block->count; i++) {
		const struct property *item = &block->items[i];
		struct text_buffer line = {0};
		good = buffer_add(&line, block->text.text + item->name, item->name_length) &&
		       buffer_add(
		           &line, block->mark == '=' ? "=" : " : ", block->mark == '=' ? 1 : 3) &&
		       buffer_add(&line, block->text.text + item->value, item->value_length) &&
		       snapshot_add_unread(
		           reading->snapshot, reading->origin, item->line, line.text, line.length);
		if (good)
			table_unread(reading, (struct span){line.text, line.length});
		free(line.text);
	}
	return good;
}

static enum taken take_block(struct reading *reading, const struct list_block *block)
{
	struct span *names = calloc(block->count + 1, sizeof *names),
	            *values = calloc(block->count + 1, sizeof *values);
	bool *doubtful = calloc(block->count + 1, sizeof *doubtful);
	enum taken taken = TAKEN_FAILED;
	const bool ends_text =
	    reading->torn && block->items[block->count - 1].line == reading->line;
	for (size_t i = 0; names && values && doubtful && i < block->count; i++) {
		const struct property *item = &block->items[i];
		names[i] = list_block_text(block, item->name, item->name_length);
		values[i] = list_block_text(block, item->value, item->value_length);
		doubtful[i] = ruled_cell_is_cut(values[i]);
	}
	if (names && values && doubtful)
		taken = table_object(reading, names,
		    &(struct row){.cells = values,
		        .doubtful = doubtful,
		        .count = block->count,
		        .torn = ends_text ? block->count - 1 : SIZE_MAX,
		        .line = block->items[0].line});
	free(names);
	free(values);
	free(doubtful);
	return taken;
}

static bool end_block(struct reading *reading)
{
	struct list_block *block = reading->table->block;
	if (!block || !block->count)
		return true;
	const enum taken taken = take_block(reading, block);
	bool good = taken != TAKEN_FAILED;
	block->understood = taken != TAKEN_NOT;
	if (taken == TAKEN_NOT)
		good = leave_over(reading, block);
	else if (taken == TAKEN_ROW)
		reading->snapshot->rows++;
	block->count = 0;
	block->text.length = 0;
	return good;
}

/* Among another tool's rows a line begins a list only if it is written as no sentence is: "Name : value" or "Name=value", of a name that some
 * source has. */
static bool begins(struct reading *reading, struct span line)
{
	struct table *table = reading->table;
	const struct line_format *current = reading->current;
	const bool within = current && current->section && current->section != &section_tables;
	const char *mark = find_mark(NULL, line);
	if (!mark)
		return false;
	const struct span name = {line.text, (size_t)(mark - line.text)};
	const bool as_list = *mark == '=' || name.text[name.length - 1] == ' ' ||
	                     memchr(name.text, ' ', name.length);
	if (within && !(as_list && source_knows(span_trim(name))))
		return false;
	if (!table->block && !(table->block = calloc(1, sizeof *table->block)))
		return false;
	table->block->mark = *mark;
	return list_block_add(table->block, line, mark, reading->line);
}

/* A long value goes on below itself. */
static bool goes_on(const struct list_block *block, struct span line)
{
	size_t blanks = 0;
	while (blanks < line.length && line.text[blanks] == ' ')
		blanks++;
	return block->count && block->mark == ':' && blanks > 2 &&
	       blanks == block->items[block->count - 1].column;
}

static enum taken take(struct reading *reading, struct span line)
{
	struct list_block *block = reading->table->block;
	if (goes_on(block, line)) {
		const struct span rest = span_trim(line);
		block->items[block->count - 1].value_length += rest.length;
		return buffer_add(&block->text, rest.text, rest.length) ? TAKEN_FRAME
		                                                        : TAKEN_FAILED;
	}
	const char *mark = find_mark(block, line);
	if (!mark || (block->count && *mark != block->mark))
		return TAKEN_NOT;
	if (list_block_has(
	        block, span_trim((struct span){line.text, (size_t)(mark - line.text)})) &&
	    !end_block(reading))
		return TAKEN_FAILED;
	block->mark = *mark;
	return list_block_add(block, line, mark, reading->line) ? TAKEN_FRAME : TAKEN_FAILED;
}

/* At a blank line, at the end of the text, and where another format begins. */
static bool ends(struct reading *reading)
{
	const struct list_block *block = reading->table->block;
	const bool any = block->count > 0;
	if (!end_block(reading))
		return false;
	if (any && !block->understood)
		table_leave(reading);
	return true;
}

static void destroy(struct reading *reading)
{
	list_block_destroy(reading->table->block);
	reading->table->block = NULL;
}

const struct line_format format_list = {
    .section = &section_tables,
    .begins = begins,
    .take = take,
    .ends = ends,
    .destroy = destroy,
};
