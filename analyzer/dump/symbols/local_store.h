/* Looking for a PDB in a folder of this machine. */
#ifndef LEAKLAB_LOCAL_STORE_H
#define LEAKLAB_LOCAL_STORE_H

#include "common/error.h"
#include "dump/pdb/pdb.h"

/* The path of a file with this identity in the store, malloc'ed. NULL, and why: not there, only packed, of another
 * build, damaged. */
char *local_store_find(
    const char *root, const char *name, const struct pdb_identity *identity, struct error *error);

/* The same in a folder that has the PDB itself, or is a store. */
char *local_folder_find(
    const char *root, const char *name, const struct pdb_identity *identity, struct error *error);

/* True if the file is a PDB with this identity. */
bool local_file_check(const char *path, const struct pdb_identity *identity, struct error *error);

#endif
