/* libarchive knows cabinets that are stored, MSZIP or LZX; not Quantum, which no symbol store uses. */
#include "dump/pdb/cabinet.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>

#define LARGEST ((size_t)256 << 20) /* a kernel's PDB has some 10 to 40 MiB */
#define UNPACK "; unpack it by hand (cabextract FILE)"

static bool refuse(struct archive *archive, struct error *error)
{
	const char *why = archive ? archive_error_string(archive) : NULL;
	return error_set(error, EXIT_USAGE,
	    "a packed PDB (.pd_, a Windows cabinet) that cannot be unpacked: %s" UNPACK,
	    why ? why : "out of memory");
}

/* What the entry's header says of its size is not trusted. */
static bool read_all(struct archive *archive, uint8_t **out, size_t *length, struct error *error)
{
	size_t room = 0;
	*out = NULL;
	*length = 0;
	for (;;) {
		if (*length == room) {
			room = room ? room * 2 : (size_t)1 << 20;
			uint8_t *larger = room <= LARGEST ? realloc(*out, room) : NULL;
			if (!larger)
				return error_set(error, EXIT_USAGE,
				    "a packed PDB (.pd_) of more than %zu MiB" UNPACK,
				    *length >> 20);
			*out = larger;
		}
		la_ssize_t got = archive_read_data(archive, *out + *length, room - *length);
		if (got < 0)
			return refuse(archive, error);
		if (got == 0)
			return true;
		*length += (size_t)got;
	}
}

bool cabinet_unpack(struct span cabinet, uint8_t **out, size_t *length, struct error *error)
{
	struct archive *archive = archive_read_new();
	struct archive_entry *entry;
	*out = NULL;
	if (!archive || archive_read_support_format_cab(archive) != ARCHIVE_OK ||
	    archive_read_open_memory(archive, cabinet.bytes, cabinet.length) != ARCHIVE_OK ||
	    archive_read_next_header(archive, &entry) != ARCHIVE_OK) {
		refuse(archive, error);
		goto fail;
	}
	if (!read_all(archive, out, length, error))
		goto fail;
	archive_read_free(archive);
	return true;
fail:
	archive_read_free(archive);
	free(*out);
	*out = NULL;
	return false;
}
