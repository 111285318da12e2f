/* A verdict for tickets: GitHub's and GitLab's Markdown. */
#include "report/escape.h"
#include "report/fields.h"
#include "report/tables.h"

static void print_list(FILE *out, const struct sentences *sentences)
{
	for (size_t i = 0; i < sentences->count; i++) {
		fputs("- ", out);
		escape_markdown(out, sentences->items[i]);
		fputc('\n', out);
	}
}

static void print_table(FILE *out, const struct table *table)
{
	fprintf(out, "\n## %s\n\n", table->title);
	escape_markdown(out, table->caption);
	fputs("\n\n|", out);
	for (size_t i = 0; i < table->column_count; i++)
		fprintf(out, " %s |", table->columns[i].title);
	fputs("\n|", out);
	for (size_t i = 0; i < table->column_count; i++)
		fputs(table->columns[i].kind == COLUMN_NUMBER ? "--:|" : "---|", out);
	for (size_t i = 0; i < table->cell_count; i++) {
		const size_t column = i % table->column_count;
		fputs(column == 0 ? "\n| " : " ", out);
		escape_markdown_cell(out, table->cells[i].text);
		fputs(" |", out);
	}
	fputc('\n', out);
	if (table->note) {
		fputc('\n', out);
		escape_markdown(out, table->note);
		fputc('\n', out);
	}
}

static void print_scenario(FILE *out, const char *scenario)
{
	fputs("\n<details><summary>Scenario</summary>\n\n" CODE_FENCE "yaml\n", out);
	escape_code(out, scenario);
	fputs(CODE_FENCE "\n\n</details>\n", out);
}

static bool render(const struct report *report, FILE *out, struct error *error)
{
	(void)error;
	if (report->verdict)
		fprintf(out, "# leaklab: %s\n\n", report->word);
	else
		fprintf(out, "# leaklab: %s: %s\n\n", report->subject, report->word);
	print_list(out, report->reasons);
	if (report->changes) {
		fputs("\n## What would change this\n\n", out);
		print_list(out, report->changes);
	}
	for (size_t i = 0; i < report->table_count; i++) {
		if (table_is_shown(&report->tables[i], IN_MARKDOWN))
			print_table(out, &report->tables[i]);
	}
	if (report->scenario)
		print_scenario(out, report->scenario);
	return true;
}

const struct renderer renderer_markdown = {.name = "markdown", .suffix = ".md", .render = render};
