#include "labhost/keys.h"

#include <ctype.h>

#define SCANCODE_LEFT_SHIFT 0x2a
#define SCANCODE_RIGHT_SHIFT 0x36
#define SCANCODE_LEFT_WINDOWS 0x5b /* extended */
#define SCANCODE_RIGHT_WINDOWS 0x5c

/* What each key of the main block types, without and with Shift. */
static const char plain[] =
    "\0\0331234567890-=\b\tqwertyuiop[]\r\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";
static const char shifted[] =
    "\0\033!@#$%^&*()_+\b\tQWERTYUIOP{}\r\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 ";

static const char *type(struct keys *keys, unsigned character)
{
	if (!keys->open)
		return NULL;
	switch (character) {
	case '\033':
		keys->open = false;
		return NULL;
	case '\b':
		if (keys->length > 0)
			keys->length--;
		return NULL;
	case '\r':
	case '\n':
		keys->open = false;
		keys->text[keys->length] = '\0';
		return keys->text;
	default:
		if (character >= ' ' && character < 0x7f && keys->length + 1 < sizeof(keys->text))
			keys->text[keys->length++] = (char)character;
		return NULL;
	}
}

const char *keys_scancode(struct keys *keys, unsigned code, bool extended, bool down)
{
	if (extended && (code == SCANCODE_LEFT_WINDOWS || code == SCANCODE_RIGHT_WINDOWS)) {
		keys->windows = down;
		return NULL;
	}
	if (!extended && (code == SCANCODE_LEFT_SHIFT || code == SCANCODE_RIGHT_SHIFT)) {
		keys->shift = down;
		return NULL;
	}
	if (!down || code >= sizeof(plain) - 1)
		return NULL;
	const char character = keys->shift ? shifted[code] : plain[code];
	if (extended && character != '\r') /* the keypad's Enter types; arrows and such do not */
		return NULL;
	if (keys->windows) {
		if (tolower((unsigned char)character) == 'r') {
			keys->open = true;
			keys->length = 0;
		}
		return NULL;
	}
	return character ? type(keys, (unsigned char)character) : NULL;
}

const char *keys_character(struct keys *keys, unsigned character, bool down)
{
	return down ? type(keys, character) : NULL;
}
