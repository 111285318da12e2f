/* Event logs as Windows keeps them (.evtx). Inside this folder. */
#ifndef LEAKLAB_EVTX_H
#define LEAKLAB_EVTX_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

#define EVTX_SIGNATURE "ElfFile" /* and its NUL */

/* True if the file's first bytes are a log's. fd is read at its start only, by position. */
bool evtx_is(int fd);

/* Its events as XML, the caller's to free(): those that tell of sessions, logons and boots, and the first and the last. Where records are missing
 * or cannot be read, a line says so. NULL with an error if it is no log that can be read. */
char *evtx_to_xml(const char *path, size_t *length, struct error *error);

#endif
