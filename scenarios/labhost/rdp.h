/* The RDP side of the lab host as the rest sees it: how clients are treated, how many there can be, and the server that
 * listens and has a thread for each connection. */
#ifndef LEAKLAB_LABHOST_RDP_H
#define LEAKLAB_LABHOST_RDP_H

#include "labhost/credentials.h"
#include "labhost/lab.h"
#include "labhost/policy.h"

/* Faults that the lab host can be told to have, so that what is driven against it can be tested. */
enum fault_kind {
	FAULT_NONE,
	FAULT_MUTE,
	FAULT_MUTE_AFTER_TLS,
	FAULT_CLOSE_MID_LOGON,
	FAULT_NO_LOGON_INFO,
	FAULT_HANG_LOGOFF,
	FAULT_SILENT_LOGOFF,
};

struct fault {
	enum fault_kind kind;
	uint64_t every; /* every n-th connection has it */
};

/* Reads "NAME" or "NAME/N". */
bool fault_parse(const char *text, struct fault *out);
enum fault_kind fault_for(const struct fault *fault, uint64_t connection);
/* A line of help text for each, with line breaks. */
extern const char fault_help[];

/* A broker before the host, which sends logons on. */
struct redirect {
	const char *host; /* NULL: there is none */
	uint64_t every;   /* every n-th logon is sent on */
};

/* Reads "HOST" or "HOST/N"; the text becomes the host's. */
bool redirect_parse(char *text, struct redirect *out);

/* How the lab host treats those who connect, as its command line says. */
enum security { SECURITY_NLA, SECURITY_TLS };
enum logon_info_kind { LOGON_INFO_LONG, LOGON_INFO_EXTENDED, LOGON_INFO_NONE };

struct connection_options {
	enum security security;
	enum logon_info_kind logon_info;
	struct fault fault;
	struct policies policies;
	int64_t logoff_time; /* microseconds that a logoff command takes */
	bool desktop;        /* something is painted */
	struct redirect redirect;
};

/* Raises the limit of open files as far as this user may. */
void descriptors_raise(void);
/* How many connections at once the limit leaves room for. */
size_t descriptors_connections(void);
/* The limit that so many connections need. */
unsigned descriptors_needed(unsigned connections);

struct rdp_server_options {
	const char *address;
	uint16_t port; /* 0: any free one */
	struct connection_options connection;
	size_t max_connections; /* fewer if the limit of open files leaves no room for them */
	int log_level;          /* of FreeRDP's own messages */
};

struct rdp_server;

/* Prepares the process for RDP in many threads, and listens. The lab and the certificate are borrowed. */
struct rdp_server *rdp_server_create(struct lab *lab, const struct certificate *certificate,
    const struct rdp_server_options *options, struct error *error);
/* Sends everybody away and waits for their threads. NULL is allowed. */
void rdp_server_destroy(struct rdp_server *server);

int rdp_server_fd(const struct rdp_server *server); /* to poll for reading */
uint16_t rdp_server_port(const struct rdp_server *server);
/* Accepts all that wait; hangs up on those that there is no room for. */
void rdp_server_accept(struct rdp_server *server);
/* Sees to the connections that have ended; each wakes the main thread. */
void rdp_server_reap(struct rdp_server *server);
/* How many connections there can be at once, and how many clients were turned away for that. */
size_t rdp_server_room(const struct rdp_server *server);
size_t rdp_server_refused(const struct rdp_server *server);

#endif
