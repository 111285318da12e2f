/* One RDP connection as its own thread sees it, and what that thread does with it: FreeRDP's settings and callbacks, NLA, the
 * logon, the disconnection. Inside this folder. */
#ifndef LEAKLAB_LABHOST_CONNECTION_H
#define LEAKLAB_LABHOST_CONNECTION_H

#include <sys/queue.h>

#include <freerdp/freerdp.h>
#include <freerdp/peer.h>
#include <freerdp/settings.h>
#include <winpr/sspi.h>

#include "labhost/credentials.h"
#include "labhost/lab.h"
#include "labhost/keyboard.h"
#include "labhost/rdp.h"
#include "labhost/screen.h"

/* What all connections need and none changes. */
struct connection_environment {
	struct lab *lab;
	const struct certificate *certificate;
	/* To be copied for each connection: reading the key again costs more than all else of a logon. */
	rdpSettings *settings;
	struct connection_options options;
};

struct display; /* what the client was shown: display.c */

/* What a connection shows before its user is logged on. */
enum dialog { DIALOG_NONE, DIALOG_NOTICE, DIALOG_PASSWORD };

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
	enum dialog dialog;
	uint32_t denied;     /* error info with which the connection is to be ended; 0: it is not */
	uint32_t session_id; /* 0: not logged on */
	int64_t ends;        /* host time when the session logs off by itself; DUE_NEVER */
	struct keyboard keyboard;
	struct screen screen;
	struct display *display; /* NULL: nothing was shown yet */
};

/* The connection's thread, from the TCP accept to its end. */
struct peer {
	LIST_ENTRY(peer) link; /* the server's */
	pthread_t thread;
	/* Called last on the thread, with everything closed. */
	void (*ended)(struct peer *peer, void *data);
	void *ended_data;

	const struct connection_environment *environment;
	uint64_t connection; /* counts from 1 */
	int fd;
	struct orders orders;
};

/* Runs the connection; the argument is the struct peer. */
void *peer_main(void *peer);

/* Settings for each connection to copy; the copies share the private key. The caller frees them with
 * freerdp_settings_free(); NULL: the certificate cannot be used, or memory is out. */
rdpSettings *rdp_settings_create(
    const struct certificate *certificate, const struct connection_options *options);

/* Makes the FreeRDP side of the connection, whose `rdp` has its socket. False: no memory, or no descriptors. */
bool callbacks_install(struct connection *connection);

/* Network Level Authentication: what came of an attempt, to be told to the client as an NTSTATUS (0: goes on). */
uint32_t nla_check(struct accounts *accounts, const SEC_WINNT_AUTH_IDENTITY *identity,
    const SecBuffer *proof, const SecBuffer *messages, uint8_t ntowf_v2[16],
    struct account **account);

/* The connection is active: sends it on, shows what stands before the logon, or goes on with that. False: the client cannot be told. */
bool admission_begin(struct connection *connection);
/* The user has typed before the logon. False: the client cannot be told what comes of it. */
bool admission_type(struct connection *connection, const struct stroke *stroke);
/* Logs the user on, or refuses. False: the client cannot be told. */
bool logon_begin(struct connection *connection);
/* The user has typed in the session. */
void logon_type(struct connection *connection, const struct stroke *stroke);
/* The user has clicked into the session. */
void logon_click(struct connection *connection, int x, int y);
/* Whether the session ends by itself now. */
bool logon_is_due(struct connection *connection);
/* The session ends now. True if it was still this connection's, so that its client is to be told. */
bool logon_end(struct connection *connection);
/* The connection ends: what was not logged off stays, disconnected. */
void logon_leave(const struct connection *connection);

/* Shows the desktop as it is now, if there is one. False: the client cannot be told. */
bool display_refresh(struct connection *connection);
/* Milliseconds until its clock goes on; -1: it is not shown. */
int display_wait(const struct connection *connection);
/* All of it has to be sent again. */
void display_forget(struct connection *connection);
/* The client does not show it for now, or does again. */
void display_suppress(struct connection *connection, bool suppressed);
void display_destroy(struct display *display); /* NULL is allowed */

/* Says why the connection ends (an ERRINFO_ code of MS-RDPBCGR 2.2.5.1.1), if PDUs can be sent at all, and waits until the client
 * has heard it. */
void disconnect_with(const struct connection *connection, UINT32 error_info);
/* Says so for the order that ends the connection. */
void disconnect_on_order(const struct connection *connection, enum peer_order order);

#endif
