/* The public symbols of a PDB. */
#ifndef LEAKLAB_PDB_PUBLICS_H
#define LEAKLAB_PDB_PUBLICS_H

#include "dump/pdb/name_table.h"
#include "dump/pdb/records.h"
#include "dump/pdb/sections.h"

struct publics {
	struct pdb_public *item; /* in the file's order */
	size_t count;
	struct name_table names; /* of those that have an RVA */
	uint32_t *by_rva; /* their indices, in the order of RVAs; made when first asked for */
	size_t by_rva_count;
};

/* symbols: the symbol record stream, which must outlive them. */
bool publics_init(struct publics *publics, struct span symbols, const struct sections *sections,
    struct error *error);
void publics_deinit(struct publics *publics);

bool publics_find(const struct publics *publics, const char *name, uint32_t *rva);
bool publics_nearest(
    struct publics *publics, const struct sections *sections, uint32_t rva, struct pdb_public *out);

#endif
