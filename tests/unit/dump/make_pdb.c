/* The container and the headers once more, from the writer's side. */
#include "tests/unit/dump/make_pdb.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "tests/unit/dump/make_dump.h"

#define BLOCK 512

static uint8_t *room(struct make_pdb *make, enum make_stream stream, size_t length)
{
	if (make->length[stream] + length > MAKE_STREAM_LARGEST)
		abort();
	uint8_t *at = make->bytes[stream] + make->length[stream];
	make->length[stream] += length;
	return at;
}

void make_pdb_put16(struct make_pdb *make, enum make_stream stream, unsigned value)
{
	make_store16(room(make, stream, 2), (uint16_t)value);
}

void make_pdb_put32(struct make_pdb *make, enum make_stream stream, uint32_t value)
{
	make_store32(room(make, stream, 4), value);
}

void make_pdb_put_text(struct make_pdb *make, enum make_stream stream, const char *text)
{
	memcpy(room(make, stream, strlen(text) + 1), text, strlen(text) + 1);
}

static void put_section(struct make_pdb *make, enum make_stream stream, uint32_t rva)
{
	uint8_t *header = room(make, stream, 40);
	memcpy(header, ".text", 5);
	make_store32(header + 8, 0x2000);
	make_store32(header + 12, rva);
	make_store32(header + 16, 0x2000);
}

void make_pdb_init(struct make_pdb *make)
{
	memset(make, 0, sizeof *make);
	make_pdb_put32(make, MAKE_INFO, 20000404);
	make_pdb_put32(make, MAKE_INFO, 0);
	make_pdb_put32(make, MAKE_INFO, 7);
	for (uint8_t i = 1; i <= 16; i++)
		*room(make, MAKE_INFO, 1) = i;
	make_pdb_put32(make, MAKE_INFO, 0);

	uint8_t *dbi = room(make, MAKE_DBI, 64);
	make_store32(dbi, UINT32_MAX);
	make_store32(dbi + 4, 19990903);
	make_store32(dbi + 8, 3);
	make_store16(dbi + 0x14, MAKE_SYMBOLS);
	make_store32(dbi + 0x18, 12); /* module information that nobody reads */
	make_store32(dbi + 0x30, 22);
	room(make, MAKE_DBI, 12);
	for (unsigned slot = 0; slot < 11; slot++)
		make_pdb_put16(make, MAKE_DBI, slot == 5 ? MAKE_SECTIONS : 0xffff);
	put_section(make, MAKE_SECTIONS, 0x1000);
	put_section(make, MAKE_SECTIONS, 0x5000);

	make_pdb_put32(make, MAKE_TYPES, 20040203);
	make_pdb_put32(make, MAKE_TYPES, 56);
	make_pdb_put32(make, MAKE_TYPES, 0x1000);
	room(make, MAKE_TYPES, 56 - 12);
}

size_t make_pdb_begin(struct make_pdb *make, unsigned leaf)
{
	size_t begun = make->length[MAKE_TYPES];
	make_pdb_put16(make, MAKE_TYPES, 0);
	make_pdb_put16(make, MAKE_TYPES, leaf);
	return begun;
}

static void pad(struct make_pdb *make, size_t start)
{
	for (size_t left; (left = (4 - (make->length[MAKE_TYPES] - start) % 4) % 4) != 0;)
		*room(make, MAKE_TYPES, 1) = (uint8_t)(0xf0 + left);
}

uint32_t make_pdb_end(struct make_pdb *make, size_t begun)
{
	pad(make, begun);
	make_store16(
	    make->bytes[MAKE_TYPES] + begun, (uint16_t)(make->length[MAKE_TYPES] - begun - 2));
	return 0x1000 + make->types++;
}

