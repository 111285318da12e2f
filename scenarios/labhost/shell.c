#include "labhost/shell.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SECOND 1000000
#define LONGEST 86400.0 /* seconds; a program that waits longer stays */
#define WORDS 16

struct words {
	char text[512];
	const char *word[WORDS];
	int count;
};

/* Splits one command at blanks; double quotes keep them. */
static void split(const char *command, size_t length, struct words *words)
{
	char *out = words->text;
	bool quoted = false;
	bool inside = false;

	words->count = 0;
	for (size_t i = 0; i < length && out < words->text + sizeof(words->text) - 2; i++) {
		const char c = command[i];
		if (isspace((unsigned char)c) && !quoted) {
			if (inside)
				*out++ = '\0';
			inside = false;
			continue;
		}
		if (!inside && words->count == WORDS)
			break;
		if (!inside)
			words->word[words->count++] = out;
		inside = true;
		if (c == '"')
			quoted = !quoted;
		else
			*out++ = c;
	}
	*out = '\0';
}

/* "C:\Windows\System32\LOGOFF.EXE" is "logoff". */
static void program_name(const char *path, char *out, size_t size)
{
	size_t length = 0;

	for (const char *c = path; *c; c++)
		if (*c == '\\' || *c == '/')
			path = c + 1;
	for (; path[length] && length + 1 < size; length++)
		out[length] = (char)tolower((unsigned char)path[length]);
	out[length] = '\0';
	if (length > 4 && strcmp(out + length - 4, ".exe") == 0)
		out[length - 4] = '\0';
}

static bool seconds(const char *text, int64_t *duration)
{
	char *end;
	const double value = strtod(text, &end);

	if (end == text || *end || !(value >= 0 && value <= LONGEST))
		return false;
	*duration = (int64_t)(value * SECOND);
	return true;
}

static bool option_value(const struct words *words, const char *option, int64_t *duration)
{
	for (int i = 1; i + 1 < words->count; i++)
		if (strcasecmp(words->word[i], option) == 0)
			return seconds(words->word[i + 1], duration);
	return false;
}

enum outcome { OUTCOME_STAYS, OUTCOME_NEXT, OUTCOME_EXIT, OUTCOME_LOGOFF };

/* One command of a sequence: whether the sequence goes on after it, and when. */
static enum outcome run_one(
    const char *command, size_t length, int64_t logoff_time, int64_t *duration)
{
	struct words words;
	char program[64];

	*duration = 0;
	split(command, length, &words);
	if (words.count == 0)
		return OUTCOME_NEXT;
	program_name(words.word[0], program, sizeof(program));
	if (strcmp(program, "logoff") == 0 ||
	    (strcmp(program, "shutdown") == 0 && words.count > 1 &&
	        strcasecmp(words.word[1], "/l") == 0)) {
		*duration = logoff_time;
		return OUTCOME_LOGOFF;
	}
	if (strcmp(program, "exit") == 0)
		return OUTCOME_EXIT;
	if (strcmp(program, "timeout") == 0 &&
	    (option_value(&words, "/t", duration) ||
	        (words.count > 1 && seconds(words.word[1], duration))))
		return OUTCOME_NEXT;
	if (strcmp(program, "sleep") == 0 && words.count > 1 && seconds(words.word[1], duration))
		return OUTCOME_NEXT;
	/* The first echo goes out at once, and each answer comes at once. */
	if (strcmp(program, "ping") == 0 && option_value(&words, "-n", duration)) {
		*duration = *duration > SECOND ? *duration - SECOND : 0;
		return OUTCOME_NEXT;
	}
	return OUTCOME_STAYS;
}

/* cmd takes all after /c as the command, less one pair of quotes around it. */
static const char *inside_cmd(const char *command, size_t *length)
{
	const char *end = command + strlen(command);
	char program[64];
	struct words words;

	*length = (size_t)(end - command);
	split(command, *length, &words);
	if (words.count < 2)
		return command;
	program_name(words.word[0], program, sizeof(program));
	const char *option = strcasestr(command, "/c");
	if (strcmp(program, "cmd") != 0 || strcasecmp(words.word[1], "/c") != 0 || !option)
		return command;
	command = option + 2;
	while (isspace((unsigned char)*command))
		command++;
	while (end > command && isspace((unsigned char)end[-1]))
		end--;
	if (end - command >= 2 && *command == '"' && end[-1] == '"') {
		command++;
		end--;
	}
	*length = (size_t)(end - command);
	return command;
}

/* A whole command line: how it comes out, and when. */
static enum outcome run_all(const char *command, int64_t logoff_time, int64_t *duration)
{
	enum outcome outcome = OUTCOME_STAYS;
	size_t left;

	*duration = 0;
	for (command = inside_cmd(command, &left); left > 0;) {
		const char *and = memchr(command, '&', left);
		const size_t length = and? (size_t)(and-command) : left;
		int64_t taken;

		outcome = run_one(command, length, logoff_time, &taken);
		*duration += taken;
		if (outcome != OUTCOME_NEXT || !and)
			break;
		command = and+1;
		left -= length + 1;
	}
	return outcome;
}

bool shell_ends(const char *command, int64_t logoff_time, int64_t *duration)
{
	int64_t total;

	if (run_all(command, logoff_time, &total) == OUTCOME_STAYS)
		return false;
	*duration = total;
	return true;
}

bool shell_logs_off(const char *command, int64_t logoff_time, int64_t *duration)
{
	int64_t total;

	if (run_all(command, logoff_time, &total) != OUTCOME_LOGOFF)
		return false;
	*duration = total;
	return true;
}

char *shell_image(const char *command, char *out, unsigned size)
{
	struct words words;
	char program[64];

	split(command, strlen(command), &words);
	program_name(words.count > 0 ? words.word[0] : "explorer", program, sizeof(program));
	snprintf(out, size, "%s.exe", program);
	return out;
}
