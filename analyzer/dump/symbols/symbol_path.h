/* The syntax of symbol paths. */
#ifndef LEAKLAB_SYMBOL_PATH_H
#define LEAKLAB_SYMBOL_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

enum place_kind {
	PLACE_FOLDER, /* a folder of PDBs, or a store */
	PLACE_STORE,  /* a store: what is fetched from a server after it goes here */
	PLACE_SERVER,
};

struct place {
	enum place_kind kind;
	char *where;     /* path, or URL without a slash at its end */
	char *shown;     /* the same for messages, without user name and password */
	char *cache;     /* of a server: the store that gets what is fetched */
	int is_two_tier; /* of a server: 1 or 0, -1 if not known yet */
};

/* A list of places that is filled by symbol_path_parse(). */
struct symbol_path {
	struct place *place;
	size_t count;
	char *cache; /* of cache*DIR */
};

bool symbol_path_parse(struct symbol_path *path, const char *text, struct error *error);
void symbol_path_deinit(struct symbol_path *path);

#endif
