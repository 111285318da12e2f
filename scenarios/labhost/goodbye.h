/* The last words to a client, and the wait until it has heard them. */
#ifndef LEAKLAB_LABHOST_GOODBYE_H
#define LEAKLAB_LABHOST_GOODBYE_H

#include "labhost/connection.h"

/* Says why the connection ends (an ERRINFO_ code of MS-RDPBCGR 2.2.5.1.1), if PDUs can be sent at all. */
void goodbye_say(const struct connection *connection, UINT32 error_info);

#endif
