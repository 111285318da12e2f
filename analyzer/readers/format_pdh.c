/* The log files of performance counters: "(PDH-CSV 4.0)", or "(PDH-TSV 4.0)" with tabs, as typeperf, perfmon, relog and Export-Counter write
 * them. A column is a counter, a row a time; dates are MM/DD/YYYY in every language. perfmon's heading holds the zone, as its minutes west of UTC;
 * typeperf's does not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "readers/counter_list.h"
#include "readers/csv_line.h"
#include "readers/hosts.h"
#include "readers/table.h"

#define MINUTE (60 * INT64_C(1000000))
#define ZONE_MOST (15 * 60) /* minutes */
#define VALUE_MOST 1e15     /* larger ones are no counts */

struct pdh_column {
	enum counter_role role;
	struct counter_key key;
	size_t process_id; /* the column with the ID of its process; SIZE_MAX: there is none */
	size_t hint;       /* see counter_list.h */
};

struct pdh {
	struct pdh_column *columns;
	size_t count; /* with that of the time, which is the first */
	struct span *cells;
	int64_t *values;
	char separator;
	bool zoned;
	int64_t west; /* minutes */
};

static void drop(struct pdh *pdh)
{
	if (!pdh)
		return;
	free(pdh->columns);
	free(pdh->cells);
	free(pdh->values);
	free(pdh);
}

static void destroy(struct reading *reading)
{
	drop(reading->table->pdh);
	reading->table->pdh = NULL;
}

/* ---- the heading ---- */

/* "(PDH-CSV 4.0) (Pacific Daylight Time)(420)" */
static void read_zone(struct pdh *pdh, struct span cell)
{
	const char *open = cell.length ? memrchr(cell.text, '(', cell.length) : NULL;
	int64_t minutes;
	if (!open || cell.text[cell.length - 1] != ')')
		return;
	struct span number = {open + 1, (size_t)(cell.text + cell.length - 1 - open) - 1};
	const bool east = number.length && number.text[0] == '-';
	if (!span_decimal(span_from(number, east), &minutes) || minutes > ZONE_MOST)
		return;
	pdh->zoned = true;
	pdh->west = east ? -minutes : minutes;
}

static int by_instance(const void *a, const void *b)
{
	const struct counter_key *one = &(*(struct pdh_column *const *)a)->key,
	                         *other = &(*(struct pdh_column *const *)b)->key;
	if (one->object != other->object)
		return one->object < other->object ? -1 : 1;
	return (one->instance > other->instance) - (one->instance < other->instance);
}

/* Which column tells the process of each instance. False: memory is out. */
static bool find_process_ids(struct pdh *pdh)
{
	struct pdh_column **ids = calloc(pdh->count, sizeof *ids);
	size_t count = 0;
	for (size_t i = 1; ids && i < pdh->count; i++) {
		if (pdh->columns[i].role == COUNTER_PROCESS_ID)
			ids[count++] = &pdh->columns[i];
	}
	if (count)
		qsort(ids, count, sizeof *ids, by_instance);
	for (size_t i = 1; count && i < pdh->count; i++) {
		struct pdh_column *column = &pdh->columns[i];
		struct pdh_column **found =
		    column->role == COUNTER_OF_PROCESS
		        ? bsearch(&column, ids, count, sizeof *ids, by_instance)
		        : NULL;
		if (found)
			column->process_id = (size_t)(*found - pdh->columns);
	}
	free(ids);
	return ids;
}

/* False: memory is out. */
static bool read_columns(struct reading *reading, struct pdh *pdh)
{
	struct counter_path path;
	for (size_t i = 1; i < pdh->count; i++) {
		struct pdh_column *column = &pdh->columns[i];
		const bool split = counter_path_split(&path, span_trim(pdh->cells[i]));
		column->role = COUNTER_NOT_READ;
		column->hint = column->process_id = SIZE_MAX;
		if (split && !reading_is_of_host(reading, path.host))
			continue;
		if (split)
			column->role = counter_path_role(&path);
		if (column->role == COUNTER_NOT_READ)
			reading->snapshot->counter_columns_left++;
		else if (!counter_key_of(reading->snapshot, &path, pdh->zoned, &column->key))
			return false;
	}
	return find_process_ids(pdh);
}

static size_t count_of(struct span line, char c)
{
	size_t count = 0;
	for (size_t i = 0; i < line.length; i++)
		count += line.text[i] == c;
	return count;
}

static struct pdh *create(size_t most)
{
	struct pdh *pdh = calloc(1, sizeof *pdh);
	if (!pdh)
		return NULL;
	pdh->columns = calloc(most, sizeof *pdh->columns);
	pdh->cells = calloc(most, sizeof *pdh->cells);
	pdh->values = calloc(most, sizeof *pdh->values);
	if (pdh->columns && pdh->cells && pdh->values)
		return pdh;
	drop(pdh);
	return NULL;
}

static bool begins(struct reading *reading, struct span line)
{
	struct table *table = reading->table;
	line = span_trim(line);
	const struct span title = span_from(line, line.length && line.text[0] == '"');
	const bool tabs = span_starts(title, "(PDH-TSV ");
	if (!tabs && !span_starts(title, "(PDH-CSV "))
		return false;
	const size_t most = count_of(line, tabs ? '\t' : ',') + 1;
	struct pdh *pdh = create(most);
	if (!pdh)
		return false;
	pdh->separator = tabs ? '\t' : ',';
	if (csv_cut(&table->scratch, line, pdh->separator, pdh->cells, most, &pdh->count) !=
	        CUT_WHOLE ||
	    pdh->count < 2) {
		drop(pdh);
		return false;
	}
	read_zone(pdh, span_trim(pdh->cells[0]));
	destroy(reading);
	table->pdh = pdh;
	table->quoted = reading->quoted;
	table->within = NULL;
	table->binding.count = 0;
	table->pending.length = 0;
	return read_columns(reading, pdh);
}

