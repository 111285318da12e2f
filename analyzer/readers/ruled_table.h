/* Tables whose headings are underlined, one rule a column: tasklist and PowerShell. Inside this folder. */
#ifndef LEAKLAB_RULED_TABLE_H
#define LEAKLAB_RULED_TABLE_H

#include "readers/format.h"

#define COLUMNS_MOST 16
/* A table whose columns are ruled with "----" or "====". */
struct ruled {
	struct {
		int start, end;
		char heading[24];
	} columns[COLUMNS_MOST];
	size_t count;
};

/* Learns the columns if the line is a rule of this character below a heading. */
bool ruled_table_learn(struct ruled *ruled, struct span heading, struct span line, char rule);
/* The column with this heading, or SIZE_MAX. */
size_t ruled_table_column(const struct ruled *ruled, const char *heading);
/* What stands below the column's rule, trimmed. */
struct span ruled_table_cell(const struct ruled *ruled, struct span line, size_t column);

#endif
