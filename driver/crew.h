/* The crew: worker processes, seen from the supervisor. */
#ifndef LEAKLAB_CREW_H
#define LEAKLAB_CREW_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "driver/rdp/worker.h"

/* After so many deaths of workers the fault is not by chance. */
#define CREW_DEATHS_MAX 10

struct crew;

struct crew_watch {
	void (*reported)(void *data, const struct report *report);
	/* The worker with this number was not let run for so many microseconds. */
	void (*stalled)(void *data, size_t worker, int64_t duration);
	/* The worker with this number died; the cycles that it carried are lost. */
	void (*lost)(void *data, size_t worker, const char *how);
	void *data;
};

struct crew *crew_create(size_t workers, const struct setup *setup, int lock, struct error *error);
/* Lets the workers log everybody off and end; those that take longer than grace microseconds are ended. */
void crew_destroy(struct crew *crew, int64_t grace); /* NULL is allowed */

size_t crew_size(const struct crew *crew);
size_t crew_deaths(const struct crew *crew);

/* Sends an order to a worker, starting a new process in its place if it died. False: none could be started. */
bool crew_order(struct crew *crew, size_t worker, const struct order *order, struct error *error);
void crew_log_off_all(struct crew *crew);
/* Ends a worker at once; what it carried is lost. */
void crew_kill(struct crew *crew, size_t worker);

/* At most crew_size() descriptors. */
size_t crew_fill(const struct crew *crew, struct pollfd *fds);
void crew_serve(struct crew *crew, const struct crew_watch *watch);

#endif
