/* What a host shows of itself to anybody, before any credentials leave: address, port, security protocol, certificate. */
#ifndef LEAKLAB_HANDSHAKE_H
#define LEAKLAB_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "driver/host/host.h"

/* How far it got, in order. */
enum handshake_step {
	HANDSHAKE_NAME,
	HANDSHAKE_TCP,
	HANDSHAKE_SECURITY,
	HANDSHAKE_TLS,
	HANDSHAKE_CERTIFICATE,
	HANDSHAKE_DONE
};

struct handshake {
	enum handshake_step reached; /* the step that failed, or HANDSHAKE_DONE */
	int64_t time
	    [HANDSHAKE_DONE]; /* microseconds that each took; NUMBER_UNKNOWN: it was not got to */
	char address[64];     /* numeric */
	const char *security; /* what the host chose of what we can */
	const char *tls;      /* version, "TLSv1.3" */
	char sha256
	    [PRINT_TEXT]; /* of the host's certificate, as host.certificate.pin takes it; "": none was shown */
	char sha1[60]; /* as Windows shows it, "AB:CD:..." */
	char subject[128];
};

/* Connects, asks for the security that the setup wants (MS-RDPBCGR 2.2.1.1), has the TLS handshake and checks the certificate by the setup's
 * policy; then hangs up. Each step may take so long. False: error says why the step `reached` failed. */
bool handshake_make(const struct setup *setup, int64_t timeout, const struct patience *patience,
    struct handshake *out, struct error *error);

#endif
