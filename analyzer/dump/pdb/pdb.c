/* The streams of a PDB and what its headers say (LLVM: "The PDB Info Stream", "The PDB DBI Stream"). */
#include "dump/pdb/pdb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump/little_endian.h"
#include "dump/pdb/members.h"
#include "dump/pdb/streams.h"
#include "dump/pdb/publics.h"
#include "dump/pdb/sections.h"
#include "dump/pdb/types.h"

#define STREAM_INFO 1
#define STREAM_TYPES 2
#define STREAM_DBI 3
#define STREAM_NONE 0xffff

#define INFO_LENGTH 28
#define INFO_VERSION_FIRST 20000404 /* with a GUID */
#define DBI_LENGTH 64

struct pdb {
	struct streams *streams;
	struct pdb_identity identity;
	struct types types;
	struct sections sections;
	struct publics publics;
	char *name; /* last part of the path, for messages */
};

bool pdb_identity_equal(const struct pdb_identity *left, const struct pdb_identity *right)
{
	return left->age == right->age && memcmp(left->guid, right->guid, sizeof left->guid) == 0;
}

const char *pdb_identity_text(const struct pdb_identity *identity, char text[PDB_IDENTITY_TEXT])
{
	const uint8_t *guid = identity->guid;
	int used = snprintf(text, PDB_IDENTITY_TEXT, "%08X%04X%04X", load32(guid), load16(guid + 4),
	    load16(guid + 6));
	for (size_t i = 8; i < 16; i++)
		used += snprintf(text + used, PDB_IDENTITY_TEXT - (size_t)used, "%02X", guid[i]);
	snprintf(text + used, PDB_IDENTITY_TEXT - (size_t)used, "%X", identity->age);
	return text;
}

/* Tools that add to a PDB count up the info stream's age; the DBI stream's stays that of the image. */
static bool read_identity(struct streams *streams, struct pdb_identity *out, struct error *error)
{
	struct span info, dbi;
	if (!streams_get(streams, STREAM_INFO, &info, error) ||
	    !streams_get(streams, STREAM_DBI, &dbi, error))
		return false;
	if (info.length < INFO_LENGTH || load32(info.bytes) < INFO_VERSION_FIRST)
		return error_set(error, EXIT_USAGE,
		    "damaged: its info stream has no GUID; fetch it again from the symbol server");
	if (dbi.length != 0 && (dbi.length < DBI_LENGTH || load32(dbi.bytes) != UINT32_MAX))
		return error_set(error, EXIT_USAGE,
		    "damaged: the header of its DBI stream; fetch it again from the symbol server");
	out->age = load32(dbi.length ? dbi.bytes + 8 : info.bytes + 8);
	memcpy(out->guid, info.bytes + 12, sizeof out->guid);
	return true;
}

/* The optional debug header comes after the five substreams of which only the lengths matter here, and EC. */
static bool find_debug_header(struct span dbi, struct span *out, struct error *error)
{
	static const size_t lengths[] = {0x18, 0x1c, 0x20, 0x24, 0x28, 0x34};
	uint64_t at = DBI_LENGTH;
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
		at += load32(dbi.bytes + lengths[i]);
	uint32_t length = load32(dbi.bytes + 0x30);
	if (at > dbi.length || length > dbi.length - at)
		return error_set(error, EXIT_USAGE,
		    "damaged: the parts of its DBI stream do not fit; fetch it again from the symbol server");
	*out = (struct span){.bytes = dbi.bytes + at, .length = length};
	return true;
}

static bool read_dbi(struct pdb *pdb, struct error *error)
{
	struct span dbi, debug_header, symbols = {0};
	if (!streams_get(pdb->streams, STREAM_DBI, &dbi, error))
		return false;
	if (dbi.length == 0)
		return true;
	uint16_t stream = load16(dbi.bytes + 0x14);
	return find_debug_header(dbi, &debug_header, error) &&
	       sections_init(&pdb->sections, pdb->streams, debug_header, error) &&
	       (stream == STREAM_NONE || streams_get(pdb->streams, stream, &symbols, error)) &&
	       publics_init(&pdb->publics, symbols, &pdb->sections, error);
}

static bool read_types(struct pdb *pdb, struct error *error)
{
	struct span stream;
	return streams_get(pdb->streams, STREAM_TYPES, &stream, error) &&
	       types_init(&pdb->types, stream, error);
}

struct pdb *pdb_open(const char *path, struct error *error)
{
	const char *slash = strrchr(path, '/');
	struct pdb *pdb = calloc(1, sizeof *pdb);
	if (!pdb || asprintf(&pdb->name, "%s", slash ? slash + 1 : path) < 0) {
		free(pdb);
		error_set(error, EXIT_TARGET, "reading %s: out of memory", path);
		return NULL;
	}
	pdb->streams = streams_open(path, error);
	if (!pdb->streams || !read_identity(pdb->streams, &pdb->identity, error) ||
	    !read_dbi(pdb, error) || !read_types(pdb, error)) {
		error_prefix(error, "reading %s", path);
		pdb_close(pdb);
		return NULL;
	}
	return pdb;
}

