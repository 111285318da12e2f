/* Knows how a table is written so that people see it on any screen and hear it from any screen reader. */
#include "report/html.h"

#include "report/escape.h"

/* Longer tables scroll within the page. */
#define ROWS_MOST 12

static const char *class_of(const struct table *table, size_t column, const struct cell *cell)
{
	static const char *const kinds[] = {[COLUMN_NUMBER] = "number",
	    [COLUMN_WORD] = "kind",
	    [COLUMN_TIME] = "time",
	    [COLUMN_HASH] = "hash",
	    [COLUMN_TEXT] = "text",
	    [COLUMN_WIDE] = "wide"};
	static const char *const results[] = {
	    [MET] = "met", [NOT_MET] = "not-met", [NOT_DECIDABLE] = "undecided"};
	const enum column_kind kind = table->columns[column].kind;
	return kind == COLUMN_RESULT ? results[cell->met] : kinds[kind];
}

static void print_titles(FILE *out, const struct table *table)
{
	fputs("<thead><tr>", out);
	for (size_t i = 0; i < table->column_count; i++) {
		fprintf(out, "<th scope=\"col\"%s>",
		    table->columns[i].kind == COLUMN_NUMBER ? " class=\"number\"" : "");
		escape_markup(out, table->columns[i].title);
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n", out);
}

static void print_cell(FILE *out, const struct table *table, size_t row, size_t column)
{
	const struct cell *cell = table_cell(table, row, column);
	const bool is_name = table->columns[column].kind == COLUMN_NAME;
	if (is_name)
		fprintf(out, "<th scope=\"row\"%s>", table->pairs ? " role=\"rowheader\"" : "");
	else
		fprintf(out, "<td class=\"%s\"%s>", class_of(table, column, cell),
		    table->pairs ? " role=\"cell\"" : "");
	escape_markup(out, cell->text);
	fputs(is_name ? "</th>" : "</td>", out);
}

/* Pairs are stacked on a phone, where a browser forgets that they are a table; so their roles are named. */
void html_table(FILE *out, const struct table *table)
{
	const size_t rows = table_rows(table);
	if (table->pairs)
		fputs("<table class=\"pairs\" role=\"table\"><caption>", out);
	else
		fprintf(out,
		    "<div class=\"scroll%s\" role=\"region\" tabindex=\"0\" aria-label=\"%s, table\">"
		    "<table><caption>",
		    rows > ROWS_MOST ? " tall" : "", table->title);
	escape_markup(out, table->caption);
	fputs("</caption>", out);
	if (!table->pairs)
		print_titles(out, table);
	fputs("<tbody>\n", out);
	for (size_t row = 0; row < rows; row++) {
		fputs(table->pairs ? "<tr role=\"row\">" : "<tr>", out);
		for (size_t column = 0; column < table->column_count; column++)
			print_cell(out, table, row, column);
		fputs("</tr>\n", out);
	}
	fputs(table->pairs ? "</tbody></table>\n" : "</tbody></table></div>\n", out);
	if (table->note) {
		fputs("<p>", out);
		escape_markup(out, table->note);
		fputs("</p>\n", out);
	}
}
