/* Durations as people write them. */
#ifndef LEAKLAB_DURATION_H
#define LEAKLAB_DURATION_H

#include <stdbool.h>
#include <stdint.h>

#define SECOND INT64_C(1000000) /* in microseconds */

/* "250ms", "1.5s", "10m", "2h" in microseconds. A bare number is refused: its unit would be a guess. */
bool duration_parse(const char *text, int64_t *out);

/* The same, or a range "1s..5s" with the lesser end first. */
bool duration_parse_range(const char *text, int64_t *least, int64_t *most);

#define DURATION_TEXT 24
/* As people read it: its two largest units, "1h 15m", "1.5s". Returns out. */
const char *duration_format(int64_t duration, char out[DURATION_TEXT]);

#endif
