/* The field lists of structures, unions and enums. */
#ifndef LEAKLAB_PDB_MEMBERS_H
#define LEAKLAB_PDB_MEMBERS_H

#include "dump/pdb/types.h"

struct field {
	const char *name;
	bool is_enumerator; /* else a data member */
	int64_t number;     /* offset in bytes, or the enumerator's value */
	uint32_t type;      /* a data member's */
};

/* Visits data members and enumerators until visit returns false. False: the list is damaged. */
bool members_each(const struct types *types, uint32_t list,
    bool (*visit)(void *context, const struct field *field), void *context);

/* A data member as the door describes it. */
bool members_describe(const struct types *types, const struct field *field, struct pdb_member *out);

#endif
