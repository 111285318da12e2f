/* Lines of a paste that are no data: who made a tool, lines drawn, words left out, heads of mails, marks of quotation. */
#include "readers/frame.h"

#include <string.h>

#include "readers/handle_row.h"

/* A row that is glued to the line's end. */
static bool holds_row(struct span line)
{
	return handle_row_holds_another(line) || span_find(line, " pid: ") != SIZE_MAX ||
	       span_find(line, "] Session ") != SIZE_MAX ||
	       span_find(line, "Logon session ") != SIZE_MAX;
}

/* What a person or a page writes for lines that it leaves out. */
bool frame_omits(struct span line)
{
	static const char *const starts[] = {
	    "<SNIP", "[snip", "(snip", "[...]", "(...)", "[\xe2\x80\xa6]"};
	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
		if (span_starts(line, starts[i]))
			return true;
	}
	return line.length > 1 && (span_has_only(line, ".") || span_is(line, "\xe2\x80\xa6"));
}

/* What stands around the data: who made the tool, lines drawn, words left out. */
bool frame_is(struct span line)
{
	static const char *const starts[] = {"Copyright (C)", "Sysinternals", "PsExec v", "#",
	    "<SNIP>", "+ ", "LogonSessions v", "Handle v", "Nthandle v"};
	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
		if (span_starts(line, starts[i]))
			return !holds_row(line);
	}
	/* "cmd exited on 192.0.2.10 with error code 1." is psexec's. */
	const size_t program = span_find(line, " exited on ");
	return span_has_only(line, "-=_.*~`") ||
	       (program != SIZE_MAX && !memchr(line.text, ' ', program) &&
	           span_find(line, " with error code ") != SIZE_MAX);
}

bool frame_is_rules(struct span line)
{
	return span_has_only(line, "-= ") && memchr(line.text, ' ', line.length);
}

/* A line that stands behind a mark of quotation: "> " in mails, "# " in comments, "| " in tables. */
bool frame_unquote(struct span *line)
{
	struct span inner = span_trim(*line);
	if (!inner.length || !memchr(">#|*", inner.text[0], 4))
		return false;
	*line = span_from(inner, 1);
	return true;
}

/* Between two mails of a thread, the older of which may stand first or last. */
bool frame_is_mail_head(struct span line)
{
	static const char *const starts[] = {"From:", "Von:", "De:", "Da:", "Sent:", "Gesendet:"};
	static const char *const ends[] = {"wrote:", "schrieb:", "Message-----", "Nachricht-----"};
	struct span inner = line;
	while (frame_unquote(&inner))
		;
	inner = span_trim(inner);
	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
		if (span_starts(inner, starts[i]))
			return true;
	}
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		const size_t length = strlen(ends[i]);
		if (inner.length >= length &&
		    span_is(span_from(inner, inner.length - length), ends[i]))
			return true;
	}
	return false;
}
