/* A store that gets what servers send. */
#ifndef LEAKLAB_SYMBOL_CACHE_H
#define LEAKLAB_SYMBOL_CACHE_H

#include <stdio.h>

#include "common/error.h"

/* A file that is being fetched: NAME.part beside NAME, so that the rest can come another time. */
struct cache_entry {
	char *path, *partial;
	FILE *file; /* of partial; locked */
};

/* Makes the folders of CACHE/store_path. False: cannot be written, or another process is fetching the file. */
bool cache_begin(
    struct cache_entry *entry, const char *cache, const char *store_path, struct error *error);

/* What came is of no use: begin with an empty file. */
bool cache_restart(struct cache_entry *entry, struct error *error);

/* Puts the whole file in place at once. */
bool cache_finish(struct cache_entry *entry, struct error *error);

/* Ends it in any case. What came so far stays, unless it is nothing. */
void cache_end(struct cache_entry *entry);

#endif
