/* The type records of a PDB (stream 2, TPI). */
#ifndef LEAKLAB_PDB_TYPES_H
#define LEAKLAB_PDB_TYPES_H

#include "dump/pdb/cursor.h"
#include "dump/pdb/streams.h"
#include "dump/pdb/name_table.h"
#include "dump/pdb/records.h"

struct types {
	struct span stream;
	uint32_t first, count; /* type indices */
	uint32_t *offset;      /* of each record's leaf in the stream */
	struct name_table
	    names; /* defined structs, unions and enums, by name and by unique (decorated) name */
};

/* A stream that is empty gives no types. */
bool types_init(struct types *types, struct span stream, struct error *error);
void types_deinit(struct types *types);

/* The record behind its leaf. False if the index is none of a record. */
bool types_record(const struct types *types, uint32_t index, uint16_t *leaf, struct cursor *body);

/* A struct, class, interface, union or enum, as its record has it. */
struct composite {
	enum pdb_kind kind;
	bool is_forward;     /* only declared: no members, no size */
	uint32_t fields;     /* index of the field list; 0: none */
	uint32_t underlying; /* an enum's integer type */
	uint64_t size;
	const char *name, *unique; /* unique: NULL if the record has none */
};
bool types_composite(const struct types *types, uint32_t index, struct composite *out);

/* Takes modifiers off and replaces a forward reference by its definition, if the PDB has it. */
uint32_t types_resolve(const struct types *types, uint32_t index);

bool types_describe(const struct types *types, uint32_t index, struct pdb_type *out);

#endif
