/* Knows how many descriptors a connection takes. FreeRDP does not survive an event descriptor that it cannot make, so there
 * are no more connections than there are descriptors for. */
#include "labhost/rdp.h"

#include <stdint.h>
#include <sys/resource.h>

/* A connection has nine to ten, and WinPR keeps one or two when it has ended. */
#define EACH 12
/* The host's own, its control socket's clients, and what libraries open for a moment. */
#define OWN 40

void descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

size_t descriptors_connections(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
		return SIZE_MAX;
	return limit.rlim_cur < OWN ? 0 : (limit.rlim_cur - OWN) / EACH;
}

unsigned descriptors_needed(unsigned connections)
{
	return OWN + EACH * connections;
}
