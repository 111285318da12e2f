/* What a PDB says of a symbol, a type and a member. */
#ifndef LEAKLAB_PDB_RECORDS_H
#define LEAKLAB_PDB_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

struct pdb_public {
	const char *name; /* valid as long as the PDB is open */
	uint32_t rva;     /* in the image, if has_rva */
	bool
	    has_rva; /* false: its section is none of the image's, or was removed by a linker's reordering */
	uint16_t segment; /* as the PDB has it: section number from 1 ... */
	uint32_t offset;  /* ... and offset in it */
};

enum pdb_kind {
	PDB_KIND_UNKNOWN, /* a type that is not described here (functions), or only declared in this PDB */
	PDB_KIND_VOID,
	PDB_KIND_INTEGER,
	PDB_KIND_FLOAT,
	PDB_KIND_POINTER,
	PDB_KIND_ARRAY,
	PDB_KIND_STRUCT, /* struct, class, interface */
	PDB_KIND_UNION,
	PDB_KIND_ENUM,
};

struct pdb_type {
	enum pdb_kind kind;
	uint32_t index;   /* of the type, modifiers taken off and forward references resolved */
	uint64_t size;    /* bytes; 0 if unknown */
	const char *name; /* of a struct, union or enum, else NULL */
	bool is_signed;   /* integers and enums */
	uint32_t
	    target; /* index of what a pointer points to, of an array's elements, of an enum's integer */
	uint64_t count; /* of an array's elements; 0 if their size is unknown */
};

struct pdb_member {
	uint64_t offset;      /* bytes from the start of the outermost structure */
	struct pdb_type type; /* for a bit field, of the integer that it is part of */
	bool is_bitfield;
	uint8_t bit_position, bit_count;
};

#endif
