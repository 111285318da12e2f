/* Where a cell is: below its rule, in display columns. */
#include "readers/ruled_table.h"

#include <string.h>

bool ruled_table_learn(struct ruled *ruled, struct span heading, struct span line, char rule)
{
	struct words words;
	struct ruled found = {0};
	if (line.length < 8 || line.length > 600)
		return false;
	struct span inner = span_trim(line);
	if (!inner.length || inner.text[0] != rule)
		return false;
	words_split(&words, line);
	if (words.count < 3 || words.count > COLUMNS_MOST)
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
	found.count = words.count;
	for (size_t i = 0; i < found.count; i++) {
		struct span cell = ruled_table_cell(&found, heading, i);
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

struct span ruled_table_cell(const struct ruled *ruled, struct span line, size_t column)
{
	struct words words;
	size_t first = SIZE_MAX, last = 0;
	if (column >= ruled->count)
		return (struct span){0};
	words_split(&words, line);
	for (size_t i = 0; i < words.count; i++) {
		if (words.items[i].end <= ruled->columns[column].start ||
		    words.items[i].column >= ruled->columns[column].end)
			continue;
		if (first == SIZE_MAX)
			first = i;
		last = i;
	}
	return first == SIZE_MAX ? (struct span){0} : words_join(&words, first, last);
}
