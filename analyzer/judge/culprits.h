/* Who holds the orphans. Inside this folder, but for what is known of images. */
#ifndef LEAKLAB_CULPRITS_H
#define LEAKLAB_CULPRITS_H

#include "judge/orphans.h"
#include "judge/verdict.h"

/* Fills in the verdict's culprits and what nobody is seen to hold. False only when memory is out. */
bool culprits_find(
    struct verdict *verdict, const struct snapshot *settled, const struct orphans *orphans);

/* True if the names are the same but for case and ".exe". NULL is like nothing. */
bool image_same(const char *a, const char *b);

/* True if this image's handles go by themselves once the last other holder's have: System's and lsass'. */
bool image_follows(const char *image);

#endif
