/* CSV of any tool: a heading whose names make a source, and rows of as many cells (RFC 4180; PowerShell quotes all cells, wmic none). Between
 * the cells stand commas, semicolons or tabs. */
#include <stdlib.h>
#include <string.h>

#include "readers/csv_line.h"
#include "readers/table.h"

/* A row in quotes may go on in further lines, as the messages of events do; so many bytes of them. */
#define PENDING_MOST 100000

static size_t count_of(struct span line, char c)
{
	size_t count = 0;
	for (const char *at = line.text;
	     (at = memchr(at, c, line.length - (size_t)(at - line.text))); at++)
		count++;
	return count;
}

/* Event Viewer's "Save As" ends its heading before the last column, which has the message. */
static size_t add_message(struct span *names, size_t count)
{
	if (count == 5 && span_is(names[4], "Task Category"))
		names[count++] = span_of("Message");
	return count;
}

static bool begins(struct reading *reading, struct span line)
{
	static const char separators[] = ",\t;";
	struct table *table = reading->table;
	line = span_trim(line);
	for (const char *separator = separators; *separator; separator++) {
		const size_t most = line.length ? count_of(line, *separator) + 1 : 1;
		size_t count;
		bool failed = false;
		if (most < 2)
			continue;
		struct span *names = calloc(most + 1, sizeof *names);
		const bool good =
		    names &&
		    csv_cut(&table->scratch, line, *separator, names, most, &count) == CUT_WHOLE &&
		    table_begin(reading, names, add_message(names, count), &failed);
		free(names);
		if (good) {
			table->separator = *separator;
			return true;
		}
	}
	return false;
}

static enum taken give_up(struct reading *reading)
{
	struct table *table = reading->table;
	const struct span pending = {table->pending.text, table->pending.length};
	table_unread(reading, pending);
	const bool good =
	    snapshot_add_unread(reading->snapshot, reading->origin, table->pending_line,
	        pending.text, (size_t)span_shown(pending, strcspn(pending.text, "\n")));
	table->pending.length = 0;
	return good ? TAKEN_NOT : TAKEN_FAILED;
}

/* The row goes on: it is kept, and told when its last line is there. */
static enum taken keep(struct reading *reading, struct span line)
{
	struct table *table = reading->table;
	if (table->pending.length > PENDING_MOST)
		return give_up(reading);
	if (table->pending.length == 0)
		table->pending_line = reading->line;
	return buffer_add(&table->pending, line.text, line.length) &&
	               buffer_add(&table->pending, "\n", 1)
	           ? TAKEN_FRAME
	           : TAKEN_FAILED;
}

/* The row that was begun, with this line as its last. */
static enum cut cut_pending(struct reading *reading, struct span line, size_t *count)
{
	struct table *table = reading->table;
	if (!buffer_add(&table->pending, line.text, line.length))
		return CUT_WRONG;
	const struct span whole = {table->pending.text, table->pending.length};
	const enum cut cut = csv_cut(
	    &table->scratch, whole, table->separator, table->cells, table->names.count, count);
	table->pending.length -= line.length;
	return cut;
}

static enum taken take_row(struct reading *reading, struct span line, size_t count)
{
	struct table *table = reading->table;
	const int64_t first = table->pending.length ? table->pending_line : reading->line;
	table->pending.length = 0;
	/* A quotation mark ends a cell. */
	const bool closed = line.length && line.text[line.length - 1] == '"';
	return table_take(
	    reading, &(struct row){.cells = table->cells,
	                 .count = count,
	                 .torn = closed ? SIZE_MAX : table_torn(reading, table->cells, count),
	                 .line = first});
}

/* A quote at the start and no other, as in the first line of a message: a page shows the line without it, as it may be a string literal. */
static bool opens_cell(struct span raw)
{
	return raw.length && raw.text[0] == '"' && !memchr(raw.text + 1, '"', raw.length - 1);
}

/* Who quotes the first cell of a row quotes that of all rows, or else it is none. */
static bool begins_alike(const struct text_buffer *pending, struct span line)
{
	return (pending->text[0] == '"') == (line.length && line.text[0] == '"');
}

static enum taken take(struct reading *reading, struct span line)
{
	struct table *table = reading->table;
	const size_t wanted = table->names.count;
	size_t count = 0;
	if (table->quoted != reading->quoted)
		return TAKEN_NOT;
	/* Without a quote in it no line ends a row; of a long message each is looked at once. */
	const bool may_end = memchr(line.text, '"', line.length);
	if (table->pending.length && may_end) {
		const enum cut cut = cut_pending(reading, line, &count);
		if (cut == CUT_WHOLE && count == wanted)
			return take_row(reading, line, count);
		if (cut == CUT_WRONG || count >= wanted) {
			if (give_up(reading) == TAKEN_FAILED)
				return TAKEN_FAILED;
		}
	}
	if (table->pending.length && !begins_alike(&table->pending, line))
		return keep(reading, line);
	const enum cut cut =
	    csv_cut(&table->scratch, line, table->separator, table->cells, wanted, &count);
	if (cut == CUT_WHOLE && count == wanted) {
		/* A row by itself: the quote before it was never closed. */
		if (table->pending.length && give_up(reading) == TAKEN_FAILED)
			return TAKEN_FAILED;
		return take_row(reading, line, count);
	}
	if (table->pending.length || (cut == CUT_GOES_ON && count < wanted))
		return keep(reading, line);
	const struct span raw = span_trim(reading->raw);
	return opens_cell(raw) && !memchr(line.text, '"', line.length) ? keep(reading, raw)
	                                                               : TAKEN_NOT;
}

static bool is_open(const struct reading *reading)
{
	return reading->table->pending.length > 0;
}

const struct line_format format_csv = {
    .section = &section_tables,
    .begins = begins,
    .take = take,
    .open = is_open,
};
