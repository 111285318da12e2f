/* What the grabber needs of a host. One port for each kind of host implements it; the tests have their own. */
#ifndef LEAKLAB_GRABBER_PORT_H
#define LEAKLAB_GRABBER_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct port;

/* A handle value in the grabber's process on that host. */
typedef uint64_t port_handle;

/* A user's logon. The session ID alone is no identity: healthy hosts use it again at once. */
struct logon {
	uint32_t session;
	uint64_t luid; /* of the logon session */
};

enum port_news {
	PORT_LOGON,   /* *logon tells which */
	PORT_LOGOFF,  /* of logon->session */
	PORT_RELEASE, /* the operator wants the handles closed */
	PORT_STOP,    /* the operator wants the end */
	PORT_LOST,    /* the host has gone; port_error() says how */
};

#define PORT_ERROR_SIZE 256

/* Joins the host as a process of its own. `where` is the port's to understand. NULL, and a message, on failure. */
struct port *port_open(const char *where, char error[PORT_ERROR_SIZE]);
void port_close_all(struct port *port); /* leaves the host; NULL is allowed */

uint64_t port_pid(const struct port *port);
/* Blocks until there is news. No logon after port_open() is left out; one may be told of twice. */
enum port_news port_wait(struct port *port, struct logon *logon);
/* The logons that exist now, at most `room`; returns how many there are. */
size_t port_logons(struct port *port, struct logon *out, size_t room);

/* WTSQueryUserToken. */
bool port_query_user_token(struct port *port, uint32_t session, port_handle *out);
/* DuplicateToken at the identification level, the least that a duplicate can have here. */
bool port_duplicate_token(struct port *port, port_handle token, port_handle *out);
/* CloseHandle. */
bool port_close_handle(struct port *port, port_handle handle);

/* Why the last call failed. */
const char *port_error(const struct port *port);

#endif
