/* A file of results: written beside its place, which it takes once it is whole, and free. */
#ifndef LEAKLAB_RESULT_FILE_H
#define LEAKLAB_RESULT_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "common/error.h"

struct result_file {
	FILE *stream;
	const char *path; /* the caller's; outlives the output */
	char *temporary;  /* NULL: the path is a pipe or a device and is written to as it is */
	bool replace;     /* what has the path by then */
};

/* A pipe or a device has the path: it is written to as it is. */
bool result_file_is_special(const char *path);

/* False if a file has the path that is not to be replaced; and if it is evidence, which nothing replaces: a run file, a memory
 * dump, a PDB. */
bool result_file_check(const char *path, bool replace, struct error *error);

/* Readable for nobody else. result_file_close() must follow if this succeeds. */
bool result_file_open(
    struct result_file *file, const char *path, bool replace, struct error *error);

/* good: whether what was to be written was written; if not, what lay at the path stays as it was, and the error too.
 * Returns whether the path has all of it now. */
bool result_file_close(struct result_file *file, bool good, struct error *error);

#endif
