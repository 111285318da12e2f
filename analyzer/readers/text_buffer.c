/* Room doubles. */
#include "readers/text_buffer.h"

#include <stdlib.h>
#include <string.h>

bool buffer_add(struct text_buffer *buffer, const char *text, size_t length)
{
	if (buffer->length + length + 1 > buffer->room) {
		const size_t room = (buffer->length + length + 1) * 2;
		char *larger = realloc(buffer->text, room);
		if (!larger)
			return false;
		buffer->text = larger;
		buffer->room = room;
	}
	if (length)
		memcpy(buffer->text + buffer->length, text, length);
	buffer->length += length;
	buffer->text[buffer->length] = '\0';
	return true;
}
