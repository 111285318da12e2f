/* The RDP side of the lab host: listens, and has a thread for each connection. */
#ifndef LEAKLAB_LABHOST_RDP_SERVER_H
#define LEAKLAB_LABHOST_RDP_SERVER_H

#include "labhost/certificate.h"
#include "labhost/fault.h"
#include "labhost/lab.h"

enum security { SECURITY_NLA, SECURITY_TLS };
enum logon_info_kind { LOGON_INFO_LONG, LOGON_INFO_EXTENDED, LOGON_INFO_NONE };

struct rdp_server_options {
	const char *address;
	uint16_t port; /* 0: any free one */
	enum security security;
	enum logon_info_kind logon_info;
	struct fault fault;
	int64_t logoff_time; /* microseconds that a logoff command takes */
	size_t max_connections;
	int log_level; /* of FreeRDP's own messages */
};

/* What a connection is told to do by others. */
enum peer_order {
	PEER_ORDER_NONE,
	PEER_ORDER_LOGGED_OFF, /* its session was logged off by an administrator's command */
	PEER_ORDER_DISPLACED,  /* its session is shown on another connection now */
	PEER_ORDER_STOP,       /* the host stops */
	PEER_ORDER_DROP,       /* the host has gone: not a word more */
};

struct rdp_server;

/* Prepares the process for RDP in many threads, and listens. The lab and the certificate are borrowed. */
struct rdp_server *rdp_server_create(struct lab *lab, const struct certificate *certificate,
    const struct rdp_server_options *options, struct error *error);
/* Sends everybody away and waits for their threads. NULL is allowed. */
void rdp_server_destroy(struct rdp_server *server);

int rdp_server_fd(const struct rdp_server *server); /* to poll for reading */
uint16_t rdp_server_port(const struct rdp_server *server);
/* Accepts all that wait, and sees to the threads that have ended. */
void rdp_server_accept(struct rdp_server *server);
/* Gives an order to a connection, or to all of them (0). */
void rdp_server_order(struct rdp_server *server, uint64_t connection, enum peer_order order);

#endif
