/* One RDP connection as its own thread sees it: what FreeRDP's callbacks, the logon and the goodbye share. */
#ifndef LEAKLAB_LABHOST_CONNECTION_H
#define LEAKLAB_LABHOST_CONNECTION_H

#include <freerdp/freerdp.h>
#include <freerdp/peer.h>

#include "labhost/certificate.h"
#include "labhost/connection_options.h"
#include "labhost/keys.h"
#include "labhost/lab.h"
#include "labhost/orders.h"

/* What all connections need and none changes. */
struct connection_environment {
	struct lab *lab;
	const struct certificate *certificate;
	/* To be copied for each connection: reading the key anew costs more than all else of a logon. */
	rdpSettings *settings;
	struct connection_options options;
};

struct connection {
	const struct connection_environment *environment;
	struct lab *lab;
	struct orders *orders;
	freerdp_peer *rdp;
	uint64_t number; /* counts from 1 */
	int fd;          /* FreeRDP's */
	enum fault_kind fault;
	uint32_t refusal; /* NTSTATUS that NLA refuses with; 0: it does not */
	int (*write_pdu)(rdpTransport *transport, wStream *stream); /* FreeRDP's own */
	struct account *account; /* who has proved to be whom; NULL: nobody yet */
	bool active;             /* PDUs can be sent */
	bool refused;            /* the password was wrong, or the host is full */
	uint32_t session_id;     /* 0: not logged on */
	int64_t ends;            /* host time when the session logs off by itself; DUE_NEVER */
	struct keys keys;
};

#endif
