/* The worker process, and what the supervisor and its workers say to each other: fixed-size messages over a SOCK_SEQPACKET
 * pair, both ends the same program. Strings are NUL-terminated. */
#ifndef LEAKLAB_WORKER_H
#define LEAKLAB_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct addrinfo;

#include "common/error.h"
#include "driver/scenario/accounts.h"
#include "driver/scenario/caps.h"
#include "driver/scenario/scenario.h"
#include "runfile/runfile.h"

#define WORKER_SOCKET 3 /* the worker's end */

enum certificate_policy { CERTIFICATE_PIN, CERTIFICATE_CA, CERTIFICATE_TOFU, CERTIFICATE_IGNORE };

#define SHELL_TEXT 512
#define SERVER_TEXT 256 /* a DNS name */

/* First message to a worker: what is the same for all cycles. */
struct setup {
	char host[256];
	uint16_t port;
	enum security security;
	char auth_packages[128]; /* "": the library's choice */
	char client_name[16];
	char load_balance_info[256]; /* for a broker or load balancer; "": none */
	char licences[1024]; /* folder of those that the host gives out; "": the library's choice */
	enum certificate_policy certificate;
	char certificate_value[PINS_TEXT]; /* pins or file name */
	char certificate_name[256];        /* that it is for; "": the host's */
	enum logon_signal signal;
	enum logoff_method logoff;
	char shell[SHELL_TEXT]; /* the scenario's; "": see shell.c */
	char keys[512];
	bool keys_again;     /* until the session ends */
	char command[1024];  /* "": none */
	enum logoff_way way; /* which one of LOGOFF_AUTO's was taken */
	bool
	    rescues; /* where the way of the scenario does not end a session, others are tried: a preflight's */
	int64_t clock_anchor;    /* see timestamp.h */
	int64_t connect_timeout; /* these in microseconds */
	int64_t logon_timeout;
	char logon_keys[512];       /* "": none */
	char workload[COMMAND_MAX]; /* the command that a cycle is; "": cycles log on */
	int64_t workload_timeout;
	int64_t logon_delay;
	int64_t logoff_timeout;
};

/* Expands ${...}, reads the address and the certificate policy, chooses what the scenario leaves open. To be called
 * when the stage stands. */
bool setup_make(const struct scenario *scenario, struct setup *setup, struct error *error);

/* From now on sessions are logged off in that way, which a preflight found. */
void setup_take_way(struct setup *setup, enum logoff_way way);
/* The same by its word; another word changes nothing. */
void setup_take_way_named(struct setup *setup, const char *word);

enum order_kind { ORDER_CYCLE, ORDER_LOG_OFF_ALL };

/* Later messages to a worker. */
struct order {
	enum order_kind kind;
	int64_t cycle;
	uint32_t slot;
	int64_t hold;        /* microseconds, of each of its connections */
	uint32_t reconnects; /* how often the session is disconnected and connected again */
	char user[128];
	char domain[128];
	char password[256];
};

#define MESSAGE_TEXT 512
#define OUTPUT_KEPT 4096 /* bytes of what a command prints, with the NUL */
/* Microseconds. A process that comes to itself so much later than it should, and it should every so often, was not let run. */
#define LOOK_EVERY INT64_C(1000000)
#define STALL_LEAST INT64_C(2000000)

/* Messages from a worker: one at the logon and one at the end of each cycle; one once a reconnected session was held; and one when it was not
 * let run. */
struct report {
	int64_t stalled; /* microseconds that it was not; else 0. Nothing of the rest is set then */
	int64_t cycle;
	uint32_t slot;
	bool done; /* false: logged on just now, or of a reconnect */
	uint32_t
	    reconnect; /* its number; then the times, phases and ID are its own. 0: of the cycle */
	int64_t started; /* timestamps */
	int64_t logged_on;
	int64_t ended;
	int64_t phase_us[PHASE_COUNT];
	int64_t processor_wait; /* microseconds up to the logon, left out of phase_us */
	int64_t session_id;
	int64_t error_info;
	int64_t host_clock_offset; /* microseconds; NUMBER_UNKNOWN */
	enum cycle_result result;
	int failed_phase; /* enum phase; -1: none */
	enum logoff_way
	    logoff_by; /* what LOGOFF_AUTO tried last, or what ended a session that the setup's way did not */
	enum account_outcome account;
	char proof[16];
	char code[64];
	char message[MESSAGE_TEXT];
	char served_by[256];
	char server[SERVER_TEXT]; /* its computer name; "": not told */
	/* Of a command only. */
	int64_t exit_status; /* NUMBER_UNKNOWN: it did not end by itself */
	int64_t printed[2];  /* bytes on stdout and stderr */
	char output
	    [2][OUTPUT_KEPT]; /* the beginning of them; last, as it is not sent without a command */
};
/* Of a message: what a cycle that runs no command has to say. */
#define REPORT_WITHOUT_OUTPUT offsetof(struct report, output)

/* Serves WORKER_SOCKET until its other end closes. Returns the process' exit code. */
int worker_main(void);

#define RDP_PORT 3389
#define PRINT_TEXT 72 /* of a certificate's fingerprint: "sha256:", 64 digits, NUL */

/* "host", "host:port", "[v6]:port" */
bool host_parse(const char *address, char host[256], uint16_t *port, struct error *error);

enum resolving { RESOLVED, RESOLVED_TO_NOTHING, RESOLVED_TOO_LATE };

/* Whoever waits for a host asks several times a second whether to stop, as Ctrl-C says. NULL in its place: never. */
struct patience {
	bool (*is_over)(void *data);
	void *data;
};

/* Until the descriptor has one of poll()'s events. False: the deadline (monotonic) came, or the patience was over. */
bool host_wait(int fd, short events, int64_t deadline, const struct patience *patience);

/* The addresses of a host, to be freed with freeaddrinfo(). A resolver that stalls is waited for until the deadline (monotonic) and no
 * longer. error (NULL is allowed) gets the reason of the other two. */
enum resolving host_resolve(const char *host, uint16_t port, int64_t deadline,
    const struct patience *patience, struct addrinfo **found, struct error *error);

struct host_connection {
	int fd;            /* blocking; the caller's to close */
	char address[64];  /* numeric, that was tried last */
	int64_t resolved;  /* microseconds that the name took; NUMBER_UNKNOWN: it has no address */
	int64_t connected; /* and the connection, or the attempts */
};
/* Tries the addresses of the name, one after another. */
bool host_connect(const char *host, uint16_t port, int64_t timeout, const struct patience *patience,
    struct host_connection *out, struct error *error);

/* Resolves the name and opens (and closes) a TCP connection, so that a wrong address is reported before anything else. */
bool host_probe(const char *host, uint16_t port, int64_t timeout, const struct patience *patience,
    struct error *error);

#endif
