/* A verdict for people, 80 columns wide. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/text.h"
#include "report/fields.h"
#include "report/tables.h"

/* Columns of any table that is shown here. */
#define COLUMNS_MOST 8
/* No column is made narrower than that; one of sentences comes first, as long as it is wider than this. */
#define NARROWEST 8
#define NARROW 20

/* 0: the column shows nothing here. */
static int natural_width(const struct table *table, size_t column)
{
	const int title = text_width(table->columns[column].title);
	int width = 0;
	for (size_t row = 0; row < table_rows(table); row++) {
		const int cell = text_width(table_cell(table, row, column)->text);
		width = cell > width ? cell : width;
	}
	if (width == 0 || table->columns[column].not_in_text)
		return 0;
	return width > title ? width : title;
}

static int rank(const struct table *table, size_t column, int width)
{
	const enum column_kind kind = table->columns[column].kind;
	if (kind == COLUMN_NUMBER || width <= NARROWEST)
		return 0;
	return width + (kind == COLUMN_WIDE && width > NARROW ? TEXT_COLUMNS : 0);
}

static void find_widths(const struct table *table, int widths[COLUMNS_MOST])
{
	int sum = 0;
	for (size_t i = 0; i < table->column_count; i++) {
		widths[i] = natural_width(table, i);
		sum += widths[i] ? 2 + widths[i] : 0;
	}
	for (; sum > TEXT_COLUMNS; sum--) {
		size_t first = 0;
		for (size_t i = 1; i < table->column_count; i++) {
			if (rank(table, i, widths[i]) > rank(table, first, widths[first]))
				first = i;
		}
		if (rank(table, first, widths[first]) == 0)
			return;
		widths[first]--;
	}
}

/* On as many lines as the longest of the cells takes. */
static void print_row(FILE *out, const struct table *table, const int widths[COLUMNS_MOST],
    const char *cells[COLUMNS_MOST])
{
	bool more;
	do {
		int blanks = 0;
		more = false;
		for (size_t i = 0; i < table->column_count; i++) {
			const bool right = table->columns[i].kind == COLUMN_NUMBER;
			const int before = right ? widths[i] - text_width(cells[i]) : 0;
			if (widths[i] == 0)
				continue;
			blanks += 2;
			if (*cells[i]) {
				fprintf(out, "%*s", blanks + before, "");
				blanks = -before - text_print_line(out, &cells[i], widths[i]);
			}
			blanks += widths[i];
			more |= *cells[i] != '\0';
		}
		fputc('\n', out);
	} while (more);
}

static void print_table(FILE *out, const struct table *table)
{
	const char *cells[COLUMNS_MOST];
	int widths[COLUMNS_MOST];
	fprintf(out, "\n%c%s\n", tolower((unsigned char)table->title[0]), table->title + 1);
	text_print_wrapped(out, "  ", table->caption);
	find_widths(table, widths);
	for (size_t i = 0; i < table->column_count; i++)
		cells[i] = table->columns[i].title;
	print_row(out, table, widths, cells);
	for (size_t row = 0; row < table_rows(table); row++) {
		for (size_t i = 0; i < table->column_count; i++)
			cells[i] = table_cell(table, row, i)->text;
		print_row(out, table, widths, cells);
	}
	if (table->note)
		text_print_wrapped(out, "  ", table->note);
}

static void print_list(FILE *out, const struct sentences *sentences)
{
	for (size_t i = 0; i < sentences->count; i++)
		text_print_wrapped(out, "  - ", sentences->items[i]);
}

/* https://no-color.org: set and not empty, it is obeyed. */
static bool wants_colour(FILE *out)
{
	const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");
	const int fd = fileno(out);
	return !(no_colour && *no_colour) && terminal && strcmp(terminal, "dumb") != 0 && fd >= 0 &&
	       isatty(fd);
}

static bool render(const struct report *report, FILE *out, struct error *error)
{
	/* Bold red, green, yellow. */
	static const char *const colours[] = {
	    [VERDICT_LEAK] = "1;31", [VERDICT_CLEAN] = "1;32", [VERDICT_INCONCLUSIVE] = "1;33"};
	(void)error;
	if (wants_colour(out))
		fprintf(out, "%s: \033[%sm%s\033[0m\n", report->subject, colours[report->tone],
		    report->word);
	else
		fprintf(out, "%s: %s\n", report->subject, report->word);
	print_list(out, report->reasons);
	if (report->changes) {
		fputs("\nwhat would change this\n", out);
		print_list(out, report->changes);
	}
	for (size_t i = 0; i < report->table_count; i++) {
		if (table_is_shown(&report->tables[i], IN_TEXT))
			print_table(out, &report->tables[i]);
	}
	return true;
}

const struct renderer renderer_text = {.name = "text", .suffix = ".txt", .render = render};
