/* The container of a PDB (MSF 7.0): a file of blocks that make up numbered streams. */
#ifndef LEAKLAB_MSF_H
#define LEAKLAB_MSF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

/* Bytes that somebody else owns. */
struct span {
	const uint8_t *bytes;
	size_t length;
};

struct msf;

struct msf *msf_open(const char *path, struct error *error);
void msf_close(struct msf *msf); /* NULL is allowed */

/* A whole stream, valid as long as the container. A stream that is not there is empty. False: damaged. */
bool msf_stream(struct msf *msf, uint32_t index, struct span *out, struct error *error);

#endif
