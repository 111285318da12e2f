/* handle's text: rows of a search, of a listing, and the lines between them. A million of them come in one file, so rows
 * are recognised by the characters at fixed places first. */
#include "readers/handle_row.h"
#include "readers/listings.h"

#include <stdlib.h>
#include <string.h>

static bool begins(struct reading *reading, struct span line)
{
	line = span_trim(line);
	if (!(span_starts(line, "Handle v") || span_starts(line, "Nthandle v")) || line.length > 60)
		return false;
	reading->handles->outputs++;
	listings_banner(reading);
	return handle_row_restart(reading);
}

static struct span trim_start(struct span span)
{
	while (span.length && span.text[0] == ' ') {
		span.text++;
		span.length--;
	}
	return span;
}

static struct span trim_end(struct span span)
{
	while (span.length &&
	       (span.text[span.length - 1] == ' ' || span.text[span.length - 1] == '\r'))
		span.length--;
	return span;
}

/* "168: " */
static bool starts_with_value(struct span span)
{
	size_t digits = 0;
	while (digits < span.length && digits < 9 && span.text[digits] != ':')
		digits++;
	return digits + 1 < span.length && span.text[digits] == ':' &&
	       span.text[digits + 1] == ' ' &&
	       span_hex((struct span){span.text, digits}, &(int64_t){0});
}

/* Those that matter are known where blanks were lost, too. */
static size_t known_type(struct span line)
{
	static const char *const types[] = {"Token", "Process", "Thread", "Directory"};
	for (size_t i = 0;
	     line.length && memchr("TPD", line.text[0], 3) && i < sizeof types / sizeof types[0];
	     i++) {
		const size_t length = strlen(types[i]);
		if (line.length > length && line.text[length] == ' ' &&
		    memcmp(line.text, types[i], length) == 0)
			return length;
	}
	return 0;
}

/* The type, which ends where its column or two blanks do; types may have blanks in them ("ALPC Port"). */
static struct span read_type(struct span *line)
{
	const size_t known = known_type(*line);
	size_t end = known;
	while (!known && end < line->length &&
	       !(line->text[end] == ' ' &&
	           (end + 1 >= line->length || line->text[end + 1] == ' ' || end >= 14 ||
	               starts_with_value(span_from(*line, end + 1)))))
		end++;
	/* A type of 14 characters and more leaves one blank or none. */
	struct span type = {line->text, end};
	*line = trim_start(span_from(*line, end));
	return type;
}

/* A file's name, and so no rule, no label, no mark of quotation, and no row that lost its end. */
static bool is_image(struct span image)
{
	static const char *const frames[] = {
	    "--", "# ", "Process,PID,", "Sysinternals - ", "Copyright (C)", "Nthandle v"};
	for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
		if (span_starts(image, frames[i]))
			return false;
	}
	return image.length && !memchr(">|*", image.text[0], 3) &&
	       !memchr(image.text, ':', image.length) && !memchr(image.text, '"', image.length) &&
	       !memmem(image.text, image.length, "  ", 2);
}

#define VALUE_MOST 8 /* digits */

/* "D88: name", or with -u "LAB\anna   D88: name", or glued, when the handle fills its five places. */
static bool read_value(struct span line, struct handle_row *row)
{
	const char *at = line.text, *end = line.text + line.length;
	while ((at = memchr(at, ':', (size_t)(end - at)))) {
		if (at + 1 == end || at[1] == ' ')
			break;
		at++;
	}
	if (!at)
		return false;
	struct span before = {line.text, (size_t)(at - line.text)};
	size_t digits = before.length;
	while (digits && before.text[digits - 1] != ' ')
		digits--;
	struct span word = span_from(before, digits);
	if (span_hex(word, &row->value)) {
		if (word.length > VALUE_MOST)
			return false;
		row->user = trim_end((struct span){before.text, digits});
	} else {
		size_t glued = before.length > 5 ? before.length - 5 : 0;
		if (!glued || span_has_only(word, "0123456789ABCDEFabcdef") ||
		    !span_hex(span_from(before, glued), &row->value))
			return false;
		row->user = (struct span){before.text, glued};
	}
	row->name = trim_end(trim_start(span_from(line, before.length + 1)));
	return true;
}

/* Columns of a search's row: "%-18s pid: %-6d type: %-14s%5X: name". */
#define SEARCH_TYPE 37
#define SEARCH_VALUE 51

