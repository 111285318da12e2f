/* Which tool a line belongs to, and what a text as a whole shows and does not show. */
#include "readers/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "readers/command.h"
#include "readers/encoding.h"
#include "readers/format.h"
#include "readers/logon_list.h"
#include "readers/process_index.h"
#include "readers/session_lists.h"
#include "readers/words.h"

static const struct line_format *const formats[] = {&format_qwinsta, &format_quser,
    &format_logonsessions, &format_handle, &format_handle_csv, &format_handle_types, &format_klist,
    &format_get_process, &format_tasklist};
#define FORMAT_COUNT (sizeof formats / sizeof formats[0])

struct text {
	struct reading reading;
	struct decoder decoder;
	const char *origin;
	int64_t line;
	bool seen[FORMAT_COUNT];
	struct span held; /* a line that is unread, unless the next one rules it as a heading */
	bool holds;
	bool prompt;           /* the last line is one of the shell */
	size_t sessions_above; /* sessions that were known before the last line */
	struct span last;      /* the last line */
};

/* What stands around the data: who made the tool, lines drawn, words left out. */
static bool is_frame(struct span line)
{
	static const char *const starts[] = {"Copyright (C)", "Sysinternals", "PsExec v", "#",
	    "<SNIP>", "+ ", "LogonSessions v", "Handle v", "Nthandle v"};
	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
		if (span_starts(line, starts[i]))
			return true;
	}
	return span_has_only(line, "-=_.*~`") || span_find(line, " with error code ") != SIZE_MAX;
}

