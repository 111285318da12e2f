/* How the formats of PDB files keep numbered streams: one table of operations a format. */
#ifndef LEAKLAB_CONTAINER_H
#define LEAKLAB_CONTAINER_H

#include "dump/pdb/streams.h"

#define CONTAINER_DAMAGED "; fetch it again from the symbol server"

struct container {
	const char *magic; /* what such a file begins with */
	/* The format's own state; NULL: damaged. The file's bytes stay while it is used. */
	void *(*open)(struct span file, struct error *error);
	/* A whole stream, valid until close(). One that is not there is empty. False: damaged. */
	bool (*stream)(void *state, uint32_t index, struct span *out, struct error *error);
	void (*close)(void *state);
};

extern const struct container container_msf, container_msfz;

#endif
