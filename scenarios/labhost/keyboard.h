/* A US keyboard: what a key means together with those that are held down. */
#ifndef LEAKLAB_LABHOST_KEYBOARD_H
#define LEAKLAB_LABHOST_KEYBOARD_H

#include <stdbool.h>

struct keyboard { /* what is held down */
	bool windows, shift, control, alt;
};

/* Keys that type no character. */
enum { KEY_UP = 0x100, KEY_DOWN, KEY_DELETE };

struct stroke {
	unsigned key; /* a character, such as 'a', '\r', '\033', or one of the above */
	bool windows, control, alt;
};

/* A key by its scancode (set 1) without the 0xe0, which is `extended`. True if that typed something. */
bool keyboard_scancode(
    struct keyboard *keyboard, unsigned code, bool extended, bool down, struct stroke *stroke);

/* A character as a Unicode keyboard event brings it (MS-RDPBCGR 2.2.8.1.1.3.1.1.2). */
bool keyboard_character(
    const struct keyboard *keyboard, unsigned character, bool down, struct stroke *stroke);

#endif
