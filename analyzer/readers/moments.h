/* The moments of one text. Inside this folder. */
#ifndef LEAKLAB_MOMENTS_H
#define LEAKLAB_MOMENTS_H

#include "readers/reader.h"
#include "readers/lines.h"

/* What the text shows at its end; NULL if no line of it is any tool's. earlier: gets the moments before that; NULL: nobody asks. */
struct snapshot *moments_read(
    struct span text, const char *origin, struct moments *earlier, struct error *error);

#endif
