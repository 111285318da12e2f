/* What is not a dump that can be analysed, and what to do instead. */
#ifndef LEAKLAB_DUMP_REFUSAL_H
#define LEAKLAB_DUMP_REFUSAL_H

#include "common/error.h"
#include "dump/file/header.h"

/* Each returns false, with the error set, for what it refuses. */
bool refuse_other_files(const uint8_t *bytes, size_t length, struct error *error);
bool refuse_other_machines(uint32_t machine, struct error *error);
bool refuse_without_pages(const struct dump_header *header, struct error *error);

#endif
