/* The kernel's image, and the PDB that belongs to it. Inside this folder. */
#ifndef LEAKLAB_KERNEL_IMAGE_H
#define LEAKLAB_KERNEL_IMAGE_H

#include "dump/kernel/reader.h"
#include "dump/symbols/symbol_store.h"

/* Finds the image through the header's pointers. False: no kernel is to be seen at all. */
bool image_find(struct kernel *kernel, struct error *error);
/* Finds the PDB, proves that it belongs to the image, and reads the layout. */
bool image_find_symbols(struct kernel *kernel, struct symbol_store *store, struct error *error);

#endif
