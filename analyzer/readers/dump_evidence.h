/* A memory dump as evidence. It is never read whole: dumps are larger than memory. */
#ifndef LEAKLAB_DUMP_EVIDENCE_H
#define LEAKLAB_DUMP_EVIDENCE_H

#include <stdbool.h>

#include "common/error.h"

struct snapshot;

/* True if the file's first bytes are a memory dump's. fd is read at its start only, by position. */
bool dump_evidence_is(int fd);

/* Symbols come from _NT_SYMBOL_PATH, or lie in the dump's folder. */
struct snapshot *dump_evidence_read(const char *path, struct error *error);

#endif
