/* What the operating system is asked to read before it is wanted, and keeps as long as it has room. Inside this folder. */
#ifndef LEAKLAB_DUMP_READ_AHEAD_H
#define LEAKLAB_DUMP_READ_AHEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "dump/file/source.h"

/* Whether half of the free memory has room for the file. */
bool source_fits(const struct dump_source *source);
/* Asks for a part of the file from *from on, and moves that behind it. False: that was the last one. */
bool source_read_ahead(const struct dump_source *source, uint64_t *from);

/* Some pages of a file. */
struct wanted;

struct wanted *wanted_create(const struct dump_source *source); /* NULL: out of memory */
void wanted_destroy(struct wanted *wanted);                     /* NULL is allowed */
void wanted_add(struct wanted *wanted, uint64_t offset);
/* Asks for them in the order of the file, as many as half of the free memory has room for, and forgets them. */
void wanted_read_ahead(struct wanted *wanted, const struct dump_source *source);

#endif
