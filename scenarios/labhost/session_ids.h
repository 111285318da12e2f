/* Which session IDs are taken, and which is the lowest free one. An ID may be taken for several reasons at once: its
 * RDS session, and under the MS16-111 rule each logon session that was made in it. */
#ifndef LEAKLAB_LABHOST_SESSION_IDS_H
#define LEAKLAB_LABHOST_SESSION_IDS_H

#include <stdbool.h>
#include <stdint.h>

#define SESSION_ID_LIMIT 65536 /* listeners have the numbers from here on */

struct session_ids {
	uint32_t reasons[SESSION_ID_LIMIT];
	uint32_t lowest; /* no ID below this one is free */
};

void session_ids_init(struct session_ids *ids, uint32_t first);
/* Takes the lowest free ID, with one reason. False: none is left. */
bool session_ids_take(struct session_ids *ids, uint32_t *out);
/* Adds a reason for an ID that is taken already. */
void session_ids_hold(struct session_ids *ids, uint32_t id);
/* Drops one reason; the ID is free when the last one has gone. */
void session_ids_drop(struct session_ids *ids, uint32_t id);

#endif
