/* A chart is a canvas for those who see it and a table for everybody. */
#include "report/html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/text.h"
#include "report/escape.h"

/* Longer tables are left out on paper. */
#define ROWS_ON_PAPER 60

void html_number(FILE *out, double number)
{
	if (isnan(number))
		fputs("<td class=\"number\"></td>", out);
	else
		fprintf(out, "<td class=\"number\">%.10g</td>", number);
}

void html_cell(FILE *out, const char *class, const char *text)
{
	fprintf(out, "<td class=\"%s\">", class);
	escape_markup(out, text);
	fputs("</td>", out);
}

void html_integer(FILE *out, int64_t number)
{
	if (number == NUMBER_UNKNOWN)
		fputs("<td class=\"number\">-</td>", out);
	else
		fprintf(out, "<td class=\"number\">%lld</td>", (long long)number);
}

static void print_head(FILE *out, const struct chart *chart)
{
	fputs("<thead><tr><th scope=\"col\">", out);
	escape_markup(out, chart->x_label);
	fputs("</th>", out);
	for (size_t i = 0; i < chart->series_count; i++) {
		fputs("<th scope=\"col\" class=\"number\">", out);
		escape_markup(out, chart->series[i].name);
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n", out);
}

static void print_table(FILE *out, const struct chart *chart)
{
	const bool tall = chart->rows > ROWS_ON_PAPER;
	if (tall)
		fprintf(out,
		    "<p class=\"print-only\">The table of %zu rows is in the HTML file.</p>\n",
		    chart->rows);
	fprintf(out,
	    "<details open%s><summary>Table: %s</summary>\n<div class=\"scroll%s\" role=\"region\" "
	    "tabindex=\"0\" aria-label=\"%s, table\"><table><caption>%s (%s)</caption>",
	    tall ? " class=\"long\"" : "", chart->title, chart->rows > 12 ? " tall" : "",
	    chart->title, chart->title, chart->y_label);
	print_head(out, chart);
	fputs("<tbody>\n", out);
	for (size_t row = 0; row < chart->rows; row++) {
		fputs("<tr><th scope=\"row\">", out);
		if (chart->categories)
			escape_markup(out, chart->categories[row]);
		else
			fprintf(out, "%.10g", chart->x[row]);
		fputs("</th>", out);
		for (size_t i = 0; i < chart->series_count; i++)
			html_number(out, chart->series[i].values[row]);
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table></div></details>\n", out);
}

void html_charts(FILE *out, const struct chart charts[CHART_COUNT])
{
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
			print_table(out, chart);
		}
		fputs("</figure>\n", out);
	}
}

static json_t *number_json(double number)
{
	return isnan(number) ? json_null() : json_real(number);
}

/* A string that may hold anything. */
static json_t *text_json(const char *text)
{
	char *copy = strdup(text);
	if (copy)
		text_make_safe(copy);
	json_t *value = json_string(copy ? copy : "");
	free(copy);
	return value;
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
		json_array_append_new(rows, chart->categories ? text_json(chart->categories[row])
		                                              : json_real(chart->x[row]));
	for (size_t i = 0; i < chart->series_count; i++) {
		json_t *values = json_array();
		for (size_t row = 0; row < chart->rows; row++)
			json_array_append_new(values, number_json(chart->series[i].values[row]));
		json_array_append_new(
		    series, json_pack("{s:o,s:o}", "name", text_json(chart->series[i].name),
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
	char *text = json_dumps(array, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(10));
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
