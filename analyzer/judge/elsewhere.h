/* The cycles of a farm's other hosts. A host's evidence says nothing of them, and what they show (session IDs, logoffs, the clock) is true
 * of their own host alone. For the driver, too. */
#ifndef LEAKLAB_ELSEWHERE_H
#define LEAKLAB_ELSEWHERE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "runfile/runfile.h"

#define ELSEWHERE_HOSTS 160

struct elsewhere {
	struct cycle
	    *items; /* those that another host served; their strings are of the run's cycles */
	size_t count;
	int64_t
	    ended; /* of these and of those that were missed, those of the load that came to their end */
	int64_t
	    unknown; /* cycles of the load that came to their end, served by nobody knows whom; under an alias all */
	int64_t missed,
	    listed;   /* those whose host only the lists of sessions tell, see presence.h */
	bool is_farm; /* several hosts served the cycles */
	bool
	    guessed; /* the observers do not say which host they saw: it is the one that served most cycles */
	char *
	    other; /* host that the observers saw, where the scenario says that it is another; else NULL */
	char *
	    alias; /* what the observers call the host that the cycles call as the scenario does; else NULL */
	bool
	    two_names; /* all whose host is known went to one, and the observed one has another name: perhaps it is the same */
	char *host;    /* that was observed; NULL: not known */
	char hosts[ELSEWHERE_HOSTS]; /* the others: "RDS02, RDS03 and 2 more" */
};

/* Which host served the cycle; NULL: neither it nor a broker named it. */
const char *cycle_server(const struct cycle *cycle);

/* Takes them out of the run's cycles. False with an error. */
bool elsewhere_split(
    struct elsewhere *out, struct cycles *cycles, struct runfile *runfile, struct error *error);
void elsewhere_deinit(struct elsewhere *elsewhere);

#endif
