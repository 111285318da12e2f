/* Prompts of cmd and PowerShell, and which options of the tools matter to what they print. */
#include "readers/command.h"

#include <string.h>

#include "readers/handle_row.h"
#include "readers/hosts.h"
#include "readers/listings.h"
#include "readers/logon_list.h"
#include "readers/session_lists.h"

static const char *const tools[] = {"handle", "handle64", "handle64a", "qwinsta", "quser", "query",
    "logonsessions", "logonsessions64", "klist", "tasklist", "get-process", "psexec"};

/* The tool that the word's file name is, without folder, extension and quotes; NULL: none. */
static const char *tool_of(struct span word)
{
	const char *backslash = memrchr(word.text, '\\', word.length);
	if (backslash)
		word = span_from(word, (size_t)(backslash - word.text) + 1);
	while (word.length && strchr("\"'", word.text[0]))
		word = span_from(word, 1);
	while (word.length && strchr("\"'", word.text[word.length - 1]))
		word.length--;
	if (word.length > 4 && span_is(span_from(word, word.length - 4), ".exe"))
		word.length -= 4;
	for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++) {
		if (span_is(word, tools[i]))
			return tools[i];
	}
	return NULL;
}

/* Lines that begin with the name of the tool that prints them. */
static bool is_output(struct span line)
{
	static const char *const starts[] = {"Handle closed.", "Handle v", "Handle type summary"};
	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
		if (span_starts(line, starts[i]))
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
	return word.length && tool_of(word) && !is_output(span_trim(line));
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

static struct flaw *flaw_of(const struct reading *reading, const char *tool, struct span next)
{
	if (strcmp(tool, "qwinsta") == 0 || strcmp(tool, "quser") == 0 ||
	    (strcmp(tool, "query") == 0 && (span_is(next, "session") || span_is(next, "user"))))
		return &reading->sessions->flaw;
	if (strncmp(tool, "logonsessions", 13) == 0 || strcmp(tool, "klist") == 0)
		return &reading->logons->flaw;
	return strncmp(tool, "handle", 6) == 0 ? &reading->handles->flaw : NULL;
}

/* True if a word of these asks for something by name: it is no option, no redirection ("2>nul", "> a.txt") and not all ("*"). */
static bool names_one(const struct words *words, size_t first)
{
	for (size_t i = first; i < words->count; i++) {
		struct span word = words->items[i].span;
		if (word.text[0] == '#')
			return false;
		if (memchr(word.text, '>', word.length) || memchr(word.text, '<', word.length))
			i += strchr("<>", word.text[word.length - 1]) != NULL;
		else if (!strchr("/-*", word.text[0]))
			return true;
	}
	return false;
}

/* One command of a command line. What handle is asked for is found by its rows, too (handle_row.h). */
static void note_asked(struct reading *reading, struct span command, bool filtered)
{
	struct words words;
	const char *tool = NULL;
	size_t at = 0;
	words_split(&words, command);
	while (at < words.count &&
	       (!(tool = tool_of(words.items[at].span)) || strcmp(tool, "psexec") == 0))
		at++;
	if (at == words.count)
		return;
	const bool is_query = strcmp(tool, "query") == 0;
	struct span next = ++at < words.count ? words.items[at].span : (struct span){0};
	struct flaw *flaw = flaw_of(reading, tool, next);
	if (!flaw)
		return;
	command = span_trim(command);
	if (filtered)
		flaw_note(flaw, reading, "it went through a filter behind \"%.*s\"",
		    span_shown(command, 100), command.text);
	else if (flaw == &reading->sessions->flaw && names_one(&words, at + is_query))
		flaw_note(flaw, reading, "it was asked for one only, by \"%.*s\"",
		    span_shown(command, 100), command.text);
}

/* Lists of what was asked for, or of what a filter let through, are not of all. */
static void note_commands(struct reading *reading, struct span line)
{
	size_t start = 0;
	for (size_t i = 0; i <= line.length; i++) {
		const char here = i < line.length ? line.text[i] : ';';
		if (!strchr("|&;", here) || (here == '&' && i && line.text[i - 1] == '>'))
			continue;
		const bool twice = i + 1 < line.length && line.text[i + 1] == here;
		note_asked(
		    reading, (struct span){line.text + start, i - start}, here == '|' && !twice);
		i += twice;
		start = i + 1;
	}
}

enum taken command_take(struct reading *reading, struct span line)
{
	struct span command, host;
	struct words words;
	if (!find_command(line, &command, &host))
		return TAKEN_NOT;
	words_split(&words, command);
	for (size_t i = 0; i < words.count; i++) {
		if (span_starts(words.items[i].span, "/server:"))
			host = span_from(words.items[i].span, strlen("/server:"));
	}
	reading_at_host(reading, host);
	listings_end(reading);
	if (!handle_row_command(reading, command, host))
		return TAKEN_FAILED;
	note_commands(reading, command);
	return TAKEN_FRAME;
}

const struct line_format *command_format(struct span line)
{
	struct span command, host;
	if (find_command(line, &command, &host) && span_find(command, "handle") != SIZE_MAX &&
	    span_find(command, "get-process") == SIZE_MAX)
		return &format_handle;
	return NULL;
}
