/* A program database (PDB, MSF 7.0): which image it belongs to, where its public symbols are, and how its structures
 * are laid out. The file is untrusted. A struct pdb is used by one thread at a time. */
#ifndef LEAKLAB_PDB_H
#define LEAKLAB_PDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "dump/pdb/records.h"

/* What an image and its PDB have in common. */
struct pdb_identity {
	uint8_t guid[16]; /* as it lies in the file */
	uint32_t age;
};

bool pdb_identity_equal(const struct pdb_identity *left, const struct pdb_identity *right);

/* "3844DBB920174967BE7AA4A2C20430FA2": GUID and age as symbol stores name a folder. Returns text. */
#define PDB_IDENTITY_TEXT 48
const char *pdb_identity_text(const struct pdb_identity *identity, char text[PDB_IDENTITY_TEXT]);

struct pdb;

/* NULL with an error that says what is wrong and what to do: damaged, MSFZ, packed (.pd_), portable, ... */
struct pdb *pdb_open(const char *path, struct error *error);
void pdb_close(struct pdb *pdb); /* NULL is allowed */

/* Only the identity, without reading all of the file. */
bool pdb_read_identity(const char *path, struct pdb_identity *out, struct error *error);

/* The age is that of the DBI stream, which images are matched by. */
const struct pdb_identity *pdb_identity(const struct pdb *pdb);

/* False if the PDB was stripped of them, as a publics-only PDB is of types. */
bool pdb_has_types(const struct pdb *pdb);

/* ---- public symbols ---- */

/* By exact name. False if there is none, or none with an RVA. */
bool pdb_find_public(const struct pdb *pdb, const char *name, uint32_t *rva);

/* The symbol with the highest RVA that is not above this one: function+offset for stacks. False if there is none
 * within the image's section of that RVA. */
bool pdb_nearest_public(struct pdb *pdb, uint32_t rva, struct pdb_public *out);

/* All of them in the file's order: start with *cursor = 0; false at the end. */
bool pdb_next_public(const struct pdb *pdb, size_t *cursor, struct pdb_public *out);

/* ---- types ---- */

/* A struct, union or enum that is defined (not only declared) in the PDB. */
bool pdb_find_type(const struct pdb *pdb, const char *name, struct pdb_type *out);

/* Any type by its index. False if there is none, or it is damaged. */
bool pdb_type_by_index(const struct pdb *pdb, uint32_t index, struct pdb_type *out);

/* "_EPROCESS", "Pcb.DirectoryTableBase": members of members, through structures and unions, not pointers. On failure
 * the error says which part is missing. */
bool pdb_find_member(const struct pdb *pdb, const char *type, const char *path,
    struct pdb_member *out, struct error *error);

bool pdb_find_enum_value(const struct pdb *pdb, const char *type, const char *name, int64_t *out);

/* All type indices from *cursor = 0; false at the end. Forward references and types without members are included. */
bool pdb_next_type(const struct pdb *pdb, size_t *cursor, uint32_t *index);

/* Calls visit for each data member of the struct or union with this index, in the file's order, until it returns
 * false. False if the index is of no defined struct or union, or its list is damaged. */
bool pdb_each_member(const struct pdb *pdb, uint32_t index,
    bool (*visit)(void *context, const char *name, const struct pdb_member *member), void *context);

#endif
