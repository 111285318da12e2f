/* Defects of FreeRDP and WinPR that leaklab works around, one per file, for whoever uses them with threads. The door of this folder.
 *
 * sspi_lock.c: WinPR keeps the buffers that its SSPI functions give out in one table without a lock, so that parallel NLA
 *   corrupts the heap, on either side. Seen in 3.10 to 3.29; may go when sspi_winpr.c locks its ContextBufferAllocTable.
 * log_lock.c: WinPR makes a logger at its first use, in a list that others read meanwhile without a lock. Seen in 3.10; may go
 *   when wlog.c locks the list of a logger's children.
 * time_zone.c: each settings object finds out the time zone by comparing the system's with a table of all, a tenth of the
 *   processor time of a logon. Seen in 3.10; may go when WinPR keeps what it found. */
#ifndef LEAKLAB_WORKAROUNDS_H
#define LEAKLAB_WORKAROUNDS_H

#include <stdbool.h>

#include "common/error.h"

/* Call once, before the first thread: sets up what WinPR would set up lazily and without a lock, and makes sure that each of the above took
 * hold. False: one did not, and connections in parallel are not safe. */
bool workarounds_install(struct error *error);

/* Inside this folder: whether it took hold. */
bool sspi_lock_install(void);
bool log_lock_is_used(void);
bool time_zone_is_used(void);

#endif
