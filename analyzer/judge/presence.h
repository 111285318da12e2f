/* Which cycles the observed host served where no host told its name, as with Kerberos behind a load balancer: a session that was held while
 * the host listed all its sessions is in that list, or it is on another host. So it is where only the scenario says which host is observed. Inside this folder. */
#ifndef LEAKLAB_PRESENCE_H
#define LEAKLAB_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "evidence/snapshot.h"
#include "judge/cycle_index.h"
#include "runfile/runfile.h"

enum presence {
	PRESENCE_UNKNOWN, /* no sample tells, or its host is known anyway */
	PRESENCE_LISTED,
	PRESENCE_MISSED, /* no sample lists it, and one would have to */
};

struct presences {
	const struct cycles *cycles;
	const struct cycle_index *index;
	bool any;             /* also of cycles whose host was named */
	enum presence *items; /* by place in cycles */
	int64_t longest;      /* that a session was held, microseconds */
};

/* cycles and index must outlive it. False: memory is out. */
bool presences_init(struct presences *presences, const struct cycles *cycles,
    const struct cycle_index *index, bool any);
void presences_deinit(struct presences *presences);

/* Takes what a sample lists that was taken between the two times (driver's clock). False: memory is out. */
bool presences_note(
    struct presences *presences, const struct snapshot *snapshot, int64_t from, int64_t until);
/* The host has a logon session that this cycle made: it was there, whatever a list says. */
void presences_see(struct presences *presences, const struct cycle *cycle, int64_t session_id);

#endif
