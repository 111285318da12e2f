/* A JSON text as it comes: of long lists a row at a time, all else as a tree. Inside this folder. */
#ifndef LEAKLAB_JSON_STREAM_H
#define LEAKLAB_JSON_STREAM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* Who takes the rows. Each sets the error if it fails. */
struct json_rows {
	/* Whether the rows of the list behind this key of the outermost object are taken one by one, by what is in that object so far. */
	bool (*wants)(void *data, const json_t *root, const char *key);
	bool (*row)(void *data, const char *key, size_t index, const json_t *row);
	void *data;
};

/* Reads the text: one value. A list whose rows were taken is in the tree without them. NULL with the line and column of what is wrong, or with
 * what row() said. A key twice in one object is an error. */
json_t *json_stream_load(
    const char *text, size_t length, const struct json_rows *rows, struct error *error);

#endif
