/* Which tool a line belongs to, and what a text as a whole shows and does not show. */
#include "readers/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "readers/command.h"
#include "readers/encoding.h"
#include "readers/event_list.h"
#include "readers/format.h"
#include "readers/frame.h"
#include "readers/hosts.h"
#include "readers/listings.h"
#include "readers/logon_list.h"
#include "readers/map.h"
#include "readers/page.h"
#include "readers/session_lists.h"
#include "readers/table.h"

static const struct line_format *const formats[] = {&format_qwinsta, &format_quser,
    &format_logonsessions, &format_handle, &format_handle_csv, &format_handle_types, &format_klist,
    &format_get_process, &format_windbg, &format_tasklist, &format_pdh, &format_csv, &format_ruled,
    &format_list, &format_blanks, &format_objects, &format_events, &format_event_text};
#define FORMAT_COUNT (sizeof formats / sizeof formats[0])

static const struct section_reader *const sections[] = {&section_sessions, &section_logons,
    &section_handles, &section_processes, &section_events, &section_tables};
#define SECTION_COUNT (sizeof sections / sizeof sections[0])

struct text {
	struct reading reading;
	const struct text_part *part; /* NULL: all is read */
	size_t range;                 /* of the part, the one that is next */
	struct decoder decoder;
	struct page page;
	bool seen[FORMAT_COUNT];
	struct span held; /* a line that is unread, unless the next one rules it as a heading */
	bool holds;
	const struct line_format *held_in; /* the format that it stands in; NULL: in none */
	bool row;                          /* the last line was taken for a row */
	bool prompt;                       /* the last line is one of the shell */
	bool fence;                        /* the last line is none of a tool */
	bool begun;                        /* a line was understood, or is one of the shell */
	struct span last;                  /* the last line, decoded */
	struct flaw loose;                 /* a line that was not understood before any that was */
};

static bool is_table(const struct line_format *format)
{
	return format && format->section == &section_tables;
}

static void enter(struct text *text, const struct line_format *format)
{
	const struct line_format *before = text->reading.current;
	if ((format == &format_list || format == &format_objects || format == &format_events) &&
	    before && !is_table(before))
		text->reading.table->within = before;
	text->reading.current = format;
	for (size_t i = 0; i < FORMAT_COUNT; i++)
		text->seen[i] = text->seen[i] || formats[i] == format;
}

static enum taken take_elsewhere(struct text *text, struct span line)
{
	struct reading *reading = &text->reading;
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (formats[i]->begins(reading, line)) {
			enter(text, formats[i]);
			return TAKEN_FRAME;
		}
	}
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (!formats[i]->rows_tell || formats[i] == reading->current)
			continue;
		enum taken taken = formats[i]->take(reading, line);
		if (taken == TAKEN_ROW)
			enter(text, formats[i]);
		if (taken != TAKEN_NOT)
			return taken;
	}
	return TAKEN_NOT;
}

static bool is_blank(struct span line)
{
	size_t i = 0;
	while (i < line.length) {
		if (memchr(" \t\r\v\f\x1a", line.text[i], 6))
			i++;
		else if (i + 1 < line.length && memcmp(line.text + i, "\xc2\xa0", 2) == 0)
			i += 2; /* a no-break space, as web pages have them */
		else
			return false;
	}
	return true;
}

/* By its first byte, which tells of most lines that they are not. */
static bool may_be_blank(char first)
{
	return (unsigned char)first <= ' ' || first == '\xc2';
}

/* A line that is not understood may have been a row of the list that it stands in; before the first list, of any. */
static void note_unread(struct text *text, const struct line_format *format, struct span line)
{
	if (format && format->section)
		format->section->unread(&text->reading, line);
	else if (!text->begun)
		flaw_note_line(&text->loose, &text->reading, line);
}

static enum taken take_prompt(struct text *text, struct span line)
{
	const enum taken taken = command_take(&text->reading, line);
	text->prompt = taken == TAKEN_FRAME;
	if (text->prompt)
		enter(text, command_format(line));
	return taken;
}

/* What goes on over lines is over. */
static bool end_current(struct text *text)
{
	const struct line_format *current = text->reading.current;
	return !current || !current->ends || current->ends(&text->reading);
}

/* By the format that the text is in. */
static enum taken take_in_place(struct text *text, struct span line)
{
	struct reading *reading = &text->reading;
	const struct line_format *current = reading->current;
	enum taken taken = current ? current->take(reading, line) : TAKEN_NOT;
	if (taken != TAKEN_NOT)
		return taken;
	if (!end_current(text))
		return TAKEN_FAILED;
	/* What was begun may have been none of its own, and the text is where it was before. */
	return reading->current && reading->current != current
	           ? reading->current->take(reading, line)
	           : TAKEN_NOT;
}

