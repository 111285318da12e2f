/* One RDP connection, from the TCP accept to its end, on a thread of its own. */
#ifndef LEAKLAB_LABHOST_PEER_H
#define LEAKLAB_LABHOST_PEER_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "labhost/rdp_server.h"

/* What all connections need and none changes. */
struct peer_environment {
	struct rdp_server *server;
	struct lab *lab;
	const struct certificate *certificate;
	struct rdp_server_options options;
};

struct peer {
	LIST_ENTRY(peer) link; /* the server's */
	pthread_t thread;
	void (*ended)(struct peer *peer,
	    void *data); /* called last on the thread, with the descriptor still open */
	void *ended_data;

	const struct peer_environment *environment;
	uint64_t connection; /* counts from 1 */
	int fd;
	int wake;         /* eventfd: there is an order */
	atomic_int order; /* enum peer_order */
};

/* Runs the connection; the argument is the struct peer. */
void *peer_main(void *peer);
/* From any thread, as long as the peer has not ended. */
void peer_order(struct peer *peer, enum peer_order order);
/* Blocks until there is an order, or the client has gone. */
void peer_wait_order(const struct peer *peer);

#endif
