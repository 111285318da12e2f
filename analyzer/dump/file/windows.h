/* A dump file seen through windows that are mapped: no copying, and little memory, whatever the file's size. */
#ifndef LEAKLAB_WINDOWS_H
#define LEAKLAB_WINDOWS_H

#include <stdint.h>

#include "dump/file/source.h"

struct windows;

struct windows *windows_create(void); /* NULL: out of memory */
void windows_destroy(struct windows *windows);

/* A page at an offset, valid while the generation stays. NULL: it cannot be had this way. */
const uint8_t *windows_page(
    struct windows *windows, const struct dump_source *source, uint64_t offset);

/* Changes when a page that was given may be gone. */
uint64_t windows_generation(const struct windows *windows);

#endif
