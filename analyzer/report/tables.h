/* A report's tables: what each shows is declared once, for every form that people read. Inside this folder. */
#ifndef LEAKLAB_REPORT_TABLES_H
#define LEAKLAB_REPORT_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "judge/verdict.h"
#include "report/report.h"

enum column_kind {
	COLUMN_NAME,   /* names its row */
	COLUMN_NUMBER, /* our own text, without anything to escape */
	COLUMN_WORD,   /* short */
	COLUMN_RESULT, /* the same, good or bad */
	COLUMN_TIME,
	COLUMN_HASH,
	COLUMN_TEXT,
	COLUMN_WIDE, /* whole sentences */
};

struct column {
	const char *title;
	enum column_kind kind;
	bool not_in_text; /* 80 columns have no room for it */
};

struct cell {
	char *text;
	enum met met; /* of a result */
};

/* The forms of a report that have a table, together. */
enum { IN_TEXT = 1, IN_MARKDOWN = 2, IN_HTML = 4 };

struct table {
	const char *id, *title;
	const struct column *columns;
	size_t column_count;
	int forms;
	char caption[240];  /* what it shows */
	bool pairs;         /* names and values: its columns have no titles */
	const char *empty;  /* why it has no rows; NULL: nothing is to be said then */
	const char *note;   /* below it; NULL: none */
	struct cell *cells; /* row by row */
	size_t cell_count;
	bool failed; /* memory is out */
};

/* Those of a run, in the order in which they are shown. */
enum {
	TABLE_HOLDERS,
	TABLE_EXPECTATIONS,
	TABLE_CONTROLS,
	TABLE_PHASES,
	TABLE_GROWTH,
	TABLE_ERRORS,
	TABLE_OUTPUTS,
	TABLE_EVENTS,
	TABLE_ENVIRONMENT,
	TABLE_COUNT,
};
/* What a table is, and how it is filled. */
struct table_kind {
	struct table table;
	void (*fill)(struct table *table, const struct report *report);
};
#define COLUMNS(array) (array), sizeof(array) / sizeof *(array)
#define IN_ALL (IN_TEXT | IN_MARKDOWN | IN_HTML)
#define CAPTION(table, ...) snprintf((table)->caption, sizeof(table)->caption, __VA_ARGS__)

/* Fills the report's tables: those of a run; those of these kinds. False when memory is out. */
bool tables_make(struct report *report);
bool tables_make_of(struct report *report, const struct table_kind *kinds, size_t count);
void tables_destroy(struct table *tables, size_t count); /* NULL is allowed */

/* ---- one table ---- */

/* Frees what the table owns, which is not its columns. */
void table_deinit(struct table *table);
/* Each adds a cell. What is not known is shown as "-". */
void table_add(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_add_text(struct table *table, const char *text);
void table_add_number(struct table *table, int64_t number);
void table_add_result(struct table *table, enum met met, const char *text);

size_t table_rows(const struct table *table);
const struct cell *table_cell(const struct table *table, size_t row, size_t column);
/* Short forms leave out tables without rows; HTML says why there are none. */
bool table_is_shown(const struct table *table, int form);

#endif
