/* Keystrokes as a scenario writes them: "Win+R wait:1s text:logoff Enter". */
#ifndef LEAKLAB_KEYS_H
#define LEAKLAB_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

/* What opens the Run box and types the logoff command on Windows. */
#define KEYS_LOGOFF "Win+R wait:1s text:logoff Enter"
/* What opens the security screen and signs out there. */
#define KEYS_SIGN_OUT "Ctrl+Alt+Delete wait:2s Down Enter"

enum key_action { KEY_DOWN, KEY_UP, KEY_WAIT };

struct key_step {
	enum key_action action;
	uint16_t
	    scancode; /* set 1 on a US keyboard; 0x100 marks an extended key (MS-RDPBCGR 2.2.8.1.1.3.1.1.1) */
	int64_t wait; /* microseconds */
};

struct keys {
	struct key_step *steps;
	size_t count;
};

struct keys *keys_parse(const char *text, struct error *error); /* the caller's to destroy */
void keys_destroy(struct keys *keys);                           /* NULL is allowed */

#endif
