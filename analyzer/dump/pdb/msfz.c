/* MSFZ, version 0 (github.com/microsoft/pdb-rs, docs/pdb/msfz.md): a directory of streams, each of fragments that lie in the file as they are or
 * in chunks, which are compressed. Chunks in the order of their table are one space of bytes; a fragment may go on in the next one.
 * That page's check of the directory's size is older than its fragments, and is not made. */
#include "dump/pdb/container.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "dump/little_endian.h"

#define HEADER_LENGTH 80
#define CHUNK_LENGTH 20
#define STREAM_NIL UINT32_MAX
#define LARGEST                                                                                    \
	((uint64_t)256 << 20) /* of a stream and of a chunk: a kernel's PDB has some 10 to 40 MiB */

enum compression { STORED, ZSTD, DEFLATE }; /* as in the file */

struct packed {
	uint32_t compression;
	struct span bytes; /* in the file */
	uint32_t size;     /* unpacked */
};

struct stream {
	const uint8_t *fragments; /* in the directory */
	uint8_t *gathered;        /* NULL until asked for */
	size_t size;
};

struct msfz {
	struct span file;
	uint8_t *directory;
	size_t directory_size;
	const uint8_t *chunks; /* their table, in the file */
	uint32_t chunk_count;
	struct stream *streams;
	uint32_t stream_count;
	uint8_t *chunk; /* the last one that was unpacked */
	uint32_t chunk_number;
};

/* A range of the file. */
static bool within(struct span file, uint64_t offset, uint64_t length, struct span *out)
{
	if (offset > file.length || length > file.length - offset)
		return false;
	*out = (struct span){file.bytes + offset, (size_t)length};
	return true;
}

/* Raw deflate, without the header of zlib's own streams. */
static bool inflate_all(struct span in, uint8_t *out, uint32_t size)
{
	z_stream stream = {.next_in = (Bytef *)(uintptr_t)in.bytes,
	    .avail_in = (uInt)in.length,
	    .next_out = out,
	    .avail_out = size};
	if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
		return false;
	const int result = inflate(&stream, Z_FINISH);
	inflateEnd(&stream);
	return result == Z_STREAM_END && stream.avail_out == 0;
}

/* The caller frees it. NULL: damaged. what: of what, for the message. */
static uint8_t *unpack(const struct packed *packed, const char *what, struct error *error)
{
	const struct span in = packed->bytes;
	bool good = packed->size <= LARGEST;
	uint8_t *out = good ? malloc(packed->size ? packed->size : 1) : NULL;
	if (good && !out) {
		error_memory(error);
		return NULL;
	}
	if (good && packed->compression == STORED) {
		good = in.length == packed->size;
		if (good && in.length)
			memcpy(out, in.bytes, in.length);
	} else if (good && packed->compression == ZSTD) {
		good = ZSTD_decompress(out, packed->size, in.bytes, in.length) == packed->size;
	} else if (good) {
		good = packed->compression == DEFLATE && inflate_all(in, out, packed->size);
	}
	if (good)
		return out;
	if (packed->compression > DEFLATE)
		error_set(error, EXIT_USAGE,
		    "a compressed PDB (MSFZ) whose %s is packed in a way (%u) that is not understood; convert it (pdzutil decompress)",
		    what, packed->compression);
	else
		error_set(error, EXIT_USAGE, "damaged: its %s cannot be unpacked" CONTAINER_DAMAGED,
		    what);
	free(out);
	return NULL;
}

/* Notes where each stream's fragments are, and checks that they end. */
static bool read_streams(struct msfz *msfz, struct error *error)
{
	size_t at = 0;
	for (uint32_t i = 0; i < msfz->stream_count; i++) {
		struct stream *stream = &msfz->streams[i];
		uint64_t size = 0;
		stream->fragments = msfz->directory + at;
		for (uint32_t length = 1; length;) {
			if (msfz->directory_size - at < 4)
				goto damaged;
			length = load32(msfz->directory + at);
			at += 4;
			if (length == STREAM_NIL && size == 0)
				break;
			if (length && msfz->directory_size - at < 8)
				goto damaged;
			at += length ? 8 : 0;
			size += length;
			if (size > LARGEST)
				goto damaged;
		}
		stream->size = (size_t)size;
		continue;
	damaged:
		return error_set(error, EXIT_USAGE, "damaged: stream %u of %u" CONTAINER_DAMAGED, i,
		    msfz->stream_count);
	}
	return true;
}

static bool read_header(struct msfz *msfz, struct error *error)
{
	struct span file = msfz->file, chunks;
	if (file.length < HEADER_LENGTH)
		return error_set(
		    error, EXIT_USAGE, "cut off at byte %zu" CONTAINER_DAMAGED, file.length);
	const uint8_t *header = file.bytes;
	if (load64(header + 32) != 0)
		return error_set(error, EXIT_USAGE,
		    "a compressed PDB (MSFZ) of version %llu, which is not understood; convert it (pdzutil decompress)",
		    (unsigned long long)load64(header + 32));
	struct packed directory = {.compression = load32(header + 60), .size = load32(header + 68)};
	msfz->stream_count = load32(header + 56);
	msfz->chunk_count = load32(header + 72);
	if (!within(file, load64(header + 40), load32(header + 64), &directory.bytes) ||
	    msfz->stream_count > directory.size / 4)
		return error_set(error, EXIT_USAGE,
		    "damaged: a directory of %u streams at byte %llu" CONTAINER_DAMAGED,
		    msfz->stream_count, (unsigned long long)load64(header + 40));
	if (!within(file, load64(header + 48), (uint64_t)msfz->chunk_count * CHUNK_LENGTH, &chunks))
		return error_set(error, EXIT_USAGE,
		    "damaged: a table of %u chunks at byte %llu" CONTAINER_DAMAGED,
		    msfz->chunk_count, (unsigned long long)load64(header + 48));
	msfz->chunks = chunks.bytes;
	msfz->directory = unpack(&directory, "directory", error);
	msfz->directory_size = directory.size;
	return msfz->directory;
}

