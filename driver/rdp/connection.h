/* The parts of a connection: what is asked of FreeRDP for it, how it gets to its host, whether that is the right one, what its
 * authentication tells, and why it failed. Inside of this room: nobody else knows FreeRDP's codes. */
#ifndef LEAKLAB_CONNECTION_H
#define LEAKLAB_CONNECTION_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <freerdp/transport_io.h>

#include "common/error.h"
#include "driver/host/certificate.h"
#include "driver/rdp/worker.h"

#define REDIRECTIONS_MAX 5

bool rdp_settings_fill(rdpSettings *settings, const struct setup *setup, const struct order *order);

/* The way to the host. The library takes a name's first address alone, asks for it without a limit of time, and connects again where
 * it should not. */
struct tcp {
	pTCPConnect connect; /* the library's own */
	int64_t timeout;     /* for each connecting, microseconds */
	int64_t start;       /* of the first, or of the last after a redirection; monotonic */
	int socket;
	pthread_mutex_t mutex; /* of the next */
	int abort_socket; /* our own descriptor of it: the library may close its own, and the number be given again */
	unsigned turns; /* connections that the library asked for */
	unsigned redirections;
	bool sent_on; /* the host has named another one */
	atomic_bool aborted;
	char unresolved[256]; /* why a name has no address, or none in time */
};

enum tcp_turn { TCP_FIRST, TCP_REDIRECTED, TCP_AGAIN /* to the same host, or once too often */ };

/* The rest of it is zero. */
void tcp_init(struct tcp *tcp, int64_t timeout);
void tcp_free(struct tcp *tcp);
/* What the library asks for a connection for. */
enum tcp_turn tcp_next(struct tcp *tcp);
/* Tries the addresses of a name, one after another. -1: none took it in time; the context has FreeRDP's error. */
int tcp_open(struct tcp *tcp, rdpContext *context, rdpSettings *settings, const char *host,
    int port, DWORD timeout);
/* Ends what waits for the host. Any thread. */
void tcp_shut_down(struct tcp *tcp);
/* Ends it with a reset, as a lost network does. */
void tcp_reset(struct tcp *tcp);

/* Has the connection take all that is painted: with decoding off there is no gdi, and the first slow-path update without a taker ends the
 * connection. For freerdp.PostConnect. */
BOOL display_ignore(freerdp *instance);
/* Once per process, before the first connection: what is called whenever something was painted. */
void display_watch(void (*note)(rdpContext *context));

/* What is seen of a connection's authentication (NLA). */
struct authentication {
	bool asked;         /* it was begun */
	int64_t asked_at;   /* when our last message was made, monotonic */
	bool presented;     /* the password's proof was made, so that the domain may count it */
	int64_t host_clock; /* timestamp in NTLM's CHALLENGE; TIMESTAMP_UNKNOWN: none was seen */
	int64_t host_clock_seen; /* timestamp by our clock */
	char server
	    [SERVER_TEXT]; /* computer name of the host, by its last CHALLENGE; "": not told */
	int64_t local; /* microseconds within this machine's SSPI, which asks a KDC for Kerberos */
};

/* Once per process, before the first connection. False: this WinPR has no table of SSPI functions. */
bool authentication_install(void);
/* What this thread authenticates is noted there from now on; NULL: nowhere. */
void authentication_watch(struct authentication *authentication);

/* What the host tells of itself in NTLM's CHALLENGE (MS-NLMP 2.2.2.1). */
struct challenge {
	int64_t time; /* MsvAvTimestamp; TIMESTAMP_UNKNOWN: there is none */
	char server
	    [SERVER_TEXT]; /* MsvAvDnsComputerName, else MsvAvNbComputerName; "": there is none */
};

/* A message that may be wrapped. False: it is none, or it is not whole. */
bool challenge_read(const void *token, size_t length, struct challenge *out);

struct trouble {
	bool authenticated;   /* NLA had accepted the password */
	struct error refusal; /* our own reason to end the connection, if it has a text */
	bool has_logon_error;
	uint32_t logon_error; /* MS-RDPBCGR 2.2.10.1.1.4.1.1 */
	uint32_t error_info;  /* MS-RDPBCGR 2.2.5.1.1; 0: none came */
	uint32_t last_error;  /* FreeRDP's */
	uint32_t first_error; /* the same, of before it tried again; 0: it did not */
};

/* What goes first in this order: the nearer to the cause. Fills code and message for the report. */
enum account_outcome trouble_tell(
    const struct trouble *trouble, char code[64], char message[MESSAGE_TEXT]);

#endif
