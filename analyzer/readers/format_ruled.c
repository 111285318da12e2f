/* PowerShell's Format-Table of any objects: names above rules, cells below them. A cell that crosses its rule into another column, or that
 * ends in an ellipsis, was cut: the row is left over. */
#include "readers/table.h"

static bool begins(struct reading *reading, struct span line)
{
	struct table *table = reading->table;
	struct ruled *ruled = &table->ruled;
	struct span names[COLUMNS_MOST];
	bool failed;
	if (!ruled_table_learn(ruled, reading->heading, line, '-'))
		return false;
	for (size_t i = 0; i < ruled->count; i++)
		names[i] = span_of(ruled->columns[i].heading);
	return table_begin(reading, names, ruled->count, &failed);
}

static enum taken take(struct reading *reading, struct span line)
{
	struct ruled_row row;
	const struct ruled *ruled = &reading->table->ruled;
	if (reading->table->quoted != reading->quoted || !ruled_table_row(ruled, line, &row))
		return TAKEN_NOT;
	return table_take(reading, &(struct row){.cells = row.cells,
	                               .doubtful = row.doubtful,
	                               .count = ruled->count,
	                               .torn = table_torn(reading, row.cells, ruled->count),
	                               .line = reading->line});
}

const struct line_format format_ruled = {
    .section = &section_tables,
    .begins = begins,
    .take = take,
};
