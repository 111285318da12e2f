/* One file from a server. */
#ifndef LEAKLAB_DOWNLOAD_H
#define LEAKLAB_DOWNLOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"

/* Larger than any PDB of Windows (ntkrnlmp.pdb: 12 MB; the largest of all some 100 MB). */
#define DOWNLOAD_LARGEST ((uint64_t)2 << 30)

enum download_result {
	DOWNLOAD_DONE,
	DOWNLOAD_MISSING, /* the server answers that it has no such file */
	DOWNLOAD_NO_RESUME, /* the server cannot send the rest of a file: start again with an empty one */
	DOWNLOAD_BROKEN, /* the connection broke while the file came: what came is kept */
	DOWNLOAD_FAILED, /* no connection, refused, too large, stopped, ... */
};

struct download {
	const char *url;
	const char *name; /* for the progress */
	unsigned patience;
	/* May be NULL. False: stop. */
	bool (*progress)(void *context, const char *name, uint64_t done, uint64_t total);
	void *context;
};

/* Appends what is missing at the end of the file. */
enum download_result download_file(
    const struct download *download, FILE *file, struct error *error);

/* Asks whether the server has the file. Also false if it cannot be asked. */
bool download_exists(const struct download *download);

#endif