/* Most rows of a search begin as the one before: what these columns say is known then. */
static bool same_columns(const struct reading *reading, struct span line)
{
	return line.length > SEARCH_VALUE && reading->handles->process != SIZE_MAX &&
	       reading->handles->search_columns[0] &&
	       reading->handles->search_pid == reading->handles->pid &&
	       reading->handles->search_image == reading->handles->image &&
	       memcmp(line.text, reading->handles->search_columns, SEARCH_VALUE) == 0;
}

/* Two blanks end the type in its column, so that nothing behind it has a say in where it ends. */
static void note_columns(struct reading *reading, struct span line, struct span type)
{
	reading->handles->search_columns[0] = '\0';
	if (type.text != line.text + SEARCH_TYPE || type.length > SEARCH_VALUE - SEARCH_TYPE - 2)
		return;
	memcpy(reading->handles->search_columns, line.text, SEARCH_VALUE);
	reading->handles->search_type = type.length;
	reading->handles->search_pid = reading->handles->pid;
	reading->handles->search_image = reading->handles->image;
}

/* A row of a search. */
static enum taken take_search(struct reading *reading, struct span line)
{
	struct handle_row row = {0};
	const char *mark = NULL;
	int64_t pid;
	if (same_columns(reading, line)) {
		row.process = handle_list_process(reading);
		row.type = (struct span){line.text + SEARCH_TYPE, reading->handles->search_type};
		return read_value(trim_start(span_from(line, SEARCH_VALUE)), &row)
		           ? handle_row_take(reading, &row)
		           : TAKEN_NOT;
	}
	if (line.length > 25 && memcmp(line.text + 18, " pid: ", 6) == 0)
		mark = line.text + 18;
	else if (!(mark = memmem(line.text, line.length < 160 ? line.length : 160, " pid: ", 6)))
		return TAKEN_NOT;
	struct span image =
	    trim_end(trim_start((struct span){line.text, (size_t)(mark - line.text)}));
	struct span rest = trim_start(span_from(line, (size_t)(mark - line.text) + 6));
	size_t digits = 0;
	while (digits < rest.length && rest.text[digits] >= '0' && rest.text[digits] <= '9')
		digits++;
	if (!is_image(image) || !span_decimal((struct span){rest.text, digits}, &pid))
		return TAKEN_NOT;
	rest = trim_start(span_from(rest, digits));
	if (rest.length < 6 || memcmp(rest.text, "type: ", 6) != 0)
		return TAKEN_NOT;
	rest = trim_start(span_from(rest, 6));
	row.type = read_type(&rest);
	if (!row.type.length || !read_value(rest, &row))
		return TAKEN_NOT;
	row.process = handle_row_process(reading, pid, image);
	if (!row.process)
		return TAKEN_FAILED;
	note_columns(reading, line, row.type);
	reading->handles->searches = true;
	return handle_row_take(reading, &row);
}

/* "%5X: %-14s name"; files have their share mode between: "  A4: File  (RW-)   C:\temp" */
static enum taken take_listed(struct reading *reading, struct span line)
{
	const size_t count = reading->snapshot->handle_count;
	struct handle_row row = {.process = handle_list_process(reading)};
	size_t digits = 0;
	line = trim_start(line);
	while (digits < line.length && digits < 9 && line.text[digits] != ':')
		digits++;
	if (digits + 2 >= line.length || line.text[digits] != ':' || line.text[digits + 1] != ' ' ||
	    !span_hex((struct span){line.text, digits}, &row.value))
		return TAKEN_NOT;
	line = span_from(line, digits + 2);
	if (line.length == 0 || !((line.text[0] | 0x20) >= 'a' && (line.text[0] | 0x20) <= 'z'))
		return TAKEN_NOT;
	row.type = read_type(&line);
	row.name = trim_end(line);
	if (reading->current != &format_handle && !handle_row_knows_type(row.type))
		return TAKEN_NOT;
	if (reading->handles->closing) { /* of the process that the command line names */
		row.process = reading->handles->asked_pid == NUMBER_UNKNOWN
		                  ? NULL
		                  : reading_process(reading, reading->handles->asked_pid);
	} else {
		reading->handles->lists = true;
	}
	const enum taken taken = handle_row_take(reading, &row);
	if (taken == TAKEN_ROW)
		handle_row_listed(reading, count, row.process, row.value);
	return taken;
}

