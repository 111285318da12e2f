/* Performance counters of a snapshot, over their time. */
#include "commands/command.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/duration.h"
#include "common/text.h"
#include "evidence/snapshot.h"

#define COUNTERS_MOST 500 /* as of other tables */

static bool is_by_name(const struct counter *counter)
{
	return counter->image && counter->pid == NUMBER_UNKNOWN;
}

/* "svchost (1064)"; what has no number is written as it was. */
static void print_whose(const struct counter *counter, FILE *out)
{
	char text[200];
	if (counter->pid == NUMBER_UNKNOWN)
		snprintf(text, sizeof text, "%s%s",
		    counter->instance ? counter->instance : "the host",
		    is_by_name(counter) ? " (by name)" : "");
	else
		snprintf(text, sizeof text, "%s (%" PRId64 ")",
		    counter->image ? counter->image : "-", counter->pid);
	text_print_column(out, text, 28);
}

static void print_number(int64_t number, FILE *out)
{
	if (number == NUMBER_UNKNOWN)
		fprintf(out, " %8s", "-");
	else
		fprintf(out, " %8" PRId64, number);
}

/* The first values and the last, of all that have a time. */
static void print_span(const struct snapshot *snapshot, FILE *out)
{
	char from[TIMESTAMP_TEXT], to[TIMESTAMP_TEXT], duration[DURATION_TEXT];
	int64_t first = TIMESTAMP_UNKNOWN, last = TIMESTAMP_UNKNOWN;
	size_t zoned = 0;
	for (size_t i = 0; i < snapshot->counter_count; i++) {
		const struct counter *counter = &snapshot->counters[i];
		if (!counter->point_count)
			continue;
		const int64_t begin = counter_point_clock(&counter->points[0]),
		              end = counter_point_clock(&counter->points[counter->point_count - 1]);
		first = first == TIMESTAMP_UNKNOWN || begin < first ? begin : first;
		last = end > last ? end : last;
		zoned += counter_is_zoned(counter);
	}
	if (first == TIMESTAMP_UNKNOWN || last < first)
		return;
	fprintf(out, "from %.19s to %.19s (%s), %s\n", timestamp_format(first, from),
	    timestamp_format(last, to),
	    zoned == snapshot->counter_count ? "UTC"
	    : zoned                          ? "UTC, and the host's clock"
	                                     : "by the host's clock, whose zone is not known",
	    duration_format(last - first, duration));
}

static void print_counter(const struct counter *counter, FILE *out)
{
	const size_t count = counter->point_count;
	print_whose(counter, out);
	fputc(' ', out);
	text_print_column(out, counter->counter, 17);
	print_number(count ? counter->points[0].value : NUMBER_UNKNOWN, out);
	print_number(count ? counter->points[count - 1].value : NUMBER_UNKNOWN, out);
	print_number(counter->lowest, out);
	print_number(counter->highest, out);
	print_number(counter->points_seen, out);
	fputc('\n', out);
}

void show_counters(const struct snapshot *snapshot, FILE *out)
{
	const size_t count = snapshot->counter_count;
	size_t by_name = 0;
	if (count) {
		fprintf(out, "\ncounters: %zu\n", count);
		print_span(snapshot, out);
		fprintf(out, "%-28s %-17s %8s %8s %8s %8s %8s\n", "of", "counter", "first", "last",
		    "lowest", "highest", "values");
	}
	for (size_t i = 0; i < count; i++) {
		by_name += is_by_name(&snapshot->counters[i]);
		if (i < COUNTERS_MOST)
			print_counter(&snapshot->counters[i], out);
	}
	if (count > COUNTERS_MOST)
		fprintf(out, "and %zu more (--format json has all)\n", count - COUNTERS_MOST);
	if (by_name)
		text_print_wrapped(out, "",
		    "By name alone a process is not known: when one ends, another may take its name and number. Process V2, or ID Process beside "
		    "Handle Count, tells which it is.");
	if (snapshot->counter_columns_left)
		fprintf(out, "columns that are not read: %" PRId64 "\n",
		    snapshot->counter_columns_left);
	if (snapshot->counter_rows_left)
		fprintf(out,
		    "rows that are not later than the one before, and are left out: %" PRId64 "\n",
		    snapshot->counter_rows_left);
}
