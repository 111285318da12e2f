/* Prompts of cmd and PowerShell, and which options of the tools matter to what they print. */
#include "readers/command.h"

#include <string.h>

#include "readers/handle_row.h"

static const char *const tools[] = {"handle", "handle64", "handle64a", "qwinsta", "quser", "query",
    "logonsessions", "logonsessions64", "klist", "tasklist", "get-process", "psexec"};

/* The word's file name without folder and extension is a tool's. */
static bool is_tool(struct span word)
{
	const char *backslash = memrchr(word.text, '\\', word.length);
	if (backslash)
		word = span_from(word, (size_t)(backslash - word.text) + 1);
	if (word.length > 4 && span_is(span_from(word, word.length - 4), ".exe"))
		word.length -= 4;
	for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++) {
		if (span_is(word, tools[i]))
			return true;
	}
	return false;
}

static bool starts_with_tool(struct span line)
{
	struct span word = span_trim(line);
	const char *blank = word.length ? memchr(word.text, ' ', word.length) : NULL;
	if (blank)
		word.length = (size_t)(blank - word.text);
	return word.length && is_tool(word);
}

/* "C:\>", "C:\ >", "PS C:\Windows>", "[rds01]: PS C:\>", "> qwinsta", or the command alone. */
static bool find_command(struct span line, struct span *command, struct span *host)
{
	struct span rest = span_trim(line);
	*host = (struct span){0};
	if (rest.length > 2000)
		return false;
	size_t remote = span_starts(rest, "[") ? span_find(rest, "]: PS ") : SIZE_MAX;
	if (remote != SIZE_MAX) {
		*host = (struct span){rest.text + 1, remote - 1};
		rest = span_from(rest, remote + 3);
	}
	bool shell = span_starts(rest, "PS ") && rest.length > 4;
	struct span path = shell ? span_from(rest, 3) : rest;
	const char *end = path.length > 1 ? memchr(path.text, '>', path.length) : NULL;
	if (end && path.length > 2 && path.text[1] == ':' &&
	    (path.text[2] == '\\' || path.text[2] == ' ')) {
		*command = span_trim(span_from(path, (size_t)(end - path.text) + 1));
		return true;
	}
	if (end && shell && path.text[0] != ':') {
		*command = span_trim(span_from(path, (size_t)(end - path.text) + 1));
		return true;
	}
	if (rest.length && memchr(">$#", rest.text[0], 3))
		rest = span_trim(span_from(rest, 1));
	if (!starts_with_tool(rest))
		return false;
	*command = rest;
	return true;
}

static void note_host(struct reading *reading, struct span host)
{
	struct snapshot *snapshot = reading->snapshot;
	bool failed = false;
	if (!host.length || memchr("$%<", host.text[0], 3))
		return;
	if (!snapshot->host)
		snapshot->host = reading_string(reading, host, &failed);
	else if (!span_is(host, snapshot->host))
		snapshot_add_contradiction(snapshot, "outputs of two hosts, %s and %.*s",
		    snapshot->host, (int)host.length, host.text);
}

bool command_take(struct reading *reading, struct span line)
{
	struct span command, host;
	struct words words;
	if (!find_command(line, &command, &host))
		return false;
	note_host(reading, host);
	handle_row_command(reading, command);
	words_split(&words, command);
	for (size_t i = 0; i < words.count; i++) {
		if (span_starts(words.items[i].span, "/server:"))
			note_host(reading, span_from(words.items[i].span, strlen("/server:")));
	}
	return true;
}

const struct line_format *command_format(struct span line)
{
	struct span command, host;
	if (find_command(line, &command, &host) && span_find(command, "handle") != SIZE_MAX &&
	    span_find(command, "get-process") == SIZE_MAX)
		return &format_handle;
	return NULL;
}
