/* A chart is a canvas for those who see it and a table for everybody. */
#include "report/html.h"

#include <math.h>
#include <stdlib.h>

#include <jansson.h>

#include "common/json_text.h"
#include "report/escape.h"

/* Longer tables are left out on paper. */
#define ROWS_ON_PAPER 60

/* The chart in numbers; `columns` are one more than its series. */
static void make_table(struct table *table, struct column *columns, const struct chart *chart)
{
	*table = (struct table){
	    .title = chart->title, .columns = columns, .column_count = chart->series_count + 1};
	snprintf(table->caption, sizeof table->caption, "%s (%s)", chart->title, chart->y_label);
	columns[0] = (struct column){chart->x_label, COLUMN_NAME, false};
	for (size_t i = 0; i < chart->series_count; i++)
		columns[i + 1] = (struct column){chart->series[i].name, COLUMN_NUMBER, false};
	for (size_t row = 0; row < chart->rows; row++) {
		if (chart->categories)
			table_add_text(table, chart->categories[row]);
		else
			table_add(table, "%.15g", chart->x[row]);
		for (size_t i = 0; i < chart->series_count; i++) {
			const double value = chart->series[i].values[row];
			if (isnan(value))
				table_add_text(table, "");
			else
				table_add(table, "%.15g", value);
		}
	}
}

static bool print_table(FILE *out, const struct chart *chart)
{
	const bool is_long = chart->rows > ROWS_ON_PAPER;
	struct column *columns = malloc((chart->series_count + 1) * sizeof *columns);
	struct table table = {0};
	if (columns)
		make_table(&table, columns, chart);
	const bool good = columns && !table.failed;
	if (is_long)
		fprintf(out,
		    "<p class=\"print-only\">The table of %zu rows is in the HTML file.</p>\n",
		    chart->rows);
	fprintf(out, "<details open%s><summary>Table: %s</summary>\n",
	    is_long ? " class=\"long\"" : "", chart->title);
	if (good)
		html_table(out, &table);
	fputs("</details>\n", out);
	table_deinit(&table);
	free(columns);
	return good;
}

bool html_charts(FILE *out, const struct chart charts[CHART_COUNT], struct error *error)
{
	bool good = true;
	for (size_t i = 0; i < CHART_COUNT; i++) {
		const struct chart *chart = &charts[i];
		fprintf(
		    out, "<figure id=\"%s\">\n<h3>%s</h3>\n<figcaption>", chart->id, chart->title);
		escape_markup(out, *chart->empty ? chart->empty : chart->caption);
		fputs("</figcaption>\n", out);
		if (!*chart->empty) {
			fprintf(out,
			    "<div class=\"canvas\"><canvas role=\"img\" aria-label=\"Chart: %s. ",
			    chart->title);
			escape_markup(out, chart->caption);
			fputs(" The table below has the numbers.\"></canvas></div>\n", out);
			good = print_table(out, chart) && good;
		}
		fputs("</figure>\n", out);
	}
	return good || error_memory(error);
}

static json_t *number_json(double number)
{
	return isnan(number) ? json_null() : json_real(number);
}

static json_t *chart_json(const struct chart *chart)
{
	static const char *const kinds[] = {[CHART_POINTS] = "points",
	    [CHART_LINES] = "lines",
	    [CHART_STEPS] = "steps",
	    [CHART_BARS] = "bars",
	    [CHART_STACK] = "stack"};
	json_t *rows = json_array(), *series = json_array();
	for (size_t row = 0; row < chart->rows; row++)
		json_array_append_new(rows, chart->categories ? json_of_text(chart->categories[row])
		                                              : json_real(chart->x[row]));
	for (size_t i = 0; i < chart->series_count; i++) {
		json_t *values = json_array();
		for (size_t row = 0; row < chart->rows; row++)
			json_array_append_new(values, number_json(chart->series[i].values[row]));
		json_array_append_new(
		    series, json_pack("{s:o,s:o}", "name", json_of_text(chart->series[i].name),
		                "values", values));
	}
	return json_pack("{s:s,s:s,s:b,s:s,s:s,s:o,s:o}", "id", chart->id, "kind",
	    kinds[chart->kind], "logarithmic", chart->logarithmic, "x_label", chart->x_label,
	    "y_label", chart->y_label, chart->categories ? "categories" : "x", rows, "series",
	    series);
}

bool html_chart_data(FILE *out, const struct chart charts[CHART_COUNT], struct error *error)
{
	json_t *array = json_array();
	for (size_t i = 0; i < CHART_COUNT; i++) {
		if (!*charts[i].empty)
			json_array_append_new(array, chart_json(&charts[i]));
	}
	char *text = json_to_text(array, JSON_ON_ONE_LINE);
	json_decref(array);
	if (!text)
		return error_memory(error);
	for (const char *at = text; *at; at++) {
		if (*at == '<')
			fputs("\\u003c", out);
		else
			fputc(*at, out);
	}
	free(text);
	return true;
}
