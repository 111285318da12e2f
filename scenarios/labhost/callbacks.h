/* What FreeRDP asks of a server: who may come in, and what to do with what the client sends. */
#ifndef LEAKLAB_LABHOST_CALLBACKS_H
#define LEAKLAB_LABHOST_CALLBACKS_H

#include "labhost/connection.h"

/* Makes the FreeRDP side of the connection, whose `rdp` has its socket. False: no memory, or no descriptors. */
bool callbacks_install(struct connection *connection);

#endif
