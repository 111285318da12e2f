/* The parts of the HTML report. Inside this folder. */
#ifndef LEAKLAB_REPORT_HTML_H
#define LEAKLAB_REPORT_HTML_H

#include "report/charts.h"

/* A cell of a table. */
void html_number(FILE *out, double number); /* NAN: empty */
void html_cell(FILE *out, const char *class, const char *text);
void html_integer(FILE *out, int64_t number);

/* Figures with their tables. */
void html_charts(FILE *out, const struct chart charts[CHART_COUNT]);
/* The same for the script, on one line, with no '<' in it. */
bool html_chart_data(FILE *out, const struct chart charts[CHART_COUNT], struct error *error);

/* Sections. */
void html_captures(FILE *out, const struct report *report);
void html_environment(FILE *out, const struct report *report);

#endif