void make_pdb_member(struct make_pdb *make, uint32_t type, unsigned offset, const char *name)
{
	make_pdb_put16(make, MAKE_TYPES, 0x150d);
	make_pdb_put16(make, MAKE_TYPES, 3);
	make_pdb_put32(make, MAKE_TYPES, type);
	if (offset >= 0x8000)
		make_pdb_put16(make, MAKE_TYPES, 0x8002);
	make_pdb_put16(make, MAKE_TYPES, offset);
	make_pdb_put_text(make, MAKE_TYPES, name);
	pad(make, 0);
}

uint32_t make_pdb_structure(struct make_pdb *make, uint32_t fields, unsigned size, const char *name)
{
	size_t begun = make_pdb_begin(make, 0x1505);
	make_pdb_put16(make, MAKE_TYPES, fields != 0);
	make_pdb_put16(make, MAKE_TYPES, fields ? 0 : 0x80);
	make_pdb_put32(make, MAKE_TYPES, fields);
	make_pdb_put32(make, MAKE_TYPES, 0);
	make_pdb_put32(make, MAKE_TYPES, 0);
	make_pdb_put16(make, MAKE_TYPES, size);
	make_pdb_put_text(make, MAKE_TYPES, name);
	return make_pdb_end(make, begun);
}

void make_pdb_public(struct make_pdb *make, unsigned segment, uint32_t offset, const char *name)
{
	size_t length = strlen(name) + 1, padding = (4 - (14 + length) % 4) % 4;
	make_pdb_put16(make, MAKE_SYMBOLS, (unsigned)(12 + length + padding));
	make_pdb_put16(make, MAKE_SYMBOLS, 0x110e);
	make_pdb_put32(make, MAKE_SYMBOLS, 2);
	make_pdb_put32(make, MAKE_SYMBOLS, offset);
	make_pdb_put16(make, MAKE_SYMBOLS, segment);
	make_pdb_put_text(make, MAKE_SYMBOLS, name);
	room(make, MAKE_SYMBOLS, padding);
}

void make_pdb_omap(struct make_pdb *make, uint32_t from, uint32_t to)
{
	if (make->length[MAKE_OMAP] == 0) {
		uint8_t *slots = make->bytes[MAKE_DBI] + make->length[MAKE_DBI] - 22;
		make_store16(slots + 2 * 4, MAKE_OMAP);
		make_store16(slots + 2 * 10, MAKE_SECTIONS_BEFORE);
		memcpy(room(make, MAKE_SECTIONS_BEFORE, 80), make->bytes[MAKE_SECTIONS], 80);
	}
	make_pdb_put32(make, MAKE_OMAP, from);
	make_pdb_put32(make, MAKE_OMAP, to);
}

static size_t blocks_of(size_t length)
{
	return (length + BLOCK - 1) / BLOCK;
}

/* Superblock, two free block maps, the block map of the directory, the directory, the streams. */
uint8_t *make_pdb_bytes(const struct make_pdb *make, size_t *length)
{
	size_t stream_blocks = 0;
	for (size_t i = 0; i < MAKE_STREAMS; i++)
		stream_blocks += blocks_of(make->length[i]);
	size_t directory = 4 + 4 * (MAKE_STREAMS + stream_blocks),
	       directory_blocks = blocks_of(directory);
	size_t block = 4 + directory_blocks, blocks = block + stream_blocks;
	*length = blocks * BLOCK;
	uint8_t *file = calloc(1, *length);
	if (!file)
		abort();
	memcpy(file,
	    "Microsoft C/C++ MSF 7.00\r\n\x1a"
	    "DS\0\0",
	    32);
	make_store32(file + 0x20, BLOCK);
	make_store32(file + 0x24, 1);
	make_store32(file + 0x28, (uint32_t)blocks);
	make_store32(file + 0x2c, (uint32_t)directory);
	make_store32(file + 0x34, 3);
	for (size_t i = 0; i < directory_blocks; i++)
		make_store32(file + 3 * BLOCK + 4 * i, (uint32_t)(4 + i));
	uint8_t *sizes = file + 4 * BLOCK, *list = sizes + 4 + 4 * MAKE_STREAMS;
	make_store32(sizes, MAKE_STREAMS);
	for (size_t i = 0; i < MAKE_STREAMS; i++) {
		size_t count = blocks_of(make->length[i]);
		make_store32(sizes + 4 + 4 * i, (uint32_t)make->length[i]);
		for (size_t j = 0; j < count; j++) {
			size_t at = block + (make->is_scattered ? count - 1 - j : j);
			size_t left = make->length[i] - j * BLOCK;
			memcpy(file + at * BLOCK, make->bytes[i] + j * BLOCK,
			    left < BLOCK ? left : BLOCK);
			make_store32(list, (uint32_t)at);
			list += 4;
		}
		block += count;
	}
	if (make->types) {
		/* The header's last words are not known before the records. Types lie in the blocks of stream 2. */
		size_t first =
		    4 + directory_blocks + blocks_of(make->length[0]) + blocks_of(make->length[1]);
		if (make->is_scattered)
			first += blocks_of(make->length[MAKE_TYPES]) - 1;
		make_store32(file + first * BLOCK + 12, 0x1000 + make->types);
		make_store32(file + first * BLOCK + 16, (uint32_t)make->length[MAKE_TYPES] - 56);
	} else {
		make_store32(
		    file + (4 + directory_blocks + blocks_of(make->length[1])) * BLOCK + 12,
		    0x1000);
	}
	return file;
}

