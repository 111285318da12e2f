/* wmic's tables: names and cells begin in the same columns, two blanks or more between them, and nothing is ruled. */
#include <string.h>

#include "readers/table.h"

/* Joins words with one blank between them into cells, and says in which columns they begin. */
static size_t join_cells(const struct words *words, struct span cells[], int starts[])
{
	size_t count = 0, first = 0;
	for (size_t i = 0; i < words->count; i++) {
		if (i && words->items[i].gap > 1)
			first = i;
		if (first == i)
			starts[count++] = words->items[i].column;
		cells[count - 1] = words_join(words, first, i);
	}
	return count;
}

static bool begins(struct reading *reading, struct span line)
{
	struct words words;
	struct span names[WORDS_MOST];
	int starts[WORDS_MOST];
	bool failed;
	if (!line.length || line.text[0] == ' ' || !memmem(line.text, line.length, "  ", 2))
		return false;
	words_split(&words, line);
	if (words.count < 2 || words.count == WORDS_MOST || words.items[0].column != 0)
		return false;
	const size_t count = join_cells(&words, names, starts);
	if (count < 2 || !table_begin(reading, names, count, &failed))
		return false;
	struct ruled *ruled = &reading->table->ruled;
	ruled->count = count;
	for (size_t i = 0; i < count; i++)
		ruled->columns[i].start = starts[i];
	return true;
}

/* A cell begins below its name; there is none for a name that nothing begins below. */
static enum taken take(struct reading *reading, struct span line)
{
	const struct ruled *ruled = &reading->table->ruled;
	struct words words;
	struct span found[WORDS_MOST], cells[WORDS_MOST] = {0};
	int starts[WORDS_MOST];
	words_split(&words, line);
	if (reading->table->quoted != reading->quoted || words.count == 0 ||
	    words.count == WORDS_MOST || span_has_only(span_trim(line), "-= "))
		return TAKEN_NOT;
	const size_t count = join_cells(&words, found, starts);
	for (size_t i = 0, at = 0; i < count; i++, at++) {
		while (at < ruled->count && ruled->columns[at].start != starts[i])
			at++;
		if (at == ruled->count)
			return TAKEN_NOT;
		cells[at] = found[i];
	}
	return table_take(reading, &(struct row){.cells = cells,
	                               .count = ruled->count,
	                               .torn = table_torn(reading, cells, ruled->count),
	                               .line = reading->line});
}

const struct line_format format_blanks = {
    .section = &section_tables,
    .begins = begins,
    .take = take,
};
