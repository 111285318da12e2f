/* Little-endian numbers at any address, as dumps, PDBs and PE images hold them. */
#ifndef LEAKLAB_LITTLE_ENDIAN_H
#define LEAKLAB_LITTLE_ENDIAN_H

#include <stdint.h>

static inline uint16_t load16(const void *at)
{
	const uint8_t *byte = at;
	return (uint16_t)(byte[0] | byte[1] << 8);
}

static inline uint32_t load32(const void *at)
{
	const uint8_t *byte = at;
	return (uint32_t)byte[0] | (uint32_t)byte[1] << 8 | (uint32_t)byte[2] << 16 |
	       (uint32_t)byte[3] << 24;
}

static inline uint64_t load64(const void *at)
{
	const uint8_t *byte = at;
	return load32(byte) | (uint64_t)load32(byte + 4) << 32;
}

#endif
