/* Closes other processes' handles to tokens: this proves who keeps a logon session. For labs only. */
#ifndef LEAKLAB_PROBE_RELEASE_H
#define LEAKLAB_PROBE_RELEASE_H

/* `target` is PID:HANDLE, the handle in hex or decimal as C has them (0x1a4, 420), or a LUID as logonsessions prints it
 * (00000000:000fd2f5). Prints a line for each handle, and returns an exit code. */
int release(const char *target);

#endif
