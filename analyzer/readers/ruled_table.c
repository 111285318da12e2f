/* Where a cell is: below its rule, in display columns. PowerShell's rules are as long as their headings, and cells may be longer, up to the next
 * one; tasklist's are as long as their cells. */
#include "readers/ruled_table.h"

#include <string.h>

bool ruled_table_learn(struct ruled *ruled, struct span heading, struct span line, char rule)
{
	struct words words;
	struct ruled found = {0};
	if (line.length < 8 || line.length > 5000)
		return false;
	struct span inner = span_trim(line);
	if (!inner.length || inner.text[0] != rule)
		return false;
	words_split(&words, line);
	if (words.count < 2 || words.count > COLUMNS_MOST)
		return false;
	for (size_t i = 0; i < words.count; i++) {
		struct span span = words.items[i].span;
		for (size_t j = 0; j < span.length; j++) {
			if (span.text[j] != rule)
				return false;
		}
		found.columns[i].start = words.items[i].column;
		found.columns[i].end = words.items[i].end;
	}
	struct ruled_row headings;
	found.count = words.count;
	found.rule = rule;
	ruled_table_row(&found, heading, &headings);
	for (size_t i = 0; i < found.count; i++) {
		struct span cell = headings.cells[i];
		size_t length = cell.length < sizeof found.columns[i].heading - 1
		                    ? cell.length
		                    : sizeof found.columns[i].heading - 1;
		if (length)
			memcpy(found.columns[i].heading, cell.text, length);
	}
	*ruled = found;
	return true;
}

size_t ruled_table_column(const struct ruled *ruled, const char *heading)
{
	for (size_t i = 0; i < ruled->count; i++) {
		if (span_is(span_of(ruled->columns[i].heading), heading))
			return i;
	}
	return SIZE_MAX;
}

/* The columns whose rules the word stands below: from *first on. */
static size_t count_below(const struct ruled *ruled, const struct word *word, size_t *first)
{
	size_t count = 0;
	for (size_t i = 0; i < ruled->count; i++) {
		if (word->end <= ruled->columns[i].start || word->column >= ruled->columns[i].end)
			continue;
		if (!count++)
			*first = i;
	}
	return count;
}

bool ruled_cell_is_cut(struct span cell)
{
	return (cell.length > 2 && memcmp(cell.text + cell.length - 3, "...", 3) == 0) ||
	       (cell.length > 2 && memcmp(cell.text + cell.length - 3, "\xe2\x80\xa6", 3) == 0);
}

/* The column that a word between rules is of: that of the word one blank before it, else of the one behind it. SIZE_MAX: of none. */
static size_t column_beside(
    const struct ruled *ruled, const struct words *words, size_t at, size_t before)
{
	size_t behind = SIZE_MAX;
	if (at && words->items[at].gap == 1)
		return before;
	if (at + 1 < words->count && words->items[at + 1].gap == 1 &&
	    count_below(ruled, &words->items[at + 1], &behind) == 1)
		return behind;
	return SIZE_MAX;
}

static void extend(struct span *cell, struct span word)
{
	if (!cell->text)
		*cell = word;
	else
		cell->length = (size_t)(word.text + word.length - cell->text);
}

bool ruled_table_row(const struct ruled *ruled, struct span line, struct ruled_row *row)
{
	struct words words;
	size_t last = SIZE_MAX;
	*row = (struct ruled_row){0};
	words_split(&words, line);
	if (words.count == WORDS_MOST)
		return false;
	for (size_t i = 0; i < words.count; i++) {
		const struct word *word = &words.items[i];
		size_t column = SIZE_MAX;
		const size_t count = count_below(ruled, word, &column);
		for (size_t j = 0; count > 1 && j < count; j++)
			row->doubtful[column + j] = true;
		if (count == 0)
			column = column_beside(ruled, &words, i, last);
		/* Cells as long as their rules have nothing beside them. */
		if (column == SIZE_MAX ||
		    (ruled->rule == '=' && (word->column < ruled->columns[column].start ||
		                               word->end > ruled->columns[column].end)))
			return false;
		if (column == last && word->gap > 1 && column + 1 == ruled->count &&
		    ruled->rule == '-')
			return false;
		extend(&row->cells[column], word->span);
		last = count > 1 ? column + count - 1 : column;
	}
	for (size_t i = 0; i < ruled->count; i++)
		row->doubtful[i] |= ruled_cell_is_cut(row->cells[i]);
	return true;
}