/* ---- rows ---- */

static bool read_digits(struct span text, size_t at, size_t count, int *out)
{
	int64_t value;
	if (at + count > text.length || !span_decimal((struct span){text.text + at, count}, &value))
		return false;
	*out = (int)value;
	return true;
}

/* "09/15/2025 09:20:56.002", by the host's clock. */
static bool read_time(struct span cell, int64_t *out)
{
	int month, day, year, hour, minute, second, thousandth;
	char text[80];
	if (cell.length != 23 || cell.text[2] != '/' || cell.text[5] != '/' ||
	    cell.text[10] != ' ' || cell.text[13] != ':' || cell.text[16] != ':' ||
	    cell.text[19] != '.' || !read_digits(cell, 0, 2, &month) ||
	    !read_digits(cell, 3, 2, &day) || !read_digits(cell, 6, 4, &year) ||
	    !read_digits(cell, 11, 2, &hour) || !read_digits(cell, 14, 2, &minute) ||
	    !read_digits(cell, 17, 2, &second) || !read_digits(cell, 20, 3, &thousandth))
		return false;
	snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", year, month, day, hour,
	    minute, second, thousandth);
	return timestamp_parse(text, out);
}

/* "79396", "79396.000000", "1.25e+06". What is not there is a blank, or -1. */
static bool read_value(struct span cell, int64_t *out)
{
	char text[40];
	char *end;
	*out = NUMBER_UNKNOWN;
	size_t digits = 0;
	int64_t whole = 0;
	while (digits < cell.length && digits < 15 && cell.text[digits] >= '0' &&
	       cell.text[digits] <= '9')
		whole = whole * 10 + (cell.text[digits++] - '0');
	size_t zeros = digits;
	if (digits && zeros < cell.length && cell.text[zeros] == '.')
		for (zeros++; zeros < cell.length && cell.text[zeros] == '0';)
			zeros++;
	if (zeros == cell.length) {
		*out = digits ? whole : NUMBER_UNKNOWN;
		return true;
	}
	cell = span_trim(cell);
	if (!cell.length || cell.length >= sizeof text || !span_has_only(cell, "+-.0123456789eE"))
		return !cell.length;
	memcpy(text, cell.text, cell.length);
	text[cell.length] = '\0';
	const double value = strtod(text, &end);
	if (*end || !(value < VALUE_MOST && value > -VALUE_MOST))
		return false;
	if (value >= 0)
		*out = (int64_t)(value + 0.5);
	return true;
}

/* False: it is no row. */
static bool read_row(const struct pdh *pdh, size_t torn, int64_t *at)
{
	if (!read_time(span_trim(pdh->cells[0]), at))
		return false;
	if (pdh->zoned)
		*at += pdh->west * MINUTE;
	for (size_t i = 1; i < pdh->count; i++) {
		if (i == torn)
			pdh->values[i] = NUMBER_UNKNOWN;
		else if (pdh->columns[i].role != COUNTER_NOT_READ &&
		         !read_value(pdh->cells[i], &pdh->values[i]))
			return false;
	}
	return true;
}

/* Without a value for its ID a process is not known, and nothing of it is taken: the instance is of several over time. */
static bool put(
    struct counter_list *list, const struct pdh *pdh, struct pdh_column *column, int64_t value)
{
	struct counter_key key = column->key;
	if (column->process_id != SIZE_MAX)
		key.pid = pdh->values[column->process_id];
	/* The sum of all has the ID of the idle process. */
	if (column->process_id != SIZE_MAX && key.pid == 0 && strcmp(key.instance, "_Total") == 0)
		key.pid = NUMBER_UNKNOWN;
	else if (column->process_id != SIZE_MAX && key.pid == NUMBER_UNKNOWN)
		return true;
	return counter_list_put(list, &key, value, &column->hint);
}

static enum taken take(struct reading *reading, struct span line)
{
	struct table *table = reading->table;
	struct pdh *pdh = table->pdh;
	size_t count, torn;
	int64_t at;
	bool any = false;
	if (!pdh || table->quoted != reading->quoted)
		return TAKEN_NOT;
	line = span_trim(line);
	/* What typeperf prints behind its rows. */
	if (span_is(line, "The command completed successfully.") ||
	    span_is(line, "Exiting, please wait..."))
		return TAKEN_FRAME;
	if (csv_cut(&table->scratch, line, pdh->separator, pdh->cells, pdh->count, &count) !=
	        CUT_WHOLE ||
	    count != pdh->count)
		return TAKEN_NOT;
	torn = line.length && line.text[line.length - 1] == '"'
	           ? SIZE_MAX
	           : table_torn(reading, pdh->cells, count);
	if (!read_row(pdh, torn, &at))
		return TAKEN_NOT;
	if (!counter_list_row(&table->counters, at))
		return TAKEN_FAILED;
	for (size_t i = 1; i < count; i++) {
		struct pdh_column *column = &pdh->columns[i];
		if (column->role != COUNTER_OF_PROCESS && column->role != COUNTER_OF_HOST)
			continue;
		any = true;
		if (pdh->values[i] != NUMBER_UNKNOWN &&
		    !put(table->counters, pdh, column, pdh->values[i]))
			return TAKEN_FAILED;
	}
	return any ? TAKEN_ROW : TAKEN_FRAME;
}

const struct line_format format_pdh = {
    .name = "PDH counters",
    .section = &section_tables,
    .begins = begins,
    .take = take,
    .destroy = destroy,
};
