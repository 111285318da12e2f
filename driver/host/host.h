/* The host that is driven: what is asked of it, where it is, and the way to it. The door of this folder, which knows no FreeRDP. */
#ifndef LEAKLAB_HOST_H
#define LEAKLAB_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "driver/scenario/caps.h"
#include "driver/scenario/scenario.h"
#include "runfile/runfile.h"

struct addrinfo;

enum certificate_policy { CERTIFICATE_PIN, CERTIFICATE_CA, CERTIFICATE_TOFU, CERTIFICATE_IGNORE };

#define SHELL_TEXT 512

/* What is the same for all cycles; a worker's first message. */
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
