/* Taking a CodeView record apart without leaving it. */
#ifndef LEAKLAB_PDB_CURSOR_H
#define LEAKLAB_PDB_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
	const uint8_t *at, *end;
	bool bad; /* something was beyond the end, or unknown: what was taken since is 0 */
};

uint8_t cursor_u8(struct cursor *cursor);
uint16_t cursor_u16(struct cursor *cursor);
uint32_t cursor_u32(struct cursor *cursor);

/* A numeric leaf: a small number, or one with its type in front (LF_CHAR to LF_UQUADWORD). */
int64_t cursor_number(struct cursor *cursor);

/* A name with its NUL, in place. "" if bad. */
const char *cursor_name(struct cursor *cursor);

#endif