#define CHUNK 300
#define FILE_LARGEST ((size_t)MAKE_STREAMS * MAKE_STREAM_LARGEST * 2)

static size_t deflate_raw(uint8_t *out, size_t room, const uint8_t *in, size_t length)
{
	z_stream stream = {.next_in = (Bytef *)(uintptr_t)in,
	    .avail_in = (uInt)length,
	    .next_out = out,
	    .avail_out = (uInt)room};
	if (deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK ||
	    deflate(&stream, Z_FINISH) != Z_STREAM_END)
		abort();
	deflateEnd(&stream);
	return room - stream.avail_out;
}

static size_t pack(
    unsigned compression, uint8_t *out, size_t room, const uint8_t *in, size_t length)
{
	if (compression == 1)
		return ZSTD_compress(out, room, in, length, 3);
	if (compression == 2)
		return deflate_raw(out, room, in, length);
	memcpy(out, in, length);
	return length;
}

struct making {
	uint8_t *file, *space, *directory;
	size_t used, spaced, listed; /* bytes of them */
};

static void put_fragment(struct making *making, size_t size, uint32_t low, uint32_t high)
{
	uint8_t *at = making->directory + making->listed;
	make_store32(at, (uint32_t)size);
	make_store32(at + 4, low);
	make_store32(at + 8, high);
	making->listed += 12;
}

/* The first half goes into the space that the chunks make up, the other one into the file as it is. */
static void put_msfz_stream(struct making *making, const uint8_t *bytes, size_t length, bool is_nil)
{
	const size_t half = length / 2, rest = length - half;
	if (length) {
		put_fragment(making, half, (uint32_t)(making->spaced % CHUNK),
		    (uint32_t)(making->spaced / CHUNK) | 0x80000000);
		memcpy(making->space + making->spaced, bytes, half);
		making->spaced += half;
		put_fragment(making, rest, (uint32_t)making->used, 0);
		memcpy(making->file + making->used, bytes + half, rest);
		making->used += rest;
	}
	make_store32(making->directory + making->listed, is_nil ? UINT32_MAX : 0);
	making->listed += 4;
}

/* Returns how many. Their table lies before them. */
static uint32_t put_chunks(struct making *making)
{
	const uint32_t count = (uint32_t)((making->spaced + CHUNK - 1) / CHUNK);
	uint8_t *entry = making->file + making->used;
	making->used += (size_t)20 * count;
	for (uint32_t i = 0; i < count; i++, entry += 20) {
		const size_t from = (size_t)i * CHUNK, left = making->spaced - from,
		             size = left < CHUNK ? left : CHUNK;
		const size_t packed = pack(i % 3, making->file + making->used,
		    FILE_LARGEST - making->used, making->space + from, size);
		make_store32(entry, (uint32_t)making->used);
		make_store32(entry + 8, i % 3);
		make_store32(entry + 12, (uint32_t)packed);
		make_store32(entry + 16, (uint32_t)size);
		making->used += packed;
	}
	return count;
}

