/* Makes WinPR fit for threads that connect or accept at the same time.
 *
 * WinPR (up to and including 3.29) keeps the buffers that its SSPI functions give out in one global table without a
 * lock: parallel NLA corrupts the heap, on either side. The function table is writable, so the functions that touch
 * that table are wrapped with a mutex. */
#ifndef LEAKLAB_WINPR_LOCK_H
#define LEAKLAB_WINPR_LOCK_H

#include <stdbool.h>

/* Call once, before the first thread. It also does what WinPR would do lazily and without a lock: it sets up TLS
 * and the time zone table. False: this WinPR has no SSPI table to wrap. */
bool winpr_lock_install(void);

#endif