/* "csrss.exe pid: 568 NT AUTHORITY\SYSTEM" */
static enum taken take_process(struct reading *reading, struct span line)
{
	int64_t pid;
	bool failed = false;
	line = span_trim(line);
	const char *mark = line.length < 400 ? memmem(line.text, line.length, " pid: ", 6) : NULL;
	if (!mark)
		return TAKEN_NOT;
	struct span image = span_trim((struct span){line.text, (size_t)(mark - line.text)});
	struct span rest = trim_start(span_from(line, (size_t)(mark - line.text) + 6));
	size_t digits = 0;
	while (digits < rest.length && rest.text[digits] != ' ')
		digits++;
	if (!span_decimal((struct span){rest.text, digits}, &pid))
		return TAKEN_NOT;
	struct span user = span_trim(span_from(rest, digits));
	if (span_starts(user, "type:") || handle_row_holds_another(user) || !is_image(image))
		return TAKEN_NOT;
	const size_t known = reading->snapshot->process_count;
	struct process *process = handle_row_process(reading, pid, image);
	if (!process)
		return TAKEN_FAILED;
	reading->handles->named_line = reading->snapshot->process_count > known ? reading->line : 0;
	if (!listings_process(reading, (size_t)(process - reading->snapshot->processes)))
		return TAKEN_FAILED;
	reading->handles->listed_processes++;
	if (span_find(user, "unable to open process") != SIZE_MAX)
		reading->handles->closed_processes++;
	else
		process->user = reading_string(reading, user, &failed);
	reading->handles->lists = true;
	reading_lists_processes(reading);
	return failed ? TAKEN_FAILED : TAKEN_ROW;
}

static enum taken take_other(struct reading *reading, struct span line)
{
	bool failed = false;
	line = span_trim(line);
	if (span_starts(line, "No matching handles found")) {
		if (!reading->handles->none)
			reading->handles->none =
			    "handle found no match, but it also says so without administrator's rights or as a 32-bit program: "
			    "that proves no absence";
		/* Nor is what was searched for noted: no text shows with which rights handle ran. */
		reading->handles->searches = true;
		listings_answer(reading);
		return TAKEN_ROW;
	}
	if (span_starts(line, "Error obtaining handle information") ||
	    span_starts(line, "Error opening ") || span_starts(line, "Initialization error") ||
	    span_starts(line, "Make sure that you are an administrator")) {
		reading->handles->none = reading_string(reading, line, &failed);
		return failed ? TAKEN_FAILED : TAKEN_ROW;
	}
	return span_is(line, "Handle closed.") ? handle_closed(reading) : TAKEN_NOT;
}

/* Two blanks for a tab, which a page or a mail program has put between columns. */
static bool untab(struct handle_list *list, struct span *line)
{
	size_t length = 0;
	if (list->untabbed_size < line->length * 2) {
		char *larger = realloc(list->untabbed, line->length * 2);
		if (!larger)
			return false;
		list->untabbed = larger;
		list->untabbed_size = line->length * 2;
	}
	for (size_t i = 0; i < line->length; i++) {
		const bool tab = line->text[i] == '\t';
		list->untabbed[length++] = tab ? ' ' : line->text[i];
		if (tab)
			list->untabbed[length++] = ' ';
	}
	*line = (struct span){list->untabbed, length};
	return true;
}

static enum taken take(struct reading *reading, struct span line)
{
	enum taken taken = TAKEN_NOT;
	if (memchr(line.text, '\t', line.length) && !untab(reading->handles, &line))
		return TAKEN_FAILED;
	bool known = reading->current == &format_handle;
	if (known && reading->handles->lists)
		taken = take_listed(reading, line);
	if (taken == TAKEN_NOT)
		taken = take_search(reading, line);
	if (taken != TAKEN_NOT)
		return taken;
	if (reading->handles->broken && known)
		return handle_row_go_on(reading, line);
	if ((taken = take_process(reading, line)) != TAKEN_NOT)
		return taken;
	if ((known || !reading->current) && !reading->handles->lists &&
	    (taken = take_listed(reading, line)) != TAKEN_NOT)
		return taken;
	return line.length < 400 ? take_other(reading, line) : TAKEN_NOT;
}

const struct line_format format_handle = {
    .name = "handle",
    .section = &section_handles,
    .begins = begins,
    .take = take,
    .rows_tell = true,
};