static void enter(struct text *text, const struct line_format *format)
{
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

/* A line that stands behind a mark of quotation: "> " in mails, "# " in comments, "| " in tables. */
static bool unquote(struct span *line)
{
	struct span inner = span_trim(*line);
	if (!inner.length || !memchr(">#|*", inner.text[0], 4))
		return false;
	*line = span_from(inner, 1);
	return true;
}

static enum taken take_line(struct text *text, struct span line)
{
	struct reading *reading = &text->reading;
	enum taken taken = TAKEN_NOT;
	text->prompt = false;
	if (reading->current)
		taken = reading->current->take(reading, line);
	if (taken == TAKEN_NOT)
		taken = take_elsewhere(text, line);
	if (taken != TAKEN_NOT)
		return taken;
	text->prompt = command_take(reading, line);
	if (text->prompt) {
		enter(text, command_format(line));
		return TAKEN_FRAME;
	}
	struct span inner = line;
	for (int depth = 0; depth < 4 && taken == TAKEN_NOT && unquote(&inner); depth++) {
		if (reading->current)
			taken = reading->current->take(reading, inner);
		if (taken == TAKEN_NOT)
			taken = take_elsewhere(text, inner);
	}
	if (taken == TAKEN_NOT &&
	    (is_blank(inner) || is_frame(span_trim(inner)) || is_frame(span_trim(line))))
		return TAKEN_FRAME;
	return taken;
}

/* Says that the line held back was not understood. */
static bool let_go(struct text *text)
{
	if (!text->holds)
		return true;
	text->holds = false;
	return snapshot_add_unread(text->reading.snapshot, text->origin, text->line - 1,
	    text->held.text, text->held.length);
}

static bool is_of_handles(const struct reading *reading)
{
	return reading->current == &format_handle || reading->current == &format_handle_csv;
}

static bool has_number(struct span line)
{
	struct words words;
	words_split(&words, line);
	for (size_t i = 0; i < words.count; i++) {
		if (span_is_digits(words.items[i].span))
			return true;
	}
	return false;
}

/* A line that is not understood may have been a row of the list that it stands in. */
static void note_unsure(struct reading *reading, struct span line)
{
	reading->unsure |= is_of_handles(reading);
	if (reading->current == &format_qwinsta || reading->current == &format_quser)
		reading->snapshot->sessions_cut |= has_number(line);
}

static bool read_line(struct text *text, struct span raw)
{
	struct span line;
	text->line++;
	text->sessions_above = text->reading.snapshot->session_count;
	text->last = raw;
	while (raw.length && (raw.text[raw.length - 1] == '\r' || raw.text[raw.length - 1] == ' '))
		raw.length--;
	if (raw.length == 0 || ((raw.text[0] <= ' ' || raw.text[0] == '\xc2') && is_blank(raw))) {
		text->reading.heading = (struct span){0};
		logon_list_line(&text->reading, BEHIND_BLANK);
		return let_go(text);
	}
	if (memchr(raw.text, '\0', raw.length))
		return let_go(text) && snapshot_add_unread(text->reading.snapshot, text->origin,
		                           text->line, "(binary data)", strlen("(binary data)"));
	if (!decoder_line(&text->decoder, raw, &line))
		return false;
	text->last = line;
	enum taken taken = take_line(text, line);
	if (taken == TAKEN_FRAME && span_has_only(span_trim(line), "-= "))
		text->holds = false; /* it is the heading of a ruled table */
	if (!let_go(text))
		return false;
	text->reading.heading = line;
	if (taken == TAKEN_ROW)
		text->reading.snapshot->rows++;
	logon_list_line(&text->reading, taken == TAKEN_ROW ? BEHIND_ROW
	                                : text->prompt     ? BEHIND_PROMPT
	                                                   : BEHIND_OTHER);
	if (taken == TAKEN_NOT) {
		note_unsure(&text->reading, line);
		text->held = line;
		text->holds = true;
	}
	return taken != TAKEN_FAILED;
}

/* True if the last line is a session without all of its state. A word in a language that we do not know is whole if
 * another row has it. */
static bool cuts_session(struct snapshot *snapshot, size_t above)
{
	if (snapshot->session_count <= above)
		return false;
	const struct session *last = &snapshot->sessions[snapshot->session_count - 1];
	if (!last->state) {
		snapshot->session_count--; /* the ID itself may lack digits */
		return true;
	}
	for (size_t i = 0; i < above; i++) {
		if (snapshot->sessions[i].state == last->state)
			return false;
	}
	return !state_in_english(span_of(last->state));
}

/* Tools end their last line; a text that does not, and whose last row is incomplete, was cut. */
static bool note_cut(struct text *text)
{
	struct snapshot *snapshot = text->reading.snapshot;
	char note[160];
	const struct line_format *current = text->reading.current;
	/* A line that is held back was no row: the beginning of one. */
	bool session = text->holds ? current == &format_qwinsta || current == &format_quser
	                           : cuts_session(snapshot, text->sessions_above);
	bool logon = !session && (logon_list_cut_within(&text->reading) ||
	                             (text->holds && current == &format_logonsessions));
	if (!session && !logon)
		return true;
	snapshot->sessions_cut |= session;
	snapshot->logon_sessions_cut |= logon;
	if (!text->holds && snapshot->rows > 1)
		snapshot->rows--; /* it was taken for a row */
	text->holds = false;
	int shown = text->last.length < 100 ? (int)text->last.length : 100;
	while ((size_t)shown < text->last.length && shown > 0 &&
	       ((unsigned char)text->last.text[shown] & 0xc0) == 0x80)
		shown--; /* not within a character */
	int length =
	    snprintf(note, sizeof note, "seems to be cut short: %.*s", shown, text->last.text);
	return snapshot_add_unread(snapshot, text->origin, text->line, note, (size_t)length);
}

static bool read_lines(struct text *text, struct span rest)
{
	bool ends = rest.text[rest.length - 1] == '\n';
	while (rest.length) {
		const char *end = memchr(rest.text, '\n', rest.length);
		size_t length = end ? (size_t)(end - rest.text) : rest.length;
		if (!read_line(text, (struct span){rest.text, length}))
			return false;
		rest = span_from(rest, length + 1);
	}
	text->reading.unsure |= !ends && is_of_handles(&text->reading);
	logon_list_end(&text->reading, ends);
	if (!ends && !note_cut(text))
		return false;
	text->line++;
	return let_go(text);
}

/* A search for a LUID shows what is named after it; without the command line its results tell the LUID. */
static bool note_searched(struct reading *reading)
{
	struct snapshot *snapshot = reading->snapshot;
	int64_t low;
	if (!reading->searches || reading->narrowed || reading->unsure ||
	    snapshot->handle_count == 0)
		return true;
	for (size_t i = 0; i < snapshot->handle_count; i++) {
		if (!snapshot->handles[i].has_luid ||
		    snapshot->handles[i].luid != snapshot->handles[0].luid)
			return true;
	}
	if (reading->term.length && !span_hex(reading->term, &low))
		return true;
	return snapshot_add_searched(snapshot, snapshot->handles[0].luid);
}

/* Process 4 is in every listing of all processes, with handles if handle had all rights. */
static bool lists_system(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->process_count; i++) {
		if (snapshot->processes[i].pid == 4)
			return snapshot->processes[i].handles_listed > 0;
	}
	return false;
}

