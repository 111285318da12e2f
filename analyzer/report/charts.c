/* Knows which numbers of a run are drawn, and what each drawing says in words. */
#include "report/charts.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/order.h"
#include "common/text.h"

/* Of longer runs one of each so many cycles is drawn: a screen has no more points. */
#define ROWS_MOST 1000

static void say(char out[CHART_TEXT], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(char out[CHART_TEXT], const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(out, CHART_TEXT, format, arguments);
	va_end(arguments);
}

/* Adds a series without values. NULL when memory is out. */
static double *add_series(struct chart *chart, const char *name)
{
	if (!array_reserve(&chart->series, chart->series_count, sizeof *chart->series))
		return NULL;
	struct chart_series *series = &chart->series[chart->series_count];
	series->name = strdup(name);
	series->values = malloc((chart->rows + 1) * sizeof *series->values);
	chart->series_count++;
	if (!series->name || !series->values)
		return NULL;
	for (size_t i = 0; i < chart->rows; i++)
		series->values[i] = NAN;
	return series->values;
}

static bool set_rows(struct chart *chart, size_t rows)
{
	chart->rows = rows;
	chart->x = calloc(rows + 1, sizeof *chart->x);
	return chart->x;
}

static bool add_category(struct chart *chart, const char *name)
{
	if (!array_reserve(&chart->categories, chart->rows, sizeof *chart->categories))
		return false;
	chart->categories[chart->rows] = strdup(name);
	return chart->categories[chart->rows++];
}

static bool is_orphaned(const struct verdict *verdict, int64_t number)
{
	return verdict->k > 0 && bsearch(&number, verdict->orphaned, (size_t)verdict->k,
	                             sizeof number, order_of_numbers);
}

static size_t step_for(size_t count)
{
	return (count + ROWS_MOST - 1) / ROWS_MOST;
}

/* Which of the `step` cycles of a row is drawn: not always the same, as IDs may come in turns of the same length. */
static size_t drawn_of(size_t row, size_t step)
{
	return ((uint32_t)row * UINT32_C(2654435761) >> 16) % step;
}

static const char *of_each(size_t step, char out[48])
{
	if (step > 1)
		snprintf(out, 48, " One of every %zu cycles is drawn.", step);
	else
		out[0] = '\0';
	return out;
}

static bool make_session_ids(struct chart *chart, const struct report *report)
{
	const struct verdict *verdict = report->verdict;
	const struct session_ids *ids = &verdict->ids;
	size_t known = 0, at = 0;
	char each[48];
	*chart = (struct chart){.id = "session-ids",
	    .title = "Session ID by cycle",
	    .kind = CHART_POINTS,
	    .x_label = "cycle",
	    .y_label = "session ID"};
	for (size_t i = 0; i < report->cycles.count; i++)
		known += report->cycles.items[i].session_id != NUMBER_UNKNOWN;
	const size_t step = step_for(known);
	if (known == 0) {
		say(chart->empty, "No cycle learned its session ID.");
		return true;
	}
	say(chart->caption,
	    "%" PRId64 " different session ID%s in %" PRId64 " cycle%s, from %" PRId64
	    " to %" PRId64
	    ". A healthy host gives the lowest free ID again; IDs that stay taken make it rise.%s",
	    ids->distinct, text_plural(ids->distinct), ids->cycles, text_plural(ids->cycles),
	    ids->lowest, ids->highest, of_each(step, each));
	if (!set_rows(chart, (known + step - 1) / step))
		return false;
	double *clean =
	    add_series(chart, verdict->orphans_known ? "logon session is gone" : "session ID");
	double *orphaned =
	    clean && verdict->k > 0 ? add_series(chart, "logon session is orphaned") : NULL;
	if (!clean || (verdict->k > 0 && !orphaned))
		return false;
	for (size_t i = 0; i < report->cycles.count; i++) {
		const struct cycle *cycle = &report->cycles.items[i];
		if (cycle->session_id == NUMBER_UNKNOWN)
			continue;
		const size_t row = at / step, within = at % step;
		at++;
		const bool is_short = known - row * step < step; /* the last row */
		if (within != (is_short ? 0 : drawn_of(row, step)))
			continue;
		chart->x[row] = (double)cycle->number;
		if (verdict->k > 0 && is_orphaned(verdict, cycle->number))
			orphaned[row] = (double)cycle->session_id;
		else
			clean[row] = (double)cycle->session_id;
	}
	return true;
}

static bool make_orphans(struct chart *chart, const struct report *report)
{
	const struct verdict *verdict = report->verdict;
	const size_t count = report->cycles.count, step = step_for(count);
	size_t row = 0;
	double sum = 0;
	char each[48];
	*chart = (struct chart){.id = "orphans",
	    .title = "Orphans by cycle",
	    .kind = CHART_STEPS,
	    .x_label = "cycle",
	    .y_label = "cycles with an orphan so far"};
	if (!verdict->orphans_known || count == 0) {
		say(chart->empty, "%s",
		    verdict->orphans_known ? "No cycle was played." : NOT_OBSERVED);
		return true;
	}
	say(chart->caption,
	    "%" PRId64 " of %" PRId64
	    " cycles left a logon session behind that outlived its RDS session.%s",
	    verdict->k, verdict->n, of_each(step, each));
	if (!set_rows(chart, (count + step - 1) / step))
		return false;
	double *values = add_series(chart, "orphaned so far");
	if (!values)
		return false;
	for (size_t i = 0; i < count; i++) {
		const int64_t number = report->cycles.items[i].number;
		sum += is_orphaned(verdict, number);
		if (i % step == step - 1 || i == count - 1) {
			chart->x[row] = (double)number;
			values[row++] = sum;
		}
	}
	return true;
}

/* An orphan was seen first, or last. */
struct turn {
	int64_t time;
	int by;
	enum course_end end;
};

static int by_time(const void *a, const void *b)
{
	const struct turn *left = a, *right = b;
	return (left->time > right->time) - (left->time < right->time);
}

static size_t list_turns(const struct verdict *verdict, struct turn *turns)
{
	size_t count = 0;
	for (size_t i = 0; i < verdict->course_count; i++) {
		const struct course *course = &verdict->course[i];
		turns[count++] = (struct turn){course->first, 1, COURSE_STAYS};
		if (course->end != COURSE_STAYS)
			turns[count++] = (struct turn){course->last + 1, -1, course->end};
	}
	if (count)
		qsort(turns, count, sizeof *turns, by_time);
	return count;
}

/* Turns at one time are one row. */
static bool draw_turns(struct chart *chart, const struct turn *turns, size_t count)
{
	size_t row = 0;
	double there = 0, taken = 0;
	if (!set_rows(chart, count))
		return false;
	double *orphans = add_series(chart, "orphans that a sample shows");
	double *ended = orphans ? add_series(chart, "gone with their holder so far") : NULL;
	if (!ended)
		return false;
	orphans = chart->series[0].values; /* the array may have moved */
	for (size_t i = 0; i < count; i++) {
		there += turns[i].by;
		taken += turns[i].end == COURSE_TAKEN;
		if (i + 1 < count && turns[i + 1].time == turns[i].time)
			continue;
		chart->x[row] = round((double)(turns[i].time - turns[0].time) / 1e5) / 10;
		orphans[row] = there;
		ended[row++] = taken;
	}
	chart->rows = row;
	return true;
}

static bool make_course(struct chart *chart, const struct report *report)
{
	const struct verdict *verdict = report->verdict;
	struct turn *turns = malloc((2 * verdict->course_count + 1) * sizeof *turns);
	*chart = (struct chart){.id = "course",
	    .title = "Orphans over time",
	    .kind = CHART_STEPS,
	    .x_label = "seconds since the first orphan was seen",
	    .y_label = "orphans"};
	if (!turns)
		return false;
	const size_t count = list_turns(verdict, turns);
	size_t stay = 0;
	for (size_t i = 0; i < verdict->course_count; i++)
		stay += verdict->course[i].end == COURSE_STAYS;
	if (count == 0)
		say(chart->empty, "%s",
		    verdict->orphans_known ? "No sample shows an orphan." : NOT_OBSERVED);
	else
		say(chart->caption,
		    "Samples show %zu orphan%s of the run, settling ones too; %zu stay%s to the last.",
		    verdict->course_count, text_plural((int64_t)verdict->course_count), stay,
		    stay == 1 ? "s" : "");
	const bool good = count == 0 || draw_turns(chart, turns, count);
	free(turns);
	return good;
}

static bool make_tokens(struct chart *chart, const struct report *report)
{
	*chart = (struct chart){.id = "tokens",
	    .title = "Token handles by process over time",
	    .kind = CHART_LINES,
	    .x_label = "seconds since the first sample",
	    .y_label = "token handles"};
	if (report->token_samples == 0) {
		say(chart->empty, "Not observed: no observer saw token handles.");
		return true;
	}
	say(chart->caption,
	    "The %zu process%s with the most token handles, in %zu sample%s; %s had %.0f at most.",
	    report->token_count, report->token_count == 1 ? "" : "es", report->token_samples,
	    text_plural((int64_t)report->token_samples), report->tokens[0].name,
	    report->tokens[0].most);
	if (!set_rows(chart, report->token_samples))
		return false;
	for (size_t i = 0; i < report->token_samples; i++)
		chart->x[i] = round(report->token_times[i] * 10) / 10;
	for (size_t i = 0; i < report->token_count; i++) {
		double *values = add_series(chart, report->tokens[i].name);
		if (!values)
			return false;
		memcpy(values, report->tokens[i].counts, chart->rows * sizeof *values);
	}
	return true;
}

static double as_milliseconds(int64_t us)
{
	return (double)us / 1000;
}

static bool any_latency(struct chart *chart, const struct report *report)
{
	for (int which = 0; which < LATENCY_COUNT; which++) {
		if (report->latencies.counts[which])
			return true;
	}
	say(chart->empty, "No cycle came through any phase.");
	return false;
}

static bool make_percentiles(struct chart *chart, const struct report *report)
{
	const struct latencies *latencies = &report->latencies;
	char caption[PHASES_CAPTION];
	*chart = (struct chart){.id = "percentiles",
	    .title = "Percentiles of the logon's phases",
	    .kind = CHART_BARS,
	    .logarithmic = true,
	    .x_label = "phase",
	    .y_label = "milliseconds"};
	if (!any_latency(chart, report))
		return true;
	say(chart->caption, "%s", phases_caption(report, caption));
	for (int which = 0; which < LATENCY_COUNT; which++) {
		if (latencies->counts[which] && !add_category(chart, latency_name(which)))
			return false;
	}
	for (size_t i = 0; i < PERCENTILE_COUNT; i++) {
		double *values = add_series(chart, percentiles[i].name);
		size_t row = 0;
		for (int which = 0; values && which < LATENCY_COUNT; which++) {
			if (latencies->counts[which])
				values[row++] = as_milliseconds(percentile(latencies->us[which],
				    latencies->counts[which], percentiles[i].percent));
		}
		if (!values)
			return false;
	}
	return true;
}

static bool make_distribution(struct chart *chart, const struct report *report)
{
	static const double points[] = {
	    0, 5, 10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 92.5, 95, 97.5, 99, 99.5, 100};
	const struct latencies *latencies = &report->latencies;
	*chart = (struct chart){.id = "distribution",
	    .title = "Distribution of the logon's phases",
	    .kind = CHART_LINES,
	    .logarithmic = true,
	    .x_label = "per cent of the cycles",
	    .y_label = "took so many milliseconds at most"};
	if (!any_latency(chart, report))
		return true;
	say(chart->caption,
	    "Each point says in how many per cent of the cycles a phase took no longer than that.");
	if (!set_rows(chart, sizeof points / sizeof points[0]))
		return false;
	memcpy(chart->x, points, sizeof points);
	for (int which = 0; which < LATENCY_COUNT; which++) {
		if (latencies->counts[which] == 0)
			continue;
		double *values = add_series(chart, latency_name(which));
		for (size_t i = 0; values && i < chart->rows; i++)
			values[i] = as_milliseconds(
			    percentile(latencies->us[which], latencies->counts[which], points[i]));
		if (!values)
			return false;
	}
	return true;
}

static size_t phase_row(const struct chart *chart, const char *phase)
{
	size_t row = 0;
	while (row < chart->rows && strcmp(chart->categories[row], phase) != 0)
		row++;
	return row;
}

static double *series_named(struct chart *chart, const char *name)
{
	for (size_t i = 0; i < chart->series_count; i++) {
		if (strcmp(chart->series[i].name, name) == 0)
			return chart->series[i].values;
	}
	return NULL;
}

static bool make_errors(struct chart *chart, const struct report *report)
{
	int64_t failed = 0;
	*chart = (struct chart){.id = "errors",
	    .title = "Errors by phase",
	    .kind = CHART_STACK,
	    .x_label = "phase",
	    .y_label = "cycles"};
	if (report->failure_count == 0) {
		say(chart->empty, "No cycle failed.");
		return true;
	}
	for (size_t i = 0; i < report->failure_count; i++) {
		const char *phase = failure_phase(&report->failures[i]);
		failed += report->failures[i].count;
		if (phase_row(chart, phase) == chart->rows && !add_category(chart, phase))
			return false;
	}
	say(chart->caption,
	    "%" PRId64 " of %" PRId64 " cycle%s had an error; most often %s, in phase %s.", failed,
	    report_finished_cycles(report), text_plural(report_finished_cycles(report)),
	    report->failures[0].code, failure_phase(&report->failures[0]));
	for (size_t i = 0; i < report->failure_count; i++) {
		const struct failure *failure = &report->failures[i];
		double *values = series_named(chart, failure->code);
		if (!values && !(values = add_series(chart, failure->code)))
			return false;
		values[phase_row(chart, failure_phase(failure))] = (double)failure->count;
	}
	return true;
}

bool charts_make(struct chart charts[CHART_COUNT], const struct report *report)
{
	static bool (*const makers[CHART_COUNT])(struct chart *, const struct report *) = {
	    make_session_ids, make_orphans, make_course, make_tokens, make_percentiles,
	    make_distribution, make_errors};
	memset(charts, 0, CHART_COUNT * sizeof *charts);
	for (size_t i = 0; i < CHART_COUNT; i++) {
		if (!makers[i](&charts[i], report))
			return false;
	}
	return true;
}

void charts_deinit(struct chart charts[CHART_COUNT])
{
	for (size_t i = 0; i < CHART_COUNT; i++) {
		struct chart *chart = &charts[i];
		for (size_t j = 0; j < chart->series_count; j++) {
			free(chart->series[j].name);
			free(chart->series[j].values);
		}
		for (size_t j = 0; chart->categories && j < chart->rows; j++)
			free(chart->categories[j]);
		free(chart->series);
		free(chart->categories);
		free(chart->x);
	}
	memset(charts, 0, CHART_COUNT * sizeof *charts);
}