/* Of a host whose rows are not read, only prompts tell where another begins; and tables, whose rows may name theirs. */
static enum taken take_of_other_host(struct text *text, struct span line)
{
	struct reading *reading = &text->reading;
	enum taken taken = take_prompt(text, line);
	if (taken == TAKEN_NOT && is_table(reading->current))
		taken = take_in_place(text, line);
	for (size_t i = 0; taken == TAKEN_NOT && i < FORMAT_COUNT; i++) {
		if (is_table(formats[i]) && formats[i]->begins(reading, line)) {
			enter(text, formats[i]);
			taken = TAKEN_FRAME;
		}
	}
	return taken == TAKEN_NOT ? TAKEN_FRAME : taken;
}

static enum taken take_line(struct text *text, struct span line)
{
	struct reading *reading = &text->reading;
	enum taken taken = TAKEN_NOT;
	text->prompt = false;
	reading->quoted = 0;
	if (reading->only && !reading_is_of_host(reading, (struct span){0}))
		return take_of_other_host(text, line);
	taken = take_in_place(text, line);
	if (taken == TAKEN_NOT)
		taken = take_elsewhere(text, line);
	if (taken != TAKEN_NOT)
		return taken;
	if ((taken = take_prompt(text, line)) != TAKEN_NOT)
		return taken;
	struct span inner = line;
	for (int depth = 0; depth < 4 && taken == TAKEN_NOT && frame_unquote(&inner); depth++) {
		reading->quoted = depth + 1;
		if (reading->current)
			taken = reading->current->take(reading, inner);
		if (taken == TAKEN_NOT)
			taken = take_elsewhere(text, inner);
		if (taken == TAKEN_NOT)
			taken = take_prompt(text, inner);
	}
	if (taken == TAKEN_NOT && frame_omits(span_trim(inner))) {
		note_unread(text, reading->current, line);
		return TAKEN_FRAME;
	}
	if (taken == TAKEN_NOT && frame_is_mail_head(line)) {
		reading->mail++;
		return TAKEN_FRAME;
	}
	if (taken == TAKEN_NOT && !session_lists_may_be_row(reading, line) &&
	    (is_blank(inner) || frame_is(span_trim(inner)) || frame_is(span_trim(line))))
		return TAKEN_FRAME;
	return taken;
}

/* Says that the line held back, which is the one before, was not understood. */
static bool give_up_held(struct text *text)
{
	struct reading *reading = &text->reading;
	if (!text->holds)
		return true;
	text->holds = false;
	reading->line--;
	note_unread(text, text->held_in, text->held);
	bool good = snapshot_add_unread(
	    reading->snapshot, reading->origin, reading->line, text->held.text, text->held.length);
	reading->line++;
	return good;
}

/* A line in the middle of an object, as it is. */
static enum taken take_open(struct text *text, struct span raw)
{
	struct reading *reading = &text->reading;
	const struct line_format *current = reading->current;
	if (!current || !current->open || !current->open(reading))
		return TAKEN_NOT;
	if (!decoder_line(&text->decoder, raw, &reading->raw))
		return TAKEN_FAILED;
	text->last = reading->raw;
	const enum taken taken = current->take(reading, reading->raw);
	text->row = taken == TAKEN_ROW;
	reading->snapshot->rows += text->row;
	return taken;
}

