/* Reads the lab kernels, which lld-link made and which are trusted: nothing else comes here. Offsets: Microsoft's PE format
 * specification. */
#include "labkernel/layout.h"

#include <string.h>

static uint16_t u16_at(const uint8_t *at)
{
	uint16_t value;
	memcpy(&value, at, sizeof(value));
	return value;
}

static uint32_t u32_at(const uint8_t *at)
{
	uint32_t value;
	memcpy(&value, at, sizeof(value));
	return value;
}

static const uint8_t *headers(const uint8_t *file)
{
	return file + u32_at(file + 0x3c);
}

size_t pe_size(const uint8_t *file)
{
	return (u32_at(headers(file) + 24 + 56) + 4095) & ~(size_t)4095;
}

void pe_map(const uint8_t *file, uint8_t *image)
{
	const uint8_t *nt = headers(file);
	const uint8_t *section = nt + 24 + u16_at(nt + 20);

	memcpy(image, file, u32_at(nt + 24 + 60)); /* SizeOfHeaders */
	for (unsigned i = u16_at(nt + 6); i > 0; i--, section += 40) {
		const uint32_t size = u32_at(section + 8), raw = u32_at(section + 16);
		memcpy(image + u32_at(section + 12), file + u32_at(section + 20),
		    raw < size ? raw : size);
	}
}

uint32_t pe_export(const uint8_t *image, const char *name)
{
	const uint8_t *directory = image + u32_at(headers(image) + 24 + 112);
	const uint8_t *names = image + u32_at(directory + 32);
	const uint8_t *ordinals = image + u32_at(directory + 36);
	const uint8_t *functions = image + u32_at(directory + 28);

	for (uint32_t i = 0; i < u32_at(directory + 24); i++)
		if (strcmp((const char *)image + u32_at(names + 4 * i), name) == 0)
			return u32_at(functions + 4 * u16_at(ordinals + 2 * i));
	return 0;
}
