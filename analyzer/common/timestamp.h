/* Points in time as microseconds since 1970-01-01T00:00:00Z, and their text form. */
#ifndef LEAKLAB_TIMESTAMP_H
#define LEAKLAB_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

/* What is not known is said, never zero. */
#define TIMESTAMP_UNKNOWN INT64_MIN

/* 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z: years of four digits, as ISO 8601 has them without prior agreement. */
#define TIMESTAMP_EARLIEST INT64_C(-62135596800000000)
#define TIMESTAMP_LATEST INT64_C(253402300799999999)

#define TIMESTAMP_TEXT 32 /* bytes enough for the text form and its NUL */

int64_t timestamp_now(void); /* wall clock */
int64_t timestamp_monotonic(
    void); /* for durations only; a time in which the machine was suspended counts */

/* From now on timestamp_now() is no more moved by whoever sets the wall clock, in this process, and in others that take the same anchor. Before
 * there are threads. */
int64_t timestamp_anchor(void);
void timestamp_anchor_as(int64_t other);
/* By how much the wall clock is ahead of timestamp_now(): it was set so. */
int64_t timestamp_step(void);

/* ISO 8601 in UTC with microseconds ("2026-11-21T09:30:00.000000Z"); "unknown" for others than those
 * between the earliest and the latest. Returns out. */
char *timestamp_format(int64_t timestamp, char out[TIMESTAMP_TEXT]);

/* Reads ISO 8601 with "Z" or an offset, seconds with or without a fraction. False if it is no such time or out of range. */
bool timestamp_parse(const char *text, int64_t *out);

/* The same, or TIMESTAMP_UNKNOWN for one that is beyond what can be formatted. */
int64_t timestamp_or_unknown(int64_t timestamp);

#endif
