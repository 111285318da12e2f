/* handle -v: comma-separated, nothing is quoted, and the heading does not always tell the rows' order. The handle, the
 * only field in the form 0x..., does. */
#include "readers/handle_row.h"
#include "readers/listings.h"

#include <string.h>

#define FIELDS 8

static bool begins(struct reading *reading, struct span line)
{
	line = span_trim(line);
	if (!span_starts(line, "Process,PID,") || line.length > 120 ||

	    span_find(line, ",0x") != SIZE_MAX || span_find(line, " pid: ") != SIZE_MAX)
		return false;
	reading->handles->csv_columns = 1;
	for (size_t i = 0; i < line.length; i++)
		reading->handles->csv_columns += line.text[i] == ',';
	reading->handles->outputs++;
	listings_banner(reading);
	return true;
}

/* Cuts at commas; the last field is the rest. Returns how many there are. */
static size_t cut(struct span line, struct span fields[FIELDS])
{
	size_t count = 0;
	while (count < FIELDS - 1) {
		const char *comma = memchr(line.text, ',', line.length);
		if (!comma)
			break;
		fields[count++] = (struct span){line.text, (size_t)(comma - line.text)};
		line = span_from(line, fields[count - 1].length + 1);
	}
	fields[count++] = line;
	return count;
}

static bool is_value(struct span field, int64_t *value)
{
	return field.length > 2 && memcmp(field.text, "0x", 2) == 0 &&
	       span_hex(span_from(field, 2), value);
}

/* All from the field to the end of the line: names have commas in them. */
static struct span rest_from(struct span line, struct span field)
{
	return span_from(line, (size_t)(field.text - line.text));
}

/* Process,PID,Type,Handle,Name | Process,PID,User,Handle,Type,Share Flags,Name[,Access] |
 * Process,PID,Type,User,Handle,Name below a heading of eight columns */
static bool order_fields(struct reading *reading, struct span line,
    const struct span fields[FIELDS], size_t count, struct handle_row *row)
{
	if (count >= 6 && is_value(fields[4], &row->value)) {
		row->type = fields[2];
		row->user = fields[3];
		reading->handles->searches = true;
		row->name = rest_from(line, fields[5]);
		return true;
	}
	if (count < 5 || !is_value(fields[3], &row->value))
		return false;
	if (reading->handles->csv_columns == 5) {
		row->type = fields[2];
		row->name = rest_from(line, fields[4]);
		reading->handles->searches = true;
		return true;
	}
	if (count < 7)
		return false;
	row->user = fields[2];
	row->type = fields[4];
	row->name = rest_from(line, fields[6]);
	const char *comma = memrchr(row->name.text, ',', row->name.length);
	if (reading->handles->csv_columns == 8 && comma)
		row->name.length = (size_t)(comma - row->name.text);
	return true;
}

static enum taken take(struct reading *reading, struct span line)
{
	struct span fields[FIELDS];
	struct handle_row row = {0};
	int64_t pid;
	if (span_starts(line, "Error obtaining handle information") ||
	    span_starts(line, "No matching handles found"))
		return format_handle.take(reading, line);
	line = span_trim(line);
	size_t count = cut(line, fields);
	if (count < 5 || !span_decimal(fields[1], &pid) ||
	    !order_fields(reading, line, fields, count, &row))
		return TAKEN_NOT;
	row.name = span_trim(row.name);
	row.process = handle_row_process(reading, pid, fields[0]);
	if (!row.process)
		return TAKEN_FAILED;
	return handle_row_take(reading, &row);
}

const struct line_format format_handle_csv = {
    .name = "handle -v",
    .section = &section_handles,
    .begins = begins,
    .take = take,
};
