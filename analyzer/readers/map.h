/* The map of a large file: what was read of it need not stay in memory. Inside this folder. */
#ifndef LEAKLAB_MAP_H
#define LEAKLAB_MAP_H

#include <stddef.h>

#define MAP_LARGE ((size_t)128 << 20) /* bytes; smaller files stay as they are */
#define MAP_STEP ((size_t)8 << 20)    /* so many are read before they are given back */

/* Gives back the pages that lie within. They are read from the file again if need be: never for bytes that are not of a file's map. */
void map_release(const char *from, size_t length);

#endif
