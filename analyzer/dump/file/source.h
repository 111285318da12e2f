/* Bytes of a file by offset. */
#ifndef LEAKLAB_DUMP_SOURCE_H
#define LEAKLAB_DUMP_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct dump_source {
	int fd;
	uint64_t size;
	uint64_t stored; /* bytes on the disk: fewer where the file has holes */
};

bool source_open(struct dump_source *source, const char *path, struct error *error);
void source_close(struct dump_source *source);

/* All of length bytes, or false: beyond the end, or an error of the device. */
bool source_read(const struct dump_source *source, uint64_t offset, void *buffer, size_t length);

#endif