static uint8_t *zeros(size_t length)
{
	uint8_t *bytes = calloc(1, length);
	if (!bytes)
		abort();
	return bytes;
}

uint8_t *make_pdb_msfz(const struct make_pdb *make, size_t *length)
{
	struct making making = {zeros(FILE_LARGEST), zeros(FILE_LARGEST), zeros(4096), .used = 80};
	for (uint32_t i = 0; i < MAKE_STREAMS; i++) {
		uint8_t *bytes = zeros(make->length[i] + 1);
		memcpy(bytes, make->bytes[i], make->length[i]);
		if (i == MAKE_TYPES) { /* not known before the records */
			make_store32(bytes + 12, 0x1000 + make->types);
			if (make->types)
				make_store32(bytes + 16, (uint32_t)make->length[i] - 56);
		}
		put_msfz_stream(&making, bytes, make->length[i], make->length[i] == 0 && i % 2);
		free(bytes);
	}
	const size_t table = making.used;
	const uint32_t chunks = put_chunks(&making);
	const size_t packed = pack(1, making.file + making.used, FILE_LARGEST - making.used,
	    making.directory, making.listed);
	const uint32_t header[] = {0, 0, (uint32_t)making.used, 0, (uint32_t)table, 0, MAKE_STREAMS,
	    1, (uint32_t)packed, (uint32_t)making.listed, chunks, 20 * chunks};
	memcpy(making.file,
	    "Microsoft MSFZ Container\r\n\x1a"
	    "ALD\0",
	    32);
	for (size_t i = 0; i < sizeof header / sizeof header[0]; i++)
		make_store32(making.file + 32 + 4 * i, header[i]);
	*length = making.used + packed;
	free(making.space);
	free(making.directory);
	return making.file;
}

static uint32_t put_bitfield(
    struct make_pdb *make, uint32_t type, unsigned count, unsigned position)
{
	size_t begun = make_pdb_begin(make, 0x1205);
	make_pdb_put32(make, MAKE_TYPES, type);
	make_pdb_put16(make, MAKE_TYPES, count | position << 8);
	return make_pdb_end(make, begun);
}

static uint32_t put_list_entry(struct make_pdb *make)
{
	uint32_t forward = make_pdb_structure(make, 0, 0, "_LIST_ENTRY");
	size_t begun = make_pdb_begin(make, 0x1002);
	make_pdb_put32(make, MAKE_TYPES, forward);
	make_pdb_put32(make, MAKE_TYPES, 0x1000c);
	uint32_t pointer = make_pdb_end(make, begun);
	begun = make_pdb_begin(make, 0x1203);
	make_pdb_member(make, pointer, 0, "Flink");
	make_pdb_member(make, pointer, 8, "Blink");
	make_pdb_structure(make, make_pdb_end(make, begun), 16, "_LIST_ENTRY");
	return forward;
}

static uint32_t put_array(struct make_pdb *make, uint32_t type, unsigned size)
{
	size_t begun = make_pdb_begin(make, 0x1503);
	make_pdb_put32(make, MAKE_TYPES, type);
	make_pdb_put32(make, MAKE_TYPES, 0x23);
	make_pdb_put16(make, MAKE_TYPES, size);
	make_pdb_put_text(make, MAKE_TYPES, "");
	return make_pdb_end(make, begun);
}

static uint32_t put_modifier(struct make_pdb *make, uint32_t type)
{
	size_t begun = make_pdb_begin(make, 0x1001);
	make_pdb_put32(make, MAKE_TYPES, type);
	make_pdb_put16(make, MAKE_TYPES, 2);
	return make_pdb_end(make, begun);
}

