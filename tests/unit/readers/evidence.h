/* Reading a text in a test. */
#ifndef LEAKLAB_TESTS_EVIDENCE_H
#define LEAKLAB_TESTS_EVIDENCE_H

#include "tests/unit/unit.h"

#include "readers/reader.h"

/* The snapshot of the text, which must be readable; the caller's to destroy. */
struct snapshot *read_evidence(const char *text);
struct snapshot *read_bytes(const char *bytes, size_t length);
/* The same, with this many rows, all of them understood. */
struct snapshot *read_rows(const char *text, int64_t rows);

/* A record a line: S of sessions, L of logon sessions, P of processes, H of handles, C of counters at one time. The caller's to free(). */
char *describe_evidence(const struct snapshot *snapshot);

/* Fails unless the text tells just this, in those words, with so many lines left over. */
void assert_facts(const char *text, int64_t left, const char *expected);

/* The description of the text's evidence is that, and so many rows are left over. Destroys the snapshot, frees `found`. */
void assert_described(
    struct snapshot *snapshot, const char *text, int64_t left, char *found, const char *expected);

#endif
