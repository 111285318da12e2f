/* The RDP side of the lab host: listens, and has a thread for each connection. */
#ifndef LEAKLAB_LABHOST_RDP_SERVER_H
#define LEAKLAB_LABHOST_RDP_SERVER_H

#include "labhost/certificate.h"
#include "labhost/connection_options.h"
#include "labhost/lab.h"

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
