/* The parts of the HTML report. Inside this folder. */
#ifndef LEAKLAB_REPORT_HTML_H
#define LEAKLAB_REPORT_HTML_H

#include "report/charts.h"
#include "report/tables.h"

/* A table that has rows. */
void html_table(FILE *out, const struct table *table);

/* Figures with their tables. */
bool html_charts(FILE *out, const struct chart charts[CHART_COUNT], struct error *error);
/* The same for the script, on one line, with no '<' in it. */
bool html_chart_data(FILE *out, const struct chart charts[CHART_COUNT], struct error *error);

#endif
