/* Snapshots as rows. Inside this folder. */
#ifndef LEAKLAB_SNAPSHOTS_H
#define LEAKLAB_SNAPSHOTS_H

#include "runfile/database.h"
#include "evidence/snapshot.h"

/* Adds the snapshot's rows for a capture, inside the transaction that is open. */
bool snapshot_insert(
    struct runfile *runfile, int64_t capture, const struct snapshot *snapshot, struct error *error);

#endif