static bool read_line(struct text *text, struct span raw)
{
	struct span line;
	text->reading.line++;
	text->last = (struct span){0};
	text->row = false;
	text->fence = false;
	const enum taken open = take_open(text, raw);
	if (open != TAKEN_NOT)
		return open != TAKEN_FAILED;
	while (raw.length && (raw.text[raw.length - 1] == '\r' || raw.text[raw.length - 1] == ' '))
		raw.length--;
	if (raw.length == 0 || (may_be_blank(raw.text[0]) && is_blank(raw))) {
		text->reading.heading = (struct span){0};
		logon_list_line(&text->reading, BEHIND_BLANK);
		return give_up_held(text) && end_current(text);
	}
	if (memchr(raw.text, '\0', raw.length)) {
		static const char what[] = "(binary data)";
		text->last = span_of(what);
		note_unread(text, text->reading.current, span_of(what));
		return give_up_held(text) &&
		       snapshot_add_unread(text->reading.snapshot, text->reading.origin,
		           text->reading.line, what, strlen(what));
	}
	if (!decoder_line(&text->decoder, raw, &line))
		return false;
	text->reading.raw = line;
	if (!page_line(&text->page, line, &line))
		return false;
	text->last = line;
	text->fence = is_blank(line);
	if (text->fence) {
		text->reading.heading = (struct span){0};
		logon_list_line(&text->reading, BEHIND_OTHER);
		return give_up_held(text);
	}
	enum taken taken = take_line(text, line);
	if (taken == TAKEN_FRAME && frame_is_rules(span_trim(line)))
		text->holds = false; /* it is the heading of a ruled table */
	if (!give_up_held(text))
		return false;
	text->begun |= text->reading.current || text->prompt;
	text->reading.heading = line;
	text->row = taken == TAKEN_ROW;
	if (taken == TAKEN_ROW) {
		if (!is_table(text->reading.current))
			reading_is_of_host(&text->reading, (struct span){0});
		text->reading.snapshot->rows++;
		if (text->reading.current && text->reading.current->section == &section_handles)
			listings_line(&text->reading);
	}
	logon_list_line(&text->reading, taken == TAKEN_ROW ? BEHIND_ROW
	                                : text->prompt     ? BEHIND_PROMPT
	                                                   : BEHIND_OTHER);
	if (taken == TAKEN_NOT) {
		text->held = line;
		text->held_in = text->reading.current;
		text->holds = true;
	}
	return taken != TAKEN_FAILED;
}

/* Tools end their last line; a text that does not, and whose last row is incomplete, was cut. */
static bool note_cut(struct text *text)
{
	struct reading *reading = &text->reading;
	struct snapshot *snapshot = reading->snapshot;
	const struct section_reader *section = reading->current ? reading->current->section : NULL;
	char note[160];
	if (!section || !section->cuts || !section->cuts(reading, text->holds))
		return true;
	section->unread(reading, text->last);
	if (text->row)
		snapshot->rows--; /* it was taken for one */
	text->holds = false;
	int length = snprintf(note, sizeof note, "seems to be cut short: %.*s",
	    span_shown(text->last, 100), text->last.text);
	return snapshot_add_unread(snapshot, reading->origin, reading->line, note, (size_t)length);
}

/* What stood before any list may have been of any. */
static bool see_loose(struct text *text)
{
	static const char *const names[] = {
	    SECTION_SESSIONS, SECTION_LOGON_SESSIONS, SECTION_HANDLES, SECTION_PROCESSES};
	bool good = true;
	for (size_t i = 0; good && text->loose.line && i < sizeof names / sizeof names[0]; i++) {
		if (snapshot_extent(text->reading.snapshot, names[i]) > EXTENT_CUT_OFF)
			good = reading_see(
			    &text->reading, names[i], EXTENT_CUT_OFF, NULL, &text->loose);
	}
	return good;
}

/* True if the line that is next is none of the part's. */
static bool is_left_out(struct text *text)
{
	const struct text_part *part = text->part;
	const int64_t line = text->reading.line + 1;
	if (!part)
		return false;
	while (text->range < part->count && part->ranges[text->range].last < line)
		text->range++;
	const bool within = text->range < part->count && part->ranges[text->range].first <= line;
	return within != part->only;
}

static bool read_lines(struct text *text, struct span rest)
{
	const char *kept = rest.text; /* of a map, from here on */
	bool left_out = false;
	bool ends = rest.text[rest.length - 1] == '\n';
	while (rest.length) {
		const char *end = memchr(rest.text, '\n', rest.length);
		size_t length = end ? (size_t)(end - rest.text) : rest.length;
		left_out = is_left_out(text);
		text->reading.torn = !end;
		if (left_out)
			text->reading.line++;
		else if (!read_line(text, (struct span){rest.text, length}))
			return false;
		rest = span_from(rest, length + 1);
		if (text->part && text->part->mapped && (size_t)(rest.text - kept) >= MAP_STEP) {
			map_release(kept, (size_t)(rest.text - kept));
			kept = rest.text;
		}
	}
	if (!end_current(text))
		return false;
	ends |= text->fence || left_out; /* and so no line of a tool that is read is cut */
	if (!ends && !note_cut(text))
		return false;
	text->reading.line++;
	if (!give_up_held(text))
		return false;
	text->reading.line--;
	for (size_t i = 0; i < SECTION_COUNT; i++) {
		if (!sections[i]->finish(&text->reading, ends))
			return false;
	}
	return see_loose(text);
}

static void add_name(char *names, size_t size, const char *name)
{
	const size_t used = strlen(names);
	snprintf(names + used, size - used, "%s%s", used ? ", " : "", name);
}

