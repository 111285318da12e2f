/* Which holders let go by themselves. Inside this folder. */
#ifndef LEAKLAB_FOLLOWERS_H
#define LEAKLAB_FOLLOWERS_H

#include <stdbool.h>

/* True if this image's handles go when the last other holder has gone. False in *good when memory is out. */
bool image_follows(const char *image, bool *good);

#endif
