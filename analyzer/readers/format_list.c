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

/* "TargetLogonId    0x1a2b3c": a name in several words without blanks, which some source has, and behind blanks what is no name. */
static const char *find_blank_mark(const struct list_block *block, struct span line)
{
	size_t length = 0, capitals = 0;
	while (length < line.length && isalpha((unsigned char)line.text[length]))
		capitals += isupper((unsigned char)line.text[length++]) != 0;
	const struct span rest = span_trim(span_from(line, length));
	const char *end = rest.length ? memchr(rest.text, ' ', rest.length) : NULL;
	const struct span word = {rest.text, end ? (size_t)(end - rest.text) : rest.length};
	/* A long name reaches up to where the values stand. */
	const bool below = block && block->count && block->mark == ' ' &&
	                   (size_t)(rest.text - line.text) == block->items[0].column;
	const bool apart = span_starts(span_from(line, length), below ? " " : "  ");
	return capitals > 1 && apart && source_knows((struct span){line.text, length}) &&
	               word.length && isalnum((unsigned char)*word.text) && !source_knows(word)
	           ? line.text + length
	           : NULL;
}

/* The mark between name and value, or NULL. A colon has a blank before it, as in Format-List, or stands behind the name of a column, or of
 * anything if its value stands below that of the line before. */
static const char *find_mark(const struct list_block *block, struct span line)
{
	const char *equal = memchr(line.text, '=', line.length),
	           *colon = memchr(line.text, ':', line.length),
	           *blank = find_blank_mark(block, line);
	if (blank)
		return blank;
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
		if (block->mark == ' ' && span_find(values[i], "  ") != SIZE_MAX)
			values[i].length =
			    span_find(values[i], "  "); /* what it means stands behind */
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

static size_t count_blanks(struct span line)
{
	size_t blanks = 0;
	while (blanks < line.length && line.text[blanks] == ' ')
		blanks++;
	return blanks;
}

/* A long value goes on below itself. */
static bool goes_on(const struct list_block *block, struct span line)
{
	const size_t blanks = count_blanks(line);
	return block->count && block->mark == ':' && blanks > 2 &&
	       blanks == block->items[block->count - 1].column;
}

/* The text of an event, which has lines of its own, blank ones among them. */
static bool is_in_message(const struct reading *reading)
{
	const struct list_block *block = reading->table->block;
	const struct property *last =
	    block && block->count ? &block->items[block->count - 1] : NULL;
	return last && block->mark == ':' && last->column != SIZE_MAX &&
	       span_is(list_block_text(block, last->name, last->name_length), "Message");
}

static enum taken take_message(struct reading *reading, struct span line)
{
	struct list_block *block = reading->table->block;
	struct property *last = &block->items[block->count - 1];
	const struct span rest = span_trim(line);
	if (rest.length && count_blanks(line) < last->column)
		return TAKEN_NOT;
	block->blank = !rest.length;
	if (reading->torn)
		return TAKEN_FRAME; /* its end may be missing */
	last->value_length += rest.length + 1;
	return buffer_add(&block->text, "\n", 1) && buffer_add(&block->text, rest.text, rest.length)
	           ? TAKEN_FRAME
	           : TAKEN_FAILED;
}

static enum taken take(struct reading *reading, struct span line)
{
	struct list_block *block = reading->table->block;
	if (is_in_message(reading)) {
		const enum taken taken = take_message(reading, line);
		if (taken != TAKEN_NOT)
			return taken;
		if (block->blank && !ends(reading))
			return TAKEN_FAILED;
	}
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
	block->blank = false;
	return list_block_add(block, line, mark, reading->line) ? TAKEN_FRAME : TAKEN_FAILED;
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
    .open = is_in_message,
    .ends = ends,
    .destroy = destroy,
};
