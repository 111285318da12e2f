/* Evidence to snapshot: any supported format, recognised by its content, never by its name. */
#ifndef LEAKLAB_READER_H
#define LEAKLAB_READER_H

#include <stddef.h>

#include "common/error.h"
#include "snapshot/snapshot.h"

/* Reads bytes (which need no NUL) into a new snapshot, the caller's to destroy. NULL with an error that says
 * what the bytes look like and which formats are understood. origin names them in messages. format, if not NULL,
 * gets the name of the format that was recognised. */
struct snapshot *evidence_read(
    const char *bytes, size_t length, const char *origin, const char **format, struct error *error);

#endif
