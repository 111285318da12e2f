/* Text of any encoding that Windows tools and shells write, as UTF-8. Inside this folder. */
#ifndef LEAKLAB_ENCODING_H
#define LEAKLAB_ENCODING_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* The bytes as text without a byte order mark, a NUL behind; the caller's to free(). UTF-16 is told by its byte
 * order mark. False if they are no text at all. */
bool encoding_to_utf8(
    const char *bytes, size_t length, char **text, size_t *text_length, struct error *error);

#endif
