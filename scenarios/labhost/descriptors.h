/* How far the process's open files go. FreeRDP does not survive an event descriptor that it cannot make, so there
 * are no more connections than there are descriptors for. */
#ifndef LEAKLAB_LABHOST_DESCRIPTORS_H
#define LEAKLAB_LABHOST_DESCRIPTORS_H

#include <stddef.h>

/* Raises the limit of open files as far as this user may. */
void descriptors_raise(void);
/* How many connections at once the limit leaves room for. */
size_t descriptors_connections(void);
/* The limit that so many connections need. */
unsigned descriptors_needed(unsigned connections);

#endif
