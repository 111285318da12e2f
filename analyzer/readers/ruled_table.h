/* Tables whose headings are underlined, one rule a column: tasklist and PowerShell. Inside this folder. */
#ifndef LEAKLAB_RULED_TABLE_H
#define LEAKLAB_RULED_TABLE_H

#include "readers/format.h"

#define COLUMNS_MOST WORDS_MOST
/* A table whose columns are ruled with "----" or "====". */
struct ruled {
	struct {
		int start, end;
		char heading[48];
	} columns[COLUMNS_MOST];
	size_t count;
	char rule;
};

struct ruled_row {
	struct span cells[COLUMNS_MOST];
	bool doubtful[COLUMNS_MOST]; /* something crosses the rule, or the cell was cut */
};

/* Learns the columns if the line is a rule of this character below a heading. */
bool ruled_table_learn(struct ruled *ruled, struct span heading, struct span line, char rule);
/* The column with this heading, or SIZE_MAX. */
size_t ruled_table_column(const struct ruled *ruled, const char *heading);
/* What stands below the columns' rules, trimmed. False if there is more in the line than one row. */
bool ruled_table_row(const struct ruled *ruled, struct span line, struct ruled_row *row);

/* It ends in an ellipsis, with which PowerShell cuts what has no room. */
bool ruled_cell_is_cut(struct span cell);

#endif
