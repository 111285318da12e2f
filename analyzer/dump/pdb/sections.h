/* From section:offset, as the compiler left it, to an RVA of the image, as the last tool left it. */
#ifndef LEAKLAB_PDB_SECTIONS_H
#define LEAKLAB_PDB_SECTIONS_H

#include "dump/pdb/streams.h"

struct sections {
	struct span symbols; /* section headers that symbols refer to */
	struct span image;   /* those of the image; the same unless it was reordered */
	struct span omap;    /* reordering: {RVA before, RVA now} ascending; empty if none */
};

/* The streams that the optional debug header of the DBI stream names. */
bool sections_init(struct sections *sections, struct streams *streams, struct span debug_header,
    struct error *error);

/* False: no such section, or what was there has been removed. */
bool sections_rva(
    const struct sections *sections, uint16_t segment, uint32_t offset, uint32_t *rva);

/* The image's section that has this RVA: where it starts. */
bool sections_start(const struct sections *sections, uint32_t rva, uint32_t *start);

#endif
