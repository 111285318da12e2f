/* Text of any encoding that Windows tools and shells write, as UTF-8. Inside this folder. */
#ifndef LEAKLAB_ENCODING_H
#define LEAKLAB_ENCODING_H

#include <iconv.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "readers/lines.h"

/* The bytes as text without a byte order mark and without terminal sequences. Where that takes a copy (UTF-16 is recognised by
 * its mark), *converted is the caller's to free(); else the text is the bytes themselves. mapped: they are the map of a large file. False if they are no text at all. */
bool encoding_open(const char *bytes, size_t length, bool mapped, struct span *text,
    char **converted, struct error *error);

/* Lines in the code page of the host's console or of its programs. */
struct decoder {
	iconv_t page; /* (iconv_t)-1: not found out yet */
	int tries;
	char *buffers[2]; /* the line before stays valid */
	size_t sizes[2];
	int turn;
	int64_t replaced;
};

void decoder_init(struct decoder *decoder);
void decoder_deinit(struct decoder *decoder);
/* The line in UTF-8, valid until the call after the next. False only when memory is out. */
bool decoder_line(struct decoder *decoder, struct span line, struct span *out);

#endif
