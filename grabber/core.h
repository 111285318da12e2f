/* The reference leaker: of whom to take what, how often, and what becomes of the copies. Knows no operating system; the port
 * does. */
#ifndef LEAKLAB_GRABBER_CORE_H
#define LEAKLAB_GRABBER_CORE_H

#include "grabber/port.h"

struct grabber_options {
	enum port_what what;
	enum port_how how;
	unsigned every;         /* each n-th logon */
	unsigned copies;        /* of each */
	bool fixed;             /* close them: the negative control */
	bool per_account;       /* keep an account's latest only: a bounded cache */
	unsigned restart_after; /* logons; 0: never */
	size_t max_handles;     /* never hold more */
};

struct grabber_counts {
	uint64_t logons;     /* seen */
	uint64_t grabbed;    /* of those, dealt with */
	uint64_t missed;     /* that should have been, but the session had gone, or a call failed */
	uint64_t capped;     /* that would have been without max_handles */
	uint64_t duplicates; /* or other handles that were made to be kept */
	uint64_t closed;     /* of these, closed again */
	uint64_t restarts;
	size_t held;
};

struct grabber;

/* `log` is given a line for each logon that is dealt with. The port is borrowed. NULL: out of memory. */
struct grabber *grabber_create(const struct grabber_options *options, struct port *port,
    void (*log)(void *data, const char *line), void *log_data);
/* Forgets its handles and closes none: leaving them to the end of the process is what a leaker does. */
void grabber_destroy(struct grabber *grabber); /* NULL is allowed */

/* A logon was seen; the same one again is nothing new. */
void grabber_logon(struct grabber *grabber, const struct logon *logon);
/* The session has ended. */
void grabber_logoff(struct grabber *grabber, uint32_t session);
/* Marks a logon as known without dealing with it. */
void grabber_ignore(struct grabber *grabber, const struct logon *logon);
/* Closes what is held, one by one. */
void grabber_release(struct grabber *grabber);

const struct grabber_counts *grabber_counts(const struct grabber *grabber);

#endif