static bool name_source(struct text *text)
{
	char names[200] = "";
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (text->seen[i] && formats[i]->name)
			add_name(names, sizeof names, formats[i]->name);
	}
	const struct table *table = text->reading.table;
	for (size_t i = 0; sources[i].name; i++) {
		if (table->seen[i])
			add_name(names, sizeof names, sources[i].name);
	}
	if (!*names && table->binding.count)
		add_name(names, sizeof names, table->binding.sources[0]->name);
	text->reading.snapshot->source =
	    snapshot_string(text->reading.snapshot, names, strlen(names));
	return text->reading.snapshot->source;
}

static bool refuse_unknown(struct span text, struct error *error)
{
	struct span line;
	char known[1000] = "leaklab snapshot JSON";
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (formats[i]->name)
			add_name(known, sizeof known, formats[i]->name);
	}
	for (size_t i = 0; sources[i].name; i++)
		add_name(known, sizeof known, sources[i].name);
	while (text.length && strchr(" \t\r\n\f\v", text.text[0]))
		text = span_from(text, 1);
	line = text;
	const char *end = text.length ? memchr(text.text, '\n', text.length) : NULL;
	if (end)
		line.length = (size_t)(end - text.text);
	line = span_trim(line);
	return error_set(error, EXIT_USAGE,
	    "text in no known format, starting with \"%.*s\"; known formats are: %s",
	    span_shown(line, 60), line.text, known);
}

static bool has_seen(const struct text *text, const struct line_format *format)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (formats[i] == format)
			return text->seen[i];
	}
	return false;
}

/* A heading was known, and nothing below it. */
static bool refuse_rows(
    const struct snapshot *snapshot, bool objects, const char *advice, struct error *error)
{
	const struct unread *first = &snapshot->unread[0];
	if (!*snapshot->source && objects)
		return error_set(error, EXIT_USAGE,
		    "JSON with no \"schema\": \"" SNAPSHOT_SCHEMA
		    "\" in it, and none of its %lld object%s has the names of a known source; the first is at line "
		    "%lld",
		    (long long)snapshot->rows, text_plural(snapshot->rows), (long long)first->line);
	const struct span line = span_of(first->text);
	return error_set(error, EXIT_USAGE,
	    "it looks like %s, but none of its %lld line%s of data is understood, from line %lld on: \"%.*s\"%s",
	    *snapshot->source ? snapshot->source : "a list", (long long)snapshot->rows,
	    text_plural(snapshot->rows), (long long)first->line, span_shown(line, 60), line.text,
	    advice);
}

static bool create(struct text *text)
{
	struct reading *reading = &text->reading;
	bool good =
	    (reading->snapshot = snapshot_create()) && (reading->strings = strings_create());
	for (size_t i = 0; i < SECTION_COUNT; i++)
		good = sections[i]->create(reading) && good;
	return good;
}

static void destroy(struct text *text)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (formats[i]->destroy && text->reading.table)
			formats[i]->destroy(&text->reading);
	}
	for (size_t i = 0; i < SECTION_COUNT; i++)
		sections[i]->destroy(&text->reading);
	strings_destroy(text->reading.strings);
	decoder_deinit(&text->decoder);
	page_deinit(&text->page);
}

struct snapshot *text_evidence_read(struct span bytes, const char *origin,
    const struct text_part *part, struct listings *listings, struct hosts *hosts,
    struct error *error)
{
	struct text text = {
	    .reading = {.origin = origin, .listings = listings, .hosts = hosts},
	    .part = part,
	};
	bool known = false;
	if (part) {
		text.reading.part = part->count > 0;
		text.reading.earlier = part->earlier;
		text.reading.only = part->host;
		text.reading.uncertain = part->uncertain;
	}
	decoder_init(&text.decoder);
	bool good = (create(&text) && read_lines(&text, bytes) && name_source(&text)) ||
	            error_memory(error);
	struct snapshot *snapshot = text.reading.snapshot;
	for (size_t i = 0; good && i < FORMAT_COUNT; i++)
		known = known || text.seen[i];
	if (good && known && snapshot->rows && snapshot->rows == snapshot->rows_left)
		good = refuse_rows(snapshot, has_seen(&text, &format_objects),
		    event_list_has_gaps(&text.reading) ? ": " EVENT_ADVICE : "", error);
	else if (good && !known)
		good = refuse_unknown(bytes, error);
	if (good)
		snapshot->replaced = text.decoder.replaced;
	destroy(&text);
	if (good)
		return snapshot;
	snapshot_destroy(snapshot);
	return NULL;
}
