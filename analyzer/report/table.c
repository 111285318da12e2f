/* Knows how a table grows, cell by cell. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/array.h"
#include "report/tables.h"

void table_add(struct table *table, const char *format, ...)
{
	struct cell cell = {0};
	va_list arguments;
	va_start(arguments, format);
	if (!array_reserve(&table->cells, table->cell_count, sizeof cell) ||
	    vasprintf(&cell.text, format, arguments) < 0)
		table->failed = true;
	else
		table->cells[table->cell_count++] = cell;
	va_end(arguments);
}

void table_add_text(struct table *table, const char *text)
{
	table_add(table, "%s", text ? text : "-");
}

void table_add_number(struct table *table, int64_t number)
{
	if (number == NUMBER_UNKNOWN)
		table_add_text(table, NULL);
	else
		table_add(table, "%" PRId64, number);
}

void table_add_result(struct table *table, enum met met, const char *text)
{
	table_add_text(table, text);
	if (!table->failed)
		table->cells[table->cell_count - 1].met = met;
}

size_t table_rows(const struct table *table)
{
	return table->cell_count / table->column_count;
}

const struct cell *table_cell(const struct table *table, size_t row, size_t column)
{
	return &table->cells[row * table->column_count + column];
}

bool table_is_shown(const struct table *table, int form)
{
	return (table->forms & form) && (table->cell_count || (form == IN_HTML && table->empty));
}

void table_deinit(struct table *table)
{
	for (size_t i = 0; i < table->cell_count; i++)
		free(table->cells[i].text);
	free(table->cells);
}
