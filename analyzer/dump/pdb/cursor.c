/* Numeric leaves (LF_NUMERIC in CodeView): 0x8000 and above name the type of the number that follows. */
#include "dump/pdb/cursor.h"

#include <string.h>

#include "dump/little_endian.h"

static const uint8_t *take(struct cursor *cursor, size_t length)
{
	static const uint8_t nothing[8];
	if (cursor->bad || (size_t)(cursor->end - cursor->at) < length) {
		cursor->bad = true;
		return nothing;
	}
	const uint8_t *taken = cursor->at;
	cursor->at += length;
	return taken;
}

uint8_t cursor_u8(struct cursor *cursor)
{
	return *take(cursor, 1);
}

uint16_t cursor_u16(struct cursor *cursor)
{
	return load16(take(cursor, 2));
}

uint32_t cursor_u32(struct cursor *cursor)
{
	return load32(take(cursor, 4));
}

int64_t cursor_number(struct cursor *cursor)
{
	uint16_t leaf = cursor_u16(cursor);
	if (leaf < 0x8000)
		return leaf;
	switch (leaf) {
	case 0x8000:
		return (int8_t)cursor_u8(cursor);
	case 0x8001:
		return (int16_t)cursor_u16(cursor);
	case 0x8002:
		return cursor_u16(cursor);
	case 0x8003:
		return (int32_t)cursor_u32(cursor);
	case 0x8004:
		return cursor_u32(cursor);
	case 0x8009:
	case 0x800a:
		return (int64_t)load64(take(cursor, 8));
	default:
		cursor->bad = true;
		return 0;
	}
}

const char *cursor_name(struct cursor *cursor)
{
	const uint8_t *end =
	    cursor->bad ? NULL : memchr(cursor->at, '\0', (size_t)(cursor->end - cursor->at));
	if (!end) {
		cursor->bad = true;
		return "";
	}
	const char *name = (const char *)cursor->at;
	cursor->at = end + 1;
	return name;
}
