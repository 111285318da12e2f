/* Knows how a structure of a layout is put into the machine's memory. */
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "labkernel/inside.h"

size_t fail_memory(struct error *error)
{
	error_memory(error);
	return NONE;
}

void *next_of(void *items, size_t *count, size_t size)
{
	char *first;

	if (!array_reserve(items, *count, size))
		return NULL;
	memcpy(&first, items, sizeof first);
	return memset(first + (*count)++ * size, 0, size);
}

uint64_t take_u64(const uint8_t *at)
{
	uint64_t value;
	memcpy(&value, at, sizeof(value));
	return value;
}

void put_u64(uint8_t *at, uint64_t value)
{
	memcpy(at, &value, sizeof(value));
}

void put(const struct crash *crash, struct thing thing, enum layout_member member, uint64_t value,
    size_t size)
{
	const int offset = offset_of(crash, member);

	if (offset >= 0)
		memcpy(thing.at + offset, &value, size);
}

void link_before(struct crash *crash, uint64_t head, struct thing thing, enum layout_member member)
{
	uint8_t *first = ram_at(crash->ram, head, 16);
	const uint64_t entry = thing.address + (uint64_t)offset_of(crash, member);
	const uint64_t last = take_u64(first + 8);

	put_u64(thing.at + offset_of(crash, member), head);
	put_u64(thing.at + offset_of(crash, member) + 8, last);
	put_u64(ram_at(crash->ram, last, 16), entry);
	put_u64(first + 8, entry);
}

bool make(struct crash *crash, struct region *region, enum layout_member size_member, size_t before,
    size_t extra, struct thing *thing, struct error *error)
{
	const size_t size = before + (size_t)offset_of(crash, size_member) + extra;
	const size_t alignment = crash->options.spread ? RAM_PAGE : 16;
	uint8_t *at = ram_take(region, size, alignment, &thing->address);

	if (!at)
		return error_set(error, EXIT_TARGET, "the made-up machine's memory is full");
	thing->at = at + before;
	thing->address += before;
	return true;
}

/* Text is Latin: what accounts and images are called here. */
bool put_name(struct crash *crash, struct region *region, struct thing thing,
    enum layout_member member, const char *text, struct error *error)
{
	const size_t length = strlen(text);
	const bool apart = crash->options.names && region == crash->paged;
	uint64_t address;
	uint8_t *buffer = ram_take(region,
	    apart ? (2 * length + RAM_PAGE) & ~(size_t)(RAM_PAGE - 1) : 2 * length + 2,
	    apart ? RAM_PAGE : 16, &address);

	if (!buffer)
		return error_set(error, EXIT_TARGET, "the made-up machine's memory is full");
	if (apart && !crash_put_page(crash, address, crash->options.names))
		return error_set(
		    error, EXIT_USAGE, "no such place for a page: %s", crash->options.names);
	for (size_t i = 0; i < length; i++)
		buffer[2 * i] = (uint8_t)text[i];
	uint8_t *string = thing.at + offset_of(crash, member);
	const uint16_t bytes =
	    length > UINT16_MAX / 2 - 1 ? UINT16_MAX - 1 : (uint16_t)(2 * length);
	const uint16_t room = bytes == UINT16_MAX - 1 ? bytes : (uint16_t)(bytes + 2);
	memcpy(string, &bytes, 2);
	memcpy(string + 2, &room, 2);
	put_u64(string + 8, address);
	return true;
}
