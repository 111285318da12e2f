/* Points in time as microseconds since 1970-01-01T00:00:00Z, and their text form. */
#ifndef LEAKLAB_TIMESTAMP_H
#define LEAKLAB_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

/* What is not known is said, never zero. */
#define TIMESTAMP_UNKNOWN INT64_MIN

#define TIMESTAMP_TEXT 32 /* bytes enough for the text form and its NUL */

int64_t timestamp_now(void);       /* wall clock */
int64_t timestamp_monotonic(void); /* for durations only */

/* ISO 8601 in UTC with microseconds ("2026-11-21T09:30:00.000000Z"); "unknown" for TIMESTAMP_UNKNOWN.
 * Returns out. */
char *timestamp_format(int64_t timestamp, char out[TIMESTAMP_TEXT]);

/* Reads ISO 8601 with "Z" or an offset, seconds with or without a fraction. */
bool timestamp_parse(const char *text, int64_t *out);

#endif
