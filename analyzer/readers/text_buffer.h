/* A text that grows. Inside this folder. */
#ifndef LEAKLAB_TEXT_BUFFER_H
#define LEAKLAB_TEXT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct text_buffer {
	char *text; /* ends in a NUL, once something was added; free() it */
	size_t length, room;
};

/* Appends; false: memory is out. */
bool buffer_add(struct text_buffer *buffer, const char *text, size_t length);

#endif
