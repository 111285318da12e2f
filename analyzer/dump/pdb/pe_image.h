/* What an image in memory says of itself: which PDB belongs to it, and what it exports. The image is untrusted, and
 * parts of it may be missing. */
#ifndef LEAKLAB_PE_IMAGE_H
#define LEAKLAB_PE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "dump/pdb/pdb.h"

/* How to read the image: length bytes at an RVA, all of them or false. */
struct pe_reader {
	bool (*read)(void *context, uint32_t rva, void *buffer, size_t length);
	void *context;
};

struct pe_identity {
	uint32_t timestamp, size_of_image; /* what stores name an image by */
	struct pdb_identity pdb;
	char pdb_path[256]; /* as the linker wrote it; cut at the end if longer */
	char pdb_name
	    [256]; /* its last part, after any \ or /; may still be no good as a file name */
};

/* Reads the headers and the debug directory's RSDS entry. */
bool pe_image_identify(
    const struct pe_reader *reader, struct pe_identity *out, struct error *error);

struct pe_export {
	char *name; /* never NULL: those without a name are left out */
	uint32_t rva;
};

/* The export table by RVA, without forwarders. */
struct pe_exports;
struct pe_exports *pe_exports_create(const struct pe_reader *reader, struct error *error);
void pe_exports_destroy(struct pe_exports *exports); /* NULL is allowed */

/* The export with the highest RVA that is not above this one. NULL if there is none. */
const struct pe_export *pe_exports_nearest(const struct pe_exports *exports, uint32_t rva);

#endif
