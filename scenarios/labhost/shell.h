/* What a user's shell would do, told from the command line of a session's start program and from what is typed into the Run box.
 * Nothing is run. */
#ifndef LEAKLAB_LABHOST_SHELL_H
#define LEAKLAB_LABHOST_SHELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True if the command line comes to an end by itself, and with it the session; *duration is when, in microseconds.
 * Known are logoff, shutdown /l, exit, timeout, sleep and ping -n, also by full path, in sequences with & and &&,
 * and inside cmd /c; `logoff_time` is how long a logoff takes. Any other program stays, as explorer does. */
bool shell_ends(const char *command, int64_t logoff_time, int64_t *duration);

/* The same for a command that runs beside the shell: true only if it logs the session off. */
bool shell_logs_off(const char *command, int64_t logoff_time, int64_t *duration);

/* The image name of the program: "explorer.exe" for an empty command line. Returns out. */
char *shell_image(const char *command, char *out, unsigned size);

/* What a user types: follows the keyboard as far as the Run box, whose text it gives out. US layout. */
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
