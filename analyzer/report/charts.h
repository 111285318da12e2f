/* What the charts of a report show, as tables of numbers: a chart and the table under it are made from the same. Inside
 * this folder. */
#ifndef LEAKLAB_REPORT_CHARTS_H
#define LEAKLAB_REPORT_CHARTS_H

#include "report/fields.h"

#define CHART_TEXT 240

enum chart_kind { CHART_POINTS, CHART_LINES, CHART_STEPS, CHART_BARS, CHART_STACK };

struct chart_series {
	char *name;
	double *values; /* by row; NAN: none */
};

struct chart {
	const char *id, *title;
	char caption[CHART_TEXT]; /* what is to be seen, in a sentence */
	char empty[CHART_TEXT];   /* why there is nothing to draw; "": there is */
	enum chart_kind kind;
	const char *x_label, *y_label;
	bool logarithmic;
	double *x;         /* of each row, or: */
	char **categories; /* of each row */
	size_t rows;
	struct chart_series *series;
	size_t series_count;
};

#define CHART_COUNT 7
/* Fills all charts. False only when memory is out; they are to be freed in any case. */
bool charts_make(struct chart charts[CHART_COUNT], const struct report *report);
void charts_deinit(struct chart charts[CHART_COUNT]);

#endif