static void close_msfz(void *state)
{
	struct msfz *msfz = state;
	for (uint32_t i = 0; msfz->streams && i < msfz->stream_count; i++)
		free(msfz->streams[i].gathered);
	free(msfz->streams);
	free(msfz->directory);
	free(msfz->chunk);
	free(msfz);
}

static void *open_msfz(struct span file, struct error *error)
{
	struct msfz *msfz = calloc(1, sizeof *msfz);
	if (!msfz) {
		error_memory(error);
		return NULL;
	}
	msfz->file = file;
	if (!read_header(msfz, error))
		goto fail;
	msfz->streams = calloc(msfz->stream_count ? msfz->stream_count : 1, sizeof *msfz->streams);
	if (!msfz->streams)
		error_memory(error);
	else if (read_streams(msfz, error))
		return msfz;
fail:
	close_msfz(msfz);
	return NULL;
}

static uint32_t chunk_size(const struct msfz *msfz, uint32_t number)
{
	return load32(msfz->chunks + (size_t)number * CHUNK_LENGTH + 16);
}

/* The bytes of a chunk, until the next one is asked for. */
static const uint8_t *chunk_of(struct msfz *msfz, uint32_t number, struct error *error)
{
	const uint8_t *entry = msfz->chunks + (size_t)number * CHUNK_LENGTH;
	struct packed packed = {.compression = load32(entry + 8), .size = chunk_size(msfz, number)};
	if (msfz->chunk && msfz->chunk_number == number)
		return msfz->chunk;
	if (!within(msfz->file, load64(entry), load32(entry + 12), &packed.bytes)) {
		error_set(error, EXIT_USAGE,
		    "damaged: chunk %u lies beyond its end" CONTAINER_DAMAGED, number);
		return NULL;
	}
	free(msfz->chunk);
	msfz->chunk = unpack(&packed, "content", error);
	msfz->chunk_number = number;
	return msfz->chunk;
}

static bool copy_from_chunks(
    struct msfz *msfz, uint64_t location, uint8_t *out, uint32_t length, struct error *error)
{
	uint64_t number = location >> 32 & 0x7fffffff, from = location & UINT32_MAX;
	while (length) {
		if (number >= msfz->chunk_count)
			return error_set(error, EXIT_USAGE,
			    "damaged: it refers to chunk %llu of %u" CONTAINER_DAMAGED,
			    (unsigned long long)number, msfz->chunk_count);
		const uint32_t size = chunk_size(msfz, (uint32_t)number);
		if (from >= size) {
			from -= size;
			number++;
			continue;
		}
		const uint8_t *chunk = chunk_of(msfz, (uint32_t)number, error);
		if (!chunk)
			return false;
		const uint32_t count = size - from < length ? size - (uint32_t)from : length;
		memcpy(out, chunk + from, count);
		out += count;
		length -= count;
		from = 0;
		number++;
	}
	return true;
}

static bool gather(struct msfz *msfz, struct stream *stream, uint8_t *out, struct error *error)
{
	const uint8_t *at = stream->fragments;
	for (uint32_t length; (length = load32(at)) != 0; at += 12) {
		const uint64_t location = load64(at + 4);
		struct span bytes;
		if (location >> 63) {
			if (!copy_from_chunks(msfz, location, out, length, error))
				return false;
		} else if (within(
		               msfz->file, location & UINT64_C(0xffffffffffff), length, &bytes)) {
			memcpy(out, bytes.bytes, length);
		} else {
			return error_set(error, EXIT_USAGE,
			    "damaged: a stream goes on at byte %llu, beyond its end" CONTAINER_DAMAGED,
			    (unsigned long long)location);
		}
		out += length;
	}
	return true;
}

static bool stream_of(void *state, uint32_t index, struct span *out, struct error *error)
{
	struct msfz *msfz = state;
	struct stream *stream = index < msfz->stream_count ? &msfz->streams[index] : NULL;
	*out = (struct span){0};
	if (!stream || stream->size == 0)
		return true;
	if (!stream->gathered) {
		uint8_t *bytes = malloc(stream->size);
		if (!bytes)
			return error_memory(error);
		if (!gather(msfz, stream, bytes, error)) {
			free(bytes);
			return false;
		}
		stream->gathered = bytes;
	}
	*out = (struct span){stream->gathered, stream->size};
	return true;
}

const struct container container_msfz = {
    .magic = "Microsoft MSFZ Container\r\n\x1a"
             "ALD",
    .open = open_msfz,
    .stream = stream_of,
    .close = close_msfz,
};