static uint32_t put_enum(struct make_pdb *make)
{
	size_t begun = make_pdb_begin(make, 0x1203);
	make_pdb_put16(make, MAKE_TYPES, 0x1502);
	make_pdb_put16(make, MAKE_TYPES, 3);
	make_pdb_put16(make, MAKE_TYPES, 2);
	make_pdb_put_text(make, MAKE_TYPES, "TokenImpersonation");
	pad(make, 0);
	make_pdb_put16(make, MAKE_TYPES, 0x1502);
	make_pdb_put16(make, MAKE_TYPES, 3);
	make_pdb_put16(make, MAKE_TYPES, 0x8001); /* LF_SHORT */
	make_pdb_put16(make, MAKE_TYPES, (uint16_t)-5);
	make_pdb_put_text(make, MAKE_TYPES, "TokenStrange");
	uint32_t fields = make_pdb_end(make, begun);
	begun = make_pdb_begin(make, 0x1507);
	make_pdb_put16(make, MAKE_TYPES, 2);
	make_pdb_put16(make, MAKE_TYPES, 0);
	make_pdb_put32(make, MAKE_TYPES, 0x74);
	make_pdb_put32(make, MAKE_TYPES, fields);
	make_pdb_put_text(make, MAKE_TYPES, "_TOKEN_TYPE");
	return make_pdb_end(make, begun);
}

/* A union in its newer record, with 32 bits of properties and a numeric count. */
static uint32_t put_union2(struct make_pdb *make)
{
	size_t begun = make_pdb_begin(make, 0x1203);
	make_pdb_member(make, 0x23, 0, "AsUlonglong");
	uint32_t fields = make_pdb_end(make, begun);
	begun = make_pdb_begin(make, 0x160a);
	make_pdb_put32(make, MAKE_TYPES, 0);
	make_pdb_put32(make, MAKE_TYPES, fields);
	make_pdb_put16(make, MAKE_TYPES, 1);
	make_pdb_put16(make, MAKE_TYPES, 8);
	make_pdb_put_text(make, MAKE_TYPES, "_UNION2");
	return make_pdb_end(make, begun);
}

static void put_token(struct make_pdb *make, uint32_t list_entry)
{
	uint32_t bits = put_bitfield(make, 0x75, 3, 5);
	uint32_t array = put_array(make, put_modifier(make, list_entry), 48);
	uint32_t kind = put_enum(make), both = put_union2(make);
	/* The list goes on in another record. */
	size_t begun = make_pdb_begin(make, 0x1203);
	make_pdb_member(make, array, 0x40, "Lists");
	make_pdb_member(make, both, 0x9000, "Both");
	uint32_t rest = make_pdb_end(make, begun);
	begun = make_pdb_begin(make, 0x1203);
	make_pdb_put16(make, MAKE_TYPES, 0x1510); /* LF_NESTTYPE, which is skipped */
	make_pdb_put16(make, MAKE_TYPES, 0);
	make_pdb_put32(make, MAKE_TYPES, list_entry);
	make_pdb_put_text(make, MAKE_TYPES, "Nested");
	pad(make, 0);
	make_pdb_member(make, list_entry, 8, "Links");
	make_pdb_member(make, bits, 0x18, "Bits");
	make_pdb_member(make, kind, 0x1c, "TokenType");
	make_pdb_member(make, 0x603, 0x20, "Pointer");
	make_pdb_put16(make, MAKE_TYPES, 0x1404);
	make_pdb_put16(make, MAKE_TYPES, 0);
	make_pdb_put32(make, MAKE_TYPES, rest);
	make_pdb_structure(make, make_pdb_end(make, begun), 0x7000, "_TOKEN");
}

void make_pdb_sample(struct make_pdb *make)
{
	make_pdb_init(make);
	put_token(make, put_list_entry(make));
	make_pdb_public(make, 1, 0x10, "KiSystemStartup");
	make_pdb_public(make, 2, 0x80, "SepLogonSessions");
	make_pdb_public(make, 1, 0x40, "SepDuplicateToken");
	make_pdb_public(make, 9, 0, "OfNoSection");
}
