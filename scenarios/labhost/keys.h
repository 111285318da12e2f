/* What a user types: follows the keyboard as far as the Run box, whose text it gives out. US layout. */
#ifndef LEAKLAB_LABHOST_KEYS_H
#define LEAKLAB_LABHOST_KEYS_H

#include <stdbool.h>
#include <stddef.h>

struct keys {
	bool windows; /* held down */
	bool shift;
	bool open; /* the Run box */
	char text[128];
	size_t length;
};

/* A key by its scancode (set 1) without the 0xe0, which is `extended`. Returns the Run box's text when it was
 * entered, else NULL; valid until the next key. */
const char *keys_scancode(struct keys *keys, unsigned code, bool extended, bool down);

/* A character as a Unicode keyboard event brings it (MS-RDPBCGR 2.2.8.1.1.3.1.1.2). */
const char *keys_character(struct keys *keys, unsigned character, bool down);

#endif
