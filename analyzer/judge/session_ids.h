/* What the session IDs of the cycles show. Inside this folder. */
#ifndef LEAKLAB_SESSION_IDS_H
#define LEAKLAB_SESSION_IDS_H

#include "judge/orphans.h"
#include "judge/verdict.h"

/* orphans may be NULL where logon sessions are out of sight. False only when memory is out. */
bool session_ids_find(
    struct session_ids *out, const struct cycles *cycles, const struct orphans *orphans);

#endif
