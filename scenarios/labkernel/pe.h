/* The lab kernel's image: laid out as a loader does it, and its exports. Inside this folder. */
#ifndef LEAKLAB_LABKERNEL_PE_H
#define LEAKLAB_LABKERNEL_PE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* SizeOfImage. */
size_t pe_size(const uint8_t *file);
/* Puts headers and sections where the loader puts them. image has pe_size() zeroed bytes. */
void pe_map(const uint8_t *file, uint8_t *image);
/* The address of an export, relative to the image; 0: there is none of that name. */
uint32_t pe_export(const uint8_t *image, const char *name);

#endif
