/* The numbered streams that a PDB consists of, whichever container holds them: MSF 7.0, MSFZ, or one of these in a cabinet (.pd_). */
#ifndef LEAKLAB_STREAMS_H
#define LEAKLAB_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

/* Bytes that somebody else owns. */
struct span {
	const uint8_t *bytes;
	size_t length;
};

struct streams;

struct streams *streams_open(const char *path, struct error *error);
void streams_close(struct streams *streams); /* NULL is allowed */

/* A whole stream, valid until streams_close(). A stream that is not there is empty. False: damaged. */
bool streams_get(struct streams *streams, uint32_t index, struct span *out, struct error *error);

#endif
