/* One connection's thread, from the TCP accept to its end. */
#ifndef LEAKLAB_LABHOST_PEER_H
#define LEAKLAB_LABHOST_PEER_H

#include <sys/queue.h>

#include "labhost/connection.h"

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

#endif
