/* The moments of one text. Inside this folder. */
#ifndef LEAKLAB_MOMENTS_H
#define LEAKLAB_MOMENTS_H

#include "readers/reader.h"
#include "readers/lines.h"

/* Adds what the text shows of each host, in the order of its moments; the last one alone, if nobody asks for the others. False if no line of
 * it is any tool's. */
bool moments_read(struct span text, const char *origin, bool mapped, bool last_only,
    struct moments *moments, struct error *error);
/* As evidence_read_moments(), of the map of a large file. */
bool evidence_read_mapped(const char *bytes, size_t length, const char *origin,
    struct moments *moments, const char **format, struct error *error);

#endif
