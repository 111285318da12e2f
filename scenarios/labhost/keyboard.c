/* Knows the scancodes (set 1, US layout) of the keys that a session listens to. */
#include "labhost/keyboard.h"

#include <stddef.h>

#define SCANCODE_CONTROL 0x1d /* extended: the right one */
#define SCANCODE_LEFT_SHIFT 0x2a
#define SCANCODE_RIGHT_SHIFT 0x36
#define SCANCODE_ALT 0x38 /* extended: the right one */
/* All of these are extended. */
#define SCANCODE_UP 0x48
#define SCANCODE_DOWN 0x50
#define SCANCODE_DELETE 0x53
#define SCANCODE_LEFT_WINDOWS 0x5b
#define SCANCODE_RIGHT_WINDOWS 0x5c

/* What each key of the main block types, without and with Shift. */
static const char plain[] =
    "\0\0331234567890-=\b\tqwertyuiop[]\r\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";
static const char shifted[] =
    "\0\033!@#$%^&*()_+\b\tQWERTYUIOP{}\r\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 ";

/* NULL: the key is none that is held together with others. */
static bool *modifier(struct keyboard *keyboard, unsigned code, bool extended)
{
	switch (code) {
	case SCANCODE_CONTROL:
		return &keyboard->control;
	case SCANCODE_ALT:
		return &keyboard->alt;
	case SCANCODE_LEFT_SHIFT:
	case SCANCODE_RIGHT_SHIFT:
		return extended ? NULL : &keyboard->shift;
	case SCANCODE_LEFT_WINDOWS:
	case SCANCODE_RIGHT_WINDOWS:
		return extended ? &keyboard->windows : NULL;
	default:
		return NULL;
	}
}

/* 0: nothing that matters here. */
static unsigned key_of(const struct keyboard *keyboard, unsigned code, bool extended)
{
	const char character = code >= sizeof(plain) - 1 ? '\0'
	                       : keyboard->shift         ? shifted[code]
	                                                 : plain[code];

	if (!extended || character == '\r') /* the keypad's Enter */
		return (unsigned char)character;
	switch (code) {
	case SCANCODE_UP:
		return KEY_UP;
	case SCANCODE_DOWN:
		return KEY_DOWN;
	case SCANCODE_DELETE:
		return KEY_DELETE;
	default:
		return 0;
	}
}

static bool strike(const struct keyboard *keyboard, unsigned key, struct stroke *stroke)
{
	*stroke = (struct stroke){key, keyboard->windows, keyboard->control, keyboard->alt};
	return key != 0;
}

bool keyboard_scancode(
    struct keyboard *keyboard, unsigned code, bool extended, bool down, struct stroke *stroke)
{
	bool *held = modifier(keyboard, code, extended);

	if (held)
		*held = down;
	return !held && down && strike(keyboard, key_of(keyboard, code, extended), stroke);
}

bool keyboard_character(
    const struct keyboard *keyboard, unsigned character, bool down, struct stroke *stroke)
{
	return down && strike(keyboard, character, stroke);
}
