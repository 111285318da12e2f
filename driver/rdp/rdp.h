/* One RDP connection to the host, from connect to the end. The only door to FreeRDP in the driver. */
#ifndef LEAKLAB_RDP_H
#define LEAKLAB_RDP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "driver/rdp/worker.h"
#include "driver/scenario/keys.h"

struct rdp;

/* When each step of the connection was done, on the monotonic clock in microseconds, without the time that this machine's processors kept
 * the connection waiting since it was created: that is not the host's. 0: not (yet). Those of the first one, where the host
 * redirects. */
struct rdp_times {
	int64_t tcp;
	int64_t tls;
	int64_t nla;
	int64_t activated;
	int64_t signal; /* the logon signal that the setup asks for */
};

enum rdp_end { RDP_SIGNALLED, RDP_ENDED, RDP_TIMED_OUT, RDP_STOPPED };

/* Once per process, on its only thread, before anything else here. */
bool rdp_init(struct error *error);
void rdp_deinit(void);

/* From now on, waits that may be stopped return at once. Any thread. */
void rdp_stop_all(void);

/* A connection yet to be made; setup must outlive it. NULL: out of memory. */
struct rdp *rdp_create(const struct setup *setup, const struct order *order);
void rdp_destroy(struct rdp *rdp); /* disconnects; NULL is allowed */

/* Connects, authenticates, activates. Blocks; rdp_abort() from another thread ends it, called until it has returned: an abort that comes
 * before a step of the connection is forgotten by it. */
bool rdp_connect(struct rdp *rdp);
void rdp_abort(struct rdp *rdp);
bool rdp_is_aborted(const struct rdp *rdp);
/* What is called, with true, when the host has redirected a connection that was up, and with false when the connection to the other host is
 * made or has failed. In between, which is within rdp_wait(), rdp_abort() ends that, as it ends rdp_connect(). To be set before
 * rdp_connect(). */
void rdp_on_redirect(struct rdp *rdp, void (*redirected)(void *data, bool begins), void *data);

/* When the connecting began that came last: the first, or one after a redirection; monotonic. */
int64_t rdp_connect_start(const struct rdp *rdp);
/* Microseconds that the connection has waited for a processor of this machine. */
int64_t rdp_processor_wait(const struct rdp *rdp);
/* More about a failed connection than its code says; "" if there is nothing. */
void rdp_describe(const struct rdp *rdp, char text[MESSAGE_TEXT]);
/* The password was presented to the host, or may have been, and was not accepted (yet). */
bool rdp_has_presented(const struct rdp *rdp);
/* NLA has accepted the password. */
bool rdp_is_authenticated(const struct rdp *rdp);
/* Microseconds of the authentication that were spent on this machine: a KDC that does not answer, for one. */
int64_t rdp_local_authentication(const struct rdp *rdp);
/* The computer name of the host that authenticated the connection last, as NTLM tells it; "": it did not. */
const char *rdp_server(const struct rdp *rdp);
/* The host's clock minus ours, microseconds, as NTLM tells it; NUMBER_UNKNOWN if it did not. */
int64_t rdp_host_clock_offset(const struct rdp *rdp);

/* Serves the connection until the logon signal (if wanted), its end, a stop (if allowed) or the time-out. */
enum rdp_end rdp_wait(struct rdp *rdp, bool for_signal, bool stoppable, int64_t timeout);

void rdp_type(struct rdp *rdp, const struct keys *keys);
/* The same, up to the deadline (monotonic), and no further once the logon signal has come. */
void rdp_type_for_logon(struct rdp *rdp, const struct keys *keys, int64_t deadline);
/* Closes the TCP connection under the session's feet, as a lost network does. */
void rdp_drop(struct rdp *rdp);

const struct rdp_times *rdp_times(const struct rdp *rdp);
int64_t rdp_session_id(const struct rdp *rdp); /* NUMBER_UNKNOWN if the host did not tell */
int64_t rdp_error_info(
    const struct rdp *rdp); /* MS-RDPBCGR 2.2.5.1.1; NUMBER_UNKNOWN if none came */
const char *rdp_error_info_name(int64_t error_info);
/* How the host has said that the session was logged off: struct cycle's proof; NULL: it has not. */
const char *rdp_logoff_proof(const struct rdp *rdp);
/* The host that served the logon after a redirection; NULL if there was none. */
const char *rdp_served_by(const struct rdp *rdp);

/* Why it failed, for code and message of the report, and what that says of the account. */
enum account_outcome rdp_failure(const struct rdp *rdp, char code[64], char message[MESSAGE_TEXT]);

#endif
