/* Where the PDB of an image is: folders, symbol stores and symbol servers, as --symbols and _NT_SYMBOL_PATH name them.
 *
 *	store = symbol_store_create(&error);
 *	symbol_store_add(store, option, "--symbols", &error);
 *	symbol_store_add(store, getenv("_NT_SYMBOL_PATH"), "_NT_SYMBOL_PATH", &error);
 *	char *path = symbol_store_find(store, "ntkrnlmp.pdb", &identity, &error);
 *
 * A path is a list of elements, divided by ";", looked at in this order:
 *	DIR                           DIR/NAME, or DIR as a store
 *	srv*CACHE*URL                 the store CACHE, then the server, from which the file is put into CACHE
 *	srv*URL, srv**URL, URL        the same with the user's cache folder
 *	symsrv*symsrv.dll*CACHE*URL   the same as srv*CACHE*URL
 *	cache*DIR                     DIR is the cache of the elements that follow and name none
 * A store has NAME/GUIDAGE/NAME, with a folder of the name's first two letters in front if it holds index2.txt.
 * CACHE and DIR may be file:// URLs. Names come from dumps: only bare names of .pdb files are looked for. */
#ifndef LEAKLAB_SYMBOL_STORE_H
#define LEAKLAB_SYMBOL_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "dump/pdb/pdb.h"

struct symbol_store;

struct symbol_store *symbol_store_create(struct error *error);
void symbol_store_destroy(struct symbol_store *store); /* NULL is allowed */

/* Adds a path. NULL and "" add nothing. origin ("--symbols") is for the error. */
bool symbol_store_add(
    struct symbol_store *store, const char *path, const char *origin, struct error *error);

/* Called while a file is fetched, some times a second. total is 0 while it is unknown. False: stop fetching. */
typedef bool symbol_progress(void *context, const char *name, uint64_t done, uint64_t total);
void symbol_store_set_progress(
    struct symbol_store *store, symbol_progress *progress, void *context);

/* How long a server may take to connect, and to send nothing at all. Default: 30 seconds. */
void symbol_store_set_patience(struct symbol_store *store, unsigned seconds);

/* Looks for a PDB, and fetches it where the path says so. Returns the path of a file that was checked to have this
 * identity (the caller frees it). NULL: it is in none of the places; the error names the file with its store
 * path, each place (user name and password of URLs left out), and why it is not there. */
char *symbol_store_find(struct symbol_store *store, const char *name,
    const struct pdb_identity *identity, struct error *error);

/* "ntkrnlmp.pdb/GUIDAGE/ntkrnlmp.pdb". The caller frees it; NULL: out of memory. */
char *symbol_store_path(const char *name, const struct pdb_identity *identity);

#endif
