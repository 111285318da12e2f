/* MSF 7.0: the superblock, the directory and the blocks of streams, as LLVM's documentation "The MSF File Format" has them. A stream
 * whose blocks lie one after the other is used where it is, any other is gathered. */
#include "dump/pdb/container.h"

#include <stdlib.h>
#include <string.h>

#include "dump/little_endian.h"

#define SUPERBLOCK_LENGTH 0x38
#define STREAM_ABSENT UINT32_MAX

struct stream {
	uint32_t size;
	const uint8_t *blocks; /* block numbers in the directory */
	uint8_t *gathered;     /* owned; NULL until asked for, or if the stream lies in one piece */
};

struct msf {
	const uint8_t *map;
	size_t size;
	uint32_t block_size, block_count;
	uint8_t *directory; /* owned */
	uint32_t stream_count;
	struct stream *stream;
};

static bool check_superblock(struct msf *msf, struct error *error)
{
	if (msf->size < SUPERBLOCK_LENGTH)
		return error_set(
		    error, EXIT_USAGE, "cut off at byte %zu" CONTAINER_DAMAGED, msf->size);
	uint32_t block_size = load32(msf->map + 0x20), block_count = load32(msf->map + 0x28);
	if (block_size < 512 || block_size > 65536 || (block_size & (block_size - 1)) != 0)
		return error_set(
		    error, EXIT_USAGE, "damaged: blocks of %u bytes" CONTAINER_DAMAGED, block_size);
	if ((uint64_t)block_size * block_count > msf->size)
		return error_set(error, EXIT_USAGE,
		    "cut off: it has %zu of %llu bytes" CONTAINER_DAMAGED, msf->size,
		    (unsigned long long)block_size * block_count);
	msf->block_size = block_size;
	msf->block_count = block_count;
	return true;
}

static uint32_t blocks_of(const struct msf *msf, uint32_t size)
{
	return size / msf->block_size + (size % msf->block_size != 0);
}

/* Copies a stream's bytes together. blocks: its block numbers, enough of them. */
static uint8_t *gather(
    const struct msf *msf, const uint8_t *blocks, uint32_t size, struct error *error)
{
	uint8_t *bytes = malloc(size ? size : 1);
	if (!bytes) {
		error_memory(error);
		return NULL;
	}
	for (uint32_t done = 0; done < size; blocks += 4) {
		uint32_t block = load32(blocks);
		uint32_t chunk = size - done < msf->block_size ? size - done : msf->block_size;
		if (block >= msf->block_count) {
			error_set(error, EXIT_USAGE,
			    "damaged: it refers to block %u of %u" CONTAINER_DAMAGED, block,
			    msf->block_count);
			free(bytes);
			return NULL;
		}
		memcpy(bytes + done, msf->map + (size_t)block * msf->block_size, chunk);
		done += chunk;
	}
	return bytes;
}

static bool read_streams(struct msf *msf, uint32_t length, struct error *error)
{
	uint32_t count = load32(msf->directory);
	if (count > (length - 4) / 4)
		return error_set(error, EXIT_USAGE,
		    "damaged: a directory of %u streams" CONTAINER_DAMAGED, count);
	msf->stream = calloc(count ? count : 1, sizeof *msf->stream);
	if (!msf->stream)
		return error_memory(error);
	uint64_t at = 4 + (uint64_t)4 * count;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t size = load32(msf->directory + 4 + (size_t)4 * i);
		if (size == STREAM_ABSENT)
			size = 0;
		uint32_t blocks = blocks_of(msf, size);
		if ((uint64_t)4 * blocks > length - at || blocks > msf->block_count)
			return error_set(error, EXIT_USAGE,
			    "damaged: stream %u has %u bytes" CONTAINER_DAMAGED, i, size);
		msf->stream[i] = (struct stream){.size = size, .blocks = msf->directory + at};
		at += (uint64_t)4 * blocks;
	}
	msf->stream_count = count;
	return true;
}

static bool read_directory(struct msf *msf, struct error *error)
{
	uint32_t length = load32(msf->map + 0x2c), map_block = load32(msf->map + 0x34);
	uint64_t map_at = (uint64_t)map_block * msf->block_size;
	if (length < 4 || blocks_of(msf, length) > msf->block_count ||
	    map_block >= msf->block_count ||
	    map_at + (uint64_t)4 * blocks_of(msf, length) > msf->size)
		return error_set(error, EXIT_USAGE,
		    "damaged: a directory of %u bytes at block %u" CONTAINER_DAMAGED, length,
		    map_block);
	msf->directory = gather(msf, msf->map + map_at, length, error);
	return msf->directory && read_streams(msf, length, error);
}

static void close_msf(void *state)
{
	struct msf *msf = state;
	for (uint32_t i = 0; i < msf->stream_count; i++)
		free(msf->stream[i].gathered);
	free(msf->stream);
	free(msf->directory);
	free(msf);
}

static void *open_msf(struct span file, struct error *error)
{
	struct msf *msf = calloc(1, sizeof *msf);
	if (!msf) {
		error_memory(error);
		return NULL;
	}
	msf->map = file.bytes;
	msf->size = file.length;
	if (check_superblock(msf, error) && read_directory(msf, error))
		return msf;
	close_msf(msf);
	return NULL;
}

/* The stream's place in the file, if its blocks lie one after the other. */
static const uint8_t *in_one_piece(const struct msf *msf, const struct stream *stream)
{
	uint32_t count = blocks_of(msf, stream->size), first = load32(stream->blocks);
	if (first >= msf->block_count || count > msf->block_count - first)
		return NULL;
	for (uint32_t i = 1; i < count; i++)
		if (load32(stream->blocks + (size_t)4 * i) != first + i)
			return NULL;
	return msf->map + (size_t)first * msf->block_size;
}

static bool stream_of(void *state, uint32_t index, struct span *out, struct error *error)
{
	struct msf *msf = state;
	struct stream *stream = index < msf->stream_count ? &msf->stream[index] : NULL;
	if (!stream || stream->size == 0) {
		*out = (struct span){0};
		return true;
	}
	const uint8_t *bytes = stream->gathered;
	if (!bytes)
		bytes = in_one_piece(msf, stream);
	if (!bytes)
		bytes = stream->gathered = gather(msf, stream->blocks, stream->size, error);
	*out = (struct span){.bytes = bytes, .length = stream->size};
	return bytes;
}

const struct container container_msf = {
    .magic = "Microsoft C/C++ MSF 7.00\r\n\x1a"
             "DS",
    .open = open_msf,
    .stream = stream_of,
    .close = close_msf,
};
