/* Knows how a line of a description is divided into words, and what names, numbers and objects in it mean. */
#include "labkernel/reading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labkernel/inside.h"

bool complain(struct reading *reading, const char *what, const char *word)
{
	return error_set(reading->error, EXIT_USAGE, "%s:%d: %s: %s", reading->origin,
	    reading->line, what, word);
}

bool add_name(struct reading *reading, struct names *names, const char *name)
{
	char **item = next_of(&names->items, &names->count, sizeof(*names->items));

	return (item && (*item = strdup(name))) || complain(reading, "out of memory", name);
}

bool find_name(struct reading *reading, const struct names *names, const char *name, size_t *number)
{
	for (size_t i = names->count; i-- > 0;) {
		if (strcmp(names->items[i], name) == 0) {
			*number = i;
			return true;
		}
	}
	return complain(reading, "not there (yet)", name);
}

const char *option(struct reading *reading, const char *key)
{
	const size_t length = strlen(key);

	for (int i = 1; i < reading->count; i++)
		if (strncmp(reading->words[i], key, length) == 0 &&
		    reading->words[i][length] == '=')
			return reading->words[i] + length + 1;
	return NULL;
}

bool has(struct reading *reading, const char *word)
{
	for (int i = 1; i < reading->count; i++)
		if (strcmp(reading->words[i], word) == 0)
			return true;
	return false;
}

uint64_t number_of(const char *text, int base)
{
	return text ? strtoull(text, NULL, base) : 0;
}

uint64_t luid_of(const char *text)
{
	const char *colon = strchr(text, ':');

	return colon ? number_of(text, 16) << 32 | number_of(colon + 1, 16) : number_of(text, 16);
}

/* %20 for a blank, and so on; in place. */
static char *decode(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		unsigned value;
		if (*from == '%' && sscanf(from + 1, "%2x", &value) == 1) {
			*to = (char)value;
			from += 3;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
	return text;
}

bool read_words(struct reading *reading, char *line)
{
	char *save = NULL;

	line[strcspn(line, "#")] = '\0';
	reading->count = 0;
	for (char *word = strtok_r(line, " \t\r", &save); word;
	     word = strtok_r(NULL, " \t\r", &save)) {
		if (reading->count == READING_WORDS)
			return complain(reading, "too many words", word);
		reading->words[reading->count++] = decode(word);
	}
	return true;
}

bool find_object(struct reading *reading, const char *kind, const char *name,
    enum crash_object *object, size_t *number)
{
	const struct {
		const char *kind;
		enum crash_object object;
		const struct names *names;
	} kinds[] = {
	    {"process", CRASH_PROCESS, &reading->processes},
	    {"logon", CRASH_LOGON_SESSION, &reading->logons},
	    {"token", CRASH_TOKEN, &reading->tokens},
	    {"diagnostics", CRASH_DIAGNOSTICS, &reading->tokens},
	    {"node", CRASH_NODE, &reading->tokens},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].kind, kind) == 0) {
			*object = kinds[i].object;
			return find_name(reading, kinds[i].names, name, number);
		}
	}
	return complain(reading, "no such kind of object", kind);
}

bool read_value(struct reading *reading, char *text, uint64_t *value)
{
	char *colon = strchr(text, ':');
	enum crash_object object;
	size_t number;

	if (text[0] != '@' || !colon) {
		*value = number_of(text, 0);
		return true;
	}
	*colon = '\0';
	if (!find_object(reading, text + 1, colon + 1, &object, &number))
		return false;
	*value = crash_address(reading->crash, object, number);
	return true;
}

static void free_names(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
}

void reading_deinit(struct reading *reading)
{
	free_names(&reading->tokens);
	free_names(&reading->logons);
	free_names(&reading->processes);
}
