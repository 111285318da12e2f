/* Knows the scancodes (set 1, US layout) of the keys that a logoff may need. */
#include "driver/scenario/keys.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/duration.h"

#define STEPS_MAX 1024
#define CHORD_MAX 4
#define SHIFT 0x2a

struct key_name {
	const char *name;
	uint16_t scancode;
};

static const struct key_name names[] = {
    {"Esc", 0x01},
    {"Backspace", 0x0e},
    {"Tab", 0x0f},
    {"Enter", 0x1c},
    {"Ctrl", 0x1d},
    {"Shift", 0x2a},
    {"Alt", 0x38},
    {"Space", 0x39},
    {"F1", 0x3b},
    {"F2", 0x3c},
    {"F4", 0x3e},
    {"F5", 0x3f},
    {"F10", 0x44},
    {"Home", 0x147},
    {"Up", 0x148},
    {"PageUp", 0x149},
    {"Left", 0x14b},
    {"Right", 0x14d},
    {"End", 0x14f},
    {"Down", 0x150},
    {"PageDown", 0x151},
    {"Insert", 0x152},
    {"Delete", 0x153},
    {"Win", 0x15b},
    {"Menu", 0x15d},
};

/* The scancode of a character and whether it needs Shift; 0: there is no such key. */
static uint16_t character_scancode(char character, bool *shift)
{
	static const char *const rows[] = {
	    "1234567890-=", "qwertyuiop[]", "asdfghjkl;'`", "\\zxcvbnm,./"};
	static const char *const shifted[] = {
	    "!@#$%^&*()_+", "QWERTYUIOP{}", "ASDFGHJKL:\"~", "|ZXCVBNM<>?"};
	static const uint16_t starts[] = {0x02, 0x10, 0x1e, 0x2b};

	*shift = false;
	if (character == ' ')
		return 0x39;
	for (size_t row = 0; character && row < 4; row++) {
		const char *at = strchr(rows[row], character);
		if (at)
			return (uint16_t)(starts[row] + (at - rows[row]));
		at = strchr(shifted[row], character);
		if (at) {
			*shift = true;
			return (uint16_t)(starts[row] + (at - shifted[row]));
		}
	}
	return 0;
}

static bool add(struct keys *keys, enum key_action action, uint16_t scancode, int64_t wait)
{
	if (keys->count == STEPS_MAX)
		return false;
	keys->steps[keys->count++] = (struct key_step){action, scancode, wait};
	return true;
}

static bool add_text(struct keys *keys, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		bool shift;
		const uint16_t code = character_scancode(text[i], &shift);
		if (!code || (shift && !add(keys, KEY_DOWN, SHIFT, 0)) ||
		    !add(keys, KEY_DOWN, code, 0) || !add(keys, KEY_UP, code, 0) ||
		    (shift && !add(keys, KEY_UP, SHIFT, 0)))
			return false;
	}
	return length > 0;
}

static uint16_t key_scancode(const char *name, size_t length)
{
	bool shift;

	if (length == 1)
		return character_scancode((char)tolower((unsigned char)name[0]), &shift);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i].name) == length &&
		    strncasecmp(names[i].name, name, length) == 0)
			return names[i].scancode;
	return 0;
}

/* "Ctrl+Alt+Delete": down in order, up in reverse order. */
static bool add_chord(struct keys *keys, const char *text, size_t length)
{
	uint16_t codes[CHORD_MAX];
	size_t count = 0;

	for (size_t at = 0;
	     at <= length;) { /* a "+" at the end leaves an empty name, which is none */
		size_t end = at;
		while (end < length && text[end] != '+')
			end++;
		const uint16_t code = key_scancode(text + at, end - at);
		if (!code || count == CHORD_MAX || !add(keys, KEY_DOWN, code, 0))
			return false;
		codes[count++] = code;
		at = end + 1;
	}
	while (count > 0)
		if (!add(keys, KEY_UP, codes[--count], 0))
			return false;
	return true;
}

static bool add_word(struct keys *keys, const char *word, size_t length)
{
	char wait[32];
	int64_t duration;

	if (length > 5 && strncmp(word, "text:", 5) == 0)
		return add_text(keys, word + 5, length - 5);
	if (length > 5 && strncmp(word, "wait:", 5) == 0) {
		if (length - 5 >= sizeof(wait))
			return false;
		memcpy(wait, word + 5, length - 5);
		wait[length - 5] = '\0';
		return duration_parse(wait, &duration) && add(keys, KEY_WAIT, 0, duration);
	}
	return add_chord(keys, word, length);
}

struct keys *keys_parse(const char *text, struct error *error)
{
	struct keys *keys = calloc(1, sizeof(*keys));

	if (keys)
		keys->steps = calloc(STEPS_MAX, sizeof(*keys->steps));
	if (!keys || !keys->steps) {
		error_memory(error);
		keys_destroy(keys);
		return NULL;
	}
	for (const char *word = text + strspn(text, " "); *word;) {
		const size_t length = strcspn(word, " ");
		if (!add_word(keys, word, length)) {
			error_set(error, EXIT_USAGE,
			    "\"%.*s\" is not a keystroke; write keys like Win+R, Enter, "
			    "Ctrl+Alt+Delete, "
			    "text:logoff or wait:1s",
			    (int)length, word);
			keys_destroy(keys);
			return NULL;
		}
		word += length;
		word += strspn(word, " ");
	}
	return keys;
}

void keys_destroy(struct keys *keys)
{
	if (!keys)
		return;
	free(keys->steps);
	free(keys);
}
