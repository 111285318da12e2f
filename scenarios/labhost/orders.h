/* What others tell a connection to do, and how its thread hears of it while it sleeps or reads. */
#ifndef LEAKLAB_LABHOST_ORDERS_H
#define LEAKLAB_LABHOST_ORDERS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum peer_order {
	PEER_ORDER_NONE,
	PEER_ORDER_LOGGED_OFF, /* its session was logged off by an administrator's command */
	PEER_ORDER_DISPLACED,  /* its session is shown on another connection now */
	PEER_ORDER_STOP,       /* the host stops */
	PEER_ORDER_DROP,       /* the host has gone: not a word more */
};

struct orders {
	pthread_mutex_t mutex; /* guards fd */
	int fd;                /* the connection's socket, borrowed; -1: it is being closed */
	int wake;              /* eventfd: there is an order */
	atomic_int order;      /* enum peer_order */
};

/* False: no event descriptor could be made. */
bool orders_init(struct orders *orders, int fd);
void orders_deinit(struct orders *orders);

/* From any thread. */
void orders_give(struct orders *orders, enum peer_order order);
/* The order that stands. */
enum peer_order orders_standing(const struct orders *orders);
/* Blocks until there is an order, or the client has gone. */
void orders_wait(const struct orders *orders);
/* The socket is about to be closed: later orders leave it alone. */
void orders_close(struct orders *orders);

#endif
