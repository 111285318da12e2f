/* The lab kernels there are: their structures and their images. Inside this folder. */
#ifndef LEAKLAB_LAYOUT_H
#define LEAKLAB_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout_members.h"

struct layout {
	const char *name;
	uint32_t build;
	const int *offsets; /* by enum layout_member; -1: absent */
	bool tracking;      /* can note who made a token */
	const unsigned char *image, *pdb;
	const size_t *image_size, *pdb_size;
};

extern const unsigned char layout_member_sizes[]; /* bytes; 8 for what is larger, or a structure */
extern const char *const layout_member_names[];   /* "_TOKEN.TokenId"; a size is "_TOKEN.." */

/* NULL if there is none of that name. */
const struct layout *layout_find(const char *name);
/* The member of a structure by its name in C, or LAYOUT_MEMBERS. */
enum layout_member layout_member_find(const char *type, const char *member);
size_t layout_member_size(enum layout_member member);

/* The image as a loader lays it out, and its exports (pe.c). */

/* SizeOfImage. */
size_t pe_size(const uint8_t *file);
/* Puts headers and sections where the loader puts them. image has pe_size() zeroed bytes. */
void pe_map(const uint8_t *file, uint8_t *image);
/* The address of an export, relative to the image; 0: there is none of that name. */
uint32_t pe_export(const uint8_t *image, const char *name);

#endif
