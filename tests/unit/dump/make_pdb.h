/* Makes little PDBs: streams are filled with records and written as an MSF file. */
#ifndef LEAKLAB_MAKE_PDB_H
#define LEAKLAB_MAKE_PDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAKE_STREAMS 9
#define MAKE_STREAM_LARGEST 65536

/* Which stream is what. */
enum make_stream {
	MAKE_INFO = 1,
	MAKE_TYPES = 2,
	MAKE_DBI = 3,
	MAKE_SYMBOLS = 5,
	MAKE_SECTIONS = 6,
	MAKE_SECTIONS_BEFORE = 7,
	MAKE_OMAP = 8,
};

struct make_pdb {
	uint8_t bytes[MAKE_STREAMS][MAKE_STREAM_LARGEST];
	size_t length[MAKE_STREAMS];
	uint32_t types;    /* records so far */
	bool is_scattered; /* the streams' blocks lie in disorder */
};

/* Info and DBI streams (GUID bytes 1 to 16, age 3), no types, no symbols, two sections at 0x1000 and 0x5000. */
void make_pdb_init(struct make_pdb *make);

void make_pdb_put16(struct make_pdb *make, enum make_stream stream, unsigned value);
void make_pdb_put32(struct make_pdb *make, enum make_stream stream, uint32_t value);
void make_pdb_put_text(
    struct make_pdb *make, enum make_stream stream, const char *text); /* with its NUL */

/* A type record: begin, put what is behind the leaf into MAKE_TYPES, end. Returns its index. */
size_t make_pdb_begin(struct make_pdb *make, unsigned leaf);
uint32_t make_pdb_end(struct make_pdb *make, size_t begun);

/* LF_MEMBER of a field list that has begun. */
void make_pdb_member(struct make_pdb *make, uint32_t type, unsigned offset, const char *name);
uint32_t make_pdb_structure(
    struct make_pdb *make, uint32_t fields, unsigned size, const char *name);

void make_pdb_public(struct make_pdb *make, unsigned segment, uint32_t offset, const char *name);

/* Code moved: OMAP from RVA to RVA. The sections symbols refer to are those of make_pdb_init() from then on. */
void make_pdb_omap(struct make_pdb *make, uint32_t from, uint32_t to);

/* The file; the caller frees it. Never NULL. */
uint8_t *make_pdb_bytes(const struct make_pdb *make, size_t *length);
/* The same as MSFZ: chunks of 300 bytes, packed in all three ways, and of each stream a part that is not packed. */
uint8_t *make_pdb_msfz(const struct make_pdb *make, size_t *length);

/* A PDB that has some of everything, for tests and as a fuzzer's seed. */
void make_pdb_sample(struct make_pdb *make);

#endif
