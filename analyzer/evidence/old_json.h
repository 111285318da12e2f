/* Sight in snapshots of schema 1. Inside this folder. */
#ifndef LEAKLAB_OLD_JSON_H
#define LEAKLAB_OLD_JSON_H

#include <jansson.h>

#include "evidence/snapshot.h"

/* Says how much of each section was seen, of a snapshot whose rows were read. */
bool old_json_sight(struct snapshot *snapshot, const json_t *root, struct error *error);

#endif
