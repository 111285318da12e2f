/* Logon sessions. Inside this folder. */
#ifndef LEAKLAB_KERNEL_LOGON_SESSIONS_H
#define LEAKLAB_KERNEL_LOGON_SESSIONS_H

#include "dump/kernel/reader.h"

/* Sorted by LUID. False if they cannot be found at all or memory is out. */
bool logon_sessions_read(struct kernel *kernel, struct error *error);

#endif
