/* What the parts of a serving lab host share: the model behind one lock, the clock, the way to wake the main thread,
 * and the way to give a connection an order. */
#ifndef LEAKLAB_LABHOST_LAB_H
#define LEAKLAB_LABHOST_LAB_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "labhost/credentials.h"
#include "labhost/model.h"

/* What others tell a connection to do, and how its thread hears of it while it sleeps or reads. */
enum peer_order {
	PEER_ORDER_NONE,
	PEER_ORDER_LOGGED_OFF, /* its session was logged off by an administrator's command */
	PEER_ORDER_DISPLACED,  /* its session is shown on another connection now */
	PEER_ORDER_STOP,       /* the host stops */
	PEER_ORDER_DROP,       /* the host has gone: send nothing more */
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

/* A logon or logoff that the watchers on the control socket have not been told of yet. */
struct lab_event {
	enum model_event event;
	uint32_t session_id;
	uint64_t luid;
	char account[128]; /* DOMAIN\user */
};

struct lab {
	pthread_mutex_t mutex; /* guards everything up to the next blank line */
	struct model *model;
	struct lab_event *events;
	size_t event_count;
	size_t event_room;
	size_t watchers; /* nobody watches: no events are kept */
	int64_t armed;   /* when the main thread will look at what is due by itself */

	/* Set by who has the connections, before the first one; NULL: there are none. */
	void (*order)(void *data, uint64_t connection, enum peer_order order);
	void *order_data;

	atomic_ulong arrivals; /* connections that were active, before a broker sent them on */
	struct accounts *accounts;
	const char *host_name;     /* borrowed */
	int wake;                  /* eventfd of the main thread; see lab_wake() */
	int64_t started;           /* wall clock and ... */
	int64_t started_monotonic; /* ... the other clock at the same moment */
};

/* Takes the accounts. NULL: no event descriptor could be made. */
struct lab *lab_create(const struct model_options *options, struct accounts *accounts,
    const char *host_name, struct error *error);
void lab_destroy(struct lab *lab); /* NULL is allowed */

/* Host time: the wall clock as it was at the start, carried on evenly. */
int64_t lab_now(const struct lab *lab);

void lab_lock(struct lab *lab);
/* Wakes the main thread if there is something new for it to do. */
void lab_unlock(struct lab *lab);

/* Has the main thread look around; from any thread. */
void lab_wake(struct lab *lab);

/* Gives an order to a connection, or to all of them (0); with the lock held or not. */
void lab_order(const struct lab *lab, uint64_t connection, enum peer_order order);

/* Takes the events that have gathered; the caller holds the lock and frees the array. */
struct lab_event *lab_take_events(struct lab *lab, size_t *count);

/* Does what is due and returns how many milliseconds there are until something else will be; -1: nothing. */
int lab_run_due(struct lab *lab);

#endif