static bool note_unavailable(struct reading *reading)
{
	struct snapshot *snapshot = reading->snapshot;
	char closed[96];
	bool good = true;
	if (!reading->has_sessions)
		good = snapshot_add_unavailable(snapshot, "sessions",
		    reading->no_sessions ? reading->no_sessions
		                         : "no rows of qwinsta or quser are in the evidence");
	if (good && !reading->has_logons)
		good = snapshot_add_unavailable(snapshot, "logon_sessions",
		    "no rows of logonsessions or klist are in the evidence");
	if (good && !(reading->has_handles && reading->all_types))
		good = snapshot_add_unavailable(snapshot, "handles",
		    reading->no_handles    ? reading->no_handles
		    : reading->has_handles ? "handle ran without -a: it lists no tokens so"
		                           : "no rows of handle are in the evidence");
	else if (good && reading->no_handles)
		good = snapshot_add_unavailable(snapshot, "some handles", reading->no_handles);
	if (good && !reading->has_processes)
		good = snapshot_add_unavailable(
		    snapshot, "processes", "no list of processes is in the evidence");
	if (good && reading->closed_processes) {
		snprintf(closed, sizeof closed, "handle could not open %lld process%s",
		    (long long)reading->closed_processes,
		    reading->closed_processes == 1 ? "" : "es");
		good = snapshot_add_unavailable(snapshot, "handles of some processes", closed);
	}
	snapshot->sessions_partial = reading->has_sessions && !reading->all_sessions;
	snapshot->handles_partial = reading->has_handles || reading->no_handles;
	bool listed = reading->listed_processes > 1 && !reading->no_handles,
	     listed_csv = reading->csv_columns >= 7;
	if (reading->has_handles && reading->all_types && !reading->searches &&
	    !reading->narrowed && !reading->unsure && (listed || listed_csv) &&
	    lists_system(snapshot))
		snapshot->handles_partial = false;
	return good;
}

static bool name_source(struct text *text)
{
	char names[200] = "";
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		size_t used = strlen(names);
		if (text->seen[i])
			snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
			    formats[i]->name);
	}
	text->reading.snapshot->source =
	    snapshot_string(text->reading.snapshot, names, strlen(names));
	return text->reading.snapshot->source;
}

static bool refuse_unknown(struct span text, struct error *error)
{
	struct span line;
	char known[256] = "";
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		size_t used = strlen(known);
		snprintf(known + used, sizeof known - used, ", %s", formats[i]->name);
	}
	while (text.length && strchr(" \t\r\n\f\v", text.text[0]))
		text = span_from(text, 1);
	line = text;
	const char *end = text.length ? memchr(text.text, '\n', text.length) : NULL;
	if (end)
		line.length = (size_t)(end - text.text);
	line = span_trim(line);
	return error_set(error, EXIT_USAGE,
	    "text in no known format, starting with \"%.*s\"; understood are: leaklab snapshot "
	    "JSON%s",
	    (int)(line.length < 60 ? line.length : 60), line.text, known);
}

struct snapshot *text_evidence_read(struct span bytes, const char *origin, struct error *error)
{
	struct text text = {.origin = origin};
	bool known = false, good;
	text.reading.pid = text.reading.asked_pid = NUMBER_UNKNOWN;
	decoder_init(&text.decoder);
	text.reading.snapshot = snapshot_create();
	text.reading.processes = process_index_create();
	good = text.reading.snapshot && text.reading.processes && read_lines(&text, bytes) &&
	       session_lists_end(&text.reading) && note_searched(&text.reading) &&
	       note_unavailable(&text.reading) && name_source(&text);
	if (!good) {
		error_set(error, EXIT_TARGET, "out of memory");
		goto out;
	}
	text.reading.snapshot->replaced = text.decoder.replaced;
	for (size_t i = 0; i < FORMAT_COUNT; i++)
		known = known || text.seen[i];
	if (!known || (text.reading.snapshot->rows &&
	                  text.reading.snapshot->rows == text.reading.snapshot->rows_left))
		good = refuse_unknown(bytes, error);
	else
		good =
		    snapshot_unify(text.reading.snapshot, text.reading.handle_outputs > 1, error);
out:
	decoder_deinit(&text.decoder);
	process_index_destroy(text.reading.processes);
	if (!good) {
		snapshot_destroy(text.reading.snapshot);
		return NULL;
	}
	return text.reading.snapshot;
}