void pdb_close(struct pdb *pdb)
{
	if (!pdb)
		return;
	types_deinit(&pdb->types);
	publics_deinit(&pdb->publics);
	streams_close(pdb->streams);
	free(pdb->name);
	free(pdb);
}

bool pdb_read_identity(const char *path, struct pdb_identity *out, struct error *error)
{
	struct streams *streams = streams_open(path, error);
	bool good = streams && read_identity(streams, out, error);
	streams_close(streams);
	return good || error_prefix(error, "reading %s", path);
}

const struct pdb_identity *pdb_identity(const struct pdb *pdb)
{
	return &pdb->identity;
}

bool pdb_has_types(const struct pdb *pdb)
{
	return pdb->types.names.used > 0;
}

bool pdb_find_public(const struct pdb *pdb, const char *name, uint32_t *rva)
{
	return publics_find(&pdb->publics, name, rva);
}

bool pdb_nearest_public(struct pdb *pdb, uint32_t rva, struct pdb_public *out)
{
	return publics_nearest(&pdb->publics, &pdb->sections, rva, out);
}

bool pdb_next_public(const struct pdb *pdb, size_t *cursor, struct pdb_public *out)
{
	if (*cursor >= pdb->publics.count)
		return false;
	*out = pdb->publics.item[(*cursor)++];
	return true;
}

bool pdb_type_by_index(const struct pdb *pdb, uint32_t index, struct pdb_type *out)
{
	return types_describe(&pdb->types, index, out);
}

bool pdb_find_type(const struct pdb *pdb, const char *name, struct pdb_type *out)
{
	uint32_t index;
	return name_table_find(&pdb->types.names, name, &index) &&
	       types_describe(&pdb->types, index, out);
}

bool pdb_next_type(const struct pdb *pdb, size_t *cursor, uint32_t *index)
{
	if (*cursor >= pdb->types.count)
		return false;
	*index = pdb->types.first + (uint32_t)(*cursor)++;
	return true;
}

/* A field wanted by name, of the length of one part of a path. */
struct search {
	const char *name;
	size_t length;
	struct field field;
	bool found;
};

static bool compare_field(void *context, const struct field *field)
{
	struct search *search = context;
	if (strncmp(field->name, search->name, search->length) != 0 ||
	    field->name[search->length] != '\0')
		return true;
	search->field = *field;
	search->found = true;
	return false;
}

static bool find_field(const struct pdb *pdb, uint32_t index, struct search *search)
{
	struct composite composite;
	if (types_composite(&pdb->types, index, &composite) && composite.fields)
		members_each(&pdb->types, composite.fields, compare_field, search);
	return search->found;
}

bool pdb_find_member(const struct pdb *pdb, const char *type, const char *path,
    struct pdb_member *out, struct error *error)
{
	struct pdb_member member = {0};
	if (!pdb_find_type(pdb, type, &member.type))
		return error_set(error, EXIT_USAGE, "%s has no type %s", pdb->name, type);
	uint64_t offset = 0;
	for (const char *part = path;; part++) {
		struct search search = {.name = part, .length = strcspn(part, ".")};
		bool is_structure =
		    member.type.kind == PDB_KIND_STRUCT || member.type.kind == PDB_KIND_UNION;
		if (!is_structure || !find_field(pdb, member.type.index, &search) ||
		    search.field.is_enumerator ||
		    !members_describe(&pdb->types, &search.field, &member))
			return error_set(error, EXIT_USAGE,
			    "%s has no member %.*s in %s (wanted: %s.%s)", pdb->name,
			    (int)search.length, part,
			    member.type.name ? member.type.name : "what is not a structure", type,
			    path);
		offset += member.offset;
		part += search.length;
		if (*part == '\0')
			break;
	}
	member.offset = offset;
	*out = member;
	return true;
}

bool pdb_find_enum_value(const struct pdb *pdb, const char *type, const char *name, int64_t *out)
{
	uint32_t index;
	struct search search = {.name = name, .length = strlen(name)};
	if (!name_table_find(&pdb->types.names, type, &index) || !find_field(pdb, index, &search) ||
	    !search.field.is_enumerator)
		return false;
	*out = search.field.number;
	return true;
}

struct visit {
	const struct pdb *pdb;
	bool (*member)(void *context, const char *name, const struct pdb_member *member);
	void *context;
	bool damaged;
};

static bool visit_field(void *context, const struct field *field)
{
	struct visit *visit = context;
	struct pdb_member member;
	if (field->is_enumerator)
		return true;
	if (!members_describe(&visit->pdb->types, field, &member)) {
		visit->damaged = true;
		return false;
	}
	return visit->member(visit->context, field->name, &member);
}

bool pdb_each_member(const struct pdb *pdb, uint32_t index,
    bool (*visit)(void *context, const char *name, const struct pdb_member *member), void *context)
{
	struct composite composite;
	struct visit state = {.pdb = pdb, .member = visit, .context = context};
	if (!types_composite(&pdb->types, types_resolve(&pdb->types, index), &composite) ||
	    composite.is_forward || composite.kind == PDB_KIND_ENUM)
		return false;
	return composite.fields == 0 ||
	       (members_each(&pdb->types, composite.fields, visit_field, &state) && !state.damaged);
}
