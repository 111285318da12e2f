/* What a format of evidence has to offer. Inside this folder; one format a file. */
#ifndef LEAKLAB_FORMAT_H
#define LEAKLAB_FORMAT_H

#include <stddef.h>

#include "common/error.h"
#include "snapshot/snapshot.h"

/* How surely bytes are in a format. The format with the highest confidence reads them. */
enum confidence {
	CONFIDENCE_NONE = 0,
	CONFIDENCE_SHAPE = 50, /* it has the outer shape: JSON, a table */
	CONFIDENCE_SURE = 100, /* it says so itself */
};

/* Bytes are UTF-8 without a byte order mark, at least one, and a NUL follows them. */
struct format {
	const char *name;
	enum confidence (*probe)(const char *bytes, size_t length);
	struct snapshot *(*read)(const char *bytes, size_t length, struct error *error);
};

extern const struct format format_json;

#endif
