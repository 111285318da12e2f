/* What a user's shell would do, told from the command line of a session's start program or of a command in the Run box. Nothing is
 * run. */
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

#endif
