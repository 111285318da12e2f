/* Why a connection failed. Inside of rdp.c's room: nobody else knows FreeRDP's codes. */
#ifndef LEAKLAB_TROUBLE_H
#define LEAKLAB_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "driver/message.h"

struct trouble {
	struct error refusal; /* our own reason to end the connection, if it has a text */
	bool has_logon_error;
	uint32_t logon_error; /* MS-RDPBCGR 2.2.10.1.1.4.1.1 */
	uint32_t error_info;  /* MS-RDPBCGR 2.2.5.1.1; 0: none came */
	uint32_t last_error;  /* FreeRDP's */
	uint32_t first_error; /* the same, of before it tried again; 0: it did not */
};

/* What goes first in this order: the nearer to the cause. Fills code and message for the report. */
enum account_outcome trouble_tell(const struct trouble *trouble, char code[64], char message[256]);

#endif
