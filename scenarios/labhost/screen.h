/* What a session shows that takes keys: the desktop with its Run box, and the security screen, which winlogon shows whatever
 * else runs in the session. */
#ifndef LEAKLAB_LABHOST_SCREEN_H
#define LEAKLAB_LABHOST_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "labhost/keyboard.h"

struct screen { /* at first all 0: the desktop */
	enum { SCREEN_DESKTOP, SCREEN_RUN_BOX, SCREEN_SECURITY } shown;
	char text[128]; /* in the Run box */
	size_t length;
	unsigned choice; /* on the security screen */
};

enum screen_outcome {
	SCREEN_STAYS,
	SCREEN_COMMAND, /* was entered in the Run box: the text */
	SCREEN_SIGN_OUT,
};

/* The user has typed. `can_run`: there is a shell that opens the Run box. */
enum screen_outcome screen_type(struct screen *screen, const struct stroke *stroke, bool can_run);

#endif
