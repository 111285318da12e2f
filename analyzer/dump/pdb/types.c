/* The leaves of CodeView type records (microsoft-pdb: cvinfo.h; LLVM: CodeViewTypes.def), those that have to do with
 * layout; and the simple types below 0x1000. */
#include "dump/pdb/types.h"

#include <stdlib.h>
#include <string.h>

#include "dump/little_endian.h"

#define HEADER_LENGTH 56
#define CHAIN_LONGEST 16 /* modifiers of modifiers, arrays of arrays */

#define LF_MODIFIER 0x1001
#define LF_POINTER 0x1002
#define LF_ARRAY 0x1503
#define LF_CLASS 0x1504
#define LF_STRUCTURE 0x1505
#define LF_UNION 0x1506
#define LF_ENUM 0x1507
#define LF_INTERFACE 0x1519
#define LF_CLASS2 0x1608
#define LF_STRUCTURE2 0x1609
#define LF_UNION2 0x160a
#define LF_INTERFACE2 0x160b

#define PROPERTY_FORWARD 0x80u
#define PROPERTY_UNIQUE_NAME 0x200u

static bool is_composite(uint16_t leaf)
{
	switch (leaf) {
	case LF_CLASS:
	case LF_STRUCTURE:
	case LF_INTERFACE:
	case LF_UNION:
	case LF_ENUM:
	case LF_CLASS2:
	case LF_STRUCTURE2:
	case LF_INTERFACE2:
	case LF_UNION2:
		return true;
	default:
		return false;
	}
}

/* Finds where each record begins. composites: how many of them have a name. */
static bool index_records(
    struct types *types, size_t start, size_t end, uint32_t *composites, struct error *error)
{
	size_t at = start;
	for (uint32_t i = 0; i < types->count; i++) {
		uint16_t length = end - at >= 4 ? load16(types->stream.bytes + at) : 0;
		if (length < 2 || length > end - at - 2)
			return error_set(error, EXIT_USAGE,
			    "damaged: type 0x%x of 0x%x does not fit; fetch it again from the symbol server",
			    types->first + i, types->first + types->count);
		types->offset[i] = (uint32_t)at + 2;
		*composites += is_composite(load16(types->stream.bytes + at + 2));
		at += (size_t)2 + length;
	}
	return true;
}

static void index_names(struct types *types)
{
	for (uint32_t i = 0; i < types->count; i++) {
		struct composite composite;
		if (!types_composite(types, types->first + i, &composite) || composite.is_forward)
			continue;
		name_table_add(&types->names, composite.name, types->first + i);
		if (composite.unique)
			name_table_add(&types->names, composite.unique, types->first + i);
	}
}

bool types_init(struct types *types, struct span stream, struct error *error)
{
	memset(types, 0, sizeof *types);
	types->stream = stream;
	if (stream.length == 0)
		return true;
	if (stream.length < HEADER_LENGTH)
		goto damaged;
	uint32_t header = load32(stream.bytes + 4), first = load32(stream.bytes + 8);
	uint32_t end = load32(stream.bytes + 12), bytes = load32(stream.bytes + 16);
	if (header < HEADER_LENGTH || header > stream.length || bytes > stream.length - header ||
	    first < 0x1000 || end < first || end - first > bytes / 4)
		goto damaged;
	types->first = first;
	types->count = end - first;
	types->offset = calloc((size_t)types->count + 1, sizeof *types->offset);
	if (!types->offset)
		goto no_memory;
	uint32_t composites = 0;
	if (!index_records(types, header, (size_t)header + bytes, &composites, error))
		goto fail;
	if (!name_table_init(&types->names, (size_t)2 * composites))
		goto no_memory;
	index_names(types);
	return true;
damaged:
	return error_set(error, EXIT_USAGE,
	    "damaged: the header of its types; fetch it again from the symbol server");
no_memory:
	error_memory(error);
fail:
	types_deinit(types);
	return false;
}

void types_deinit(struct types *types)
{
	free(types->offset);
	name_table_deinit(&types->names);
	memset(types, 0, sizeof *types);
}

bool types_record(const struct types *types, uint32_t index, uint16_t *leaf, struct cursor *body)
{
	if (index < types->first || index - types->first >= types->count)
		return false;
	const uint8_t *record = types->stream.bytes + types->offset[index - types->first];
	*leaf = load16(record);
	*body = (struct cursor){.at = record + 2, .end = record + load16(record - 2)};
	return true;
}

/* Everything up to the name, which differs from leaf to leaf. False: not one of these. */
static bool take_head(struct cursor *body, uint16_t leaf, uint32_t *property, struct composite *out)
{
	switch (leaf) {
	case LF_CLASS:
	case LF_STRUCTURE:
	case LF_INTERFACE:
		cursor_u16(body); /* number of members */
		*property = cursor_u16(body);
		out->kind = PDB_KIND_STRUCT;
		out->fields = cursor_u32(body);
		cursor_u32(body); /* derived from */
		cursor_u32(body); /* table of virtual functions */
		out->size = (uint64_t)cursor_number(body);
		return true;
	case LF_UNION:
		cursor_u16(body);
		*property = cursor_u16(body);
		out->kind = PDB_KIND_UNION;
		out->fields = cursor_u32(body);
		out->size = (uint64_t)cursor_number(body);
		return true;
	case LF_ENUM:
		cursor_u16(body);
		*property = cursor_u16(body);
		out->kind = PDB_KIND_ENUM;
		out->underlying = cursor_u32(body);
		out->fields = cursor_u32(body);
		return true;
	case LF_CLASS2:
	case LF_STRUCTURE2:
	case LF_INTERFACE2:
		*property = cursor_u32(body);
		out->kind = PDB_KIND_STRUCT;
		out->fields = cursor_u32(body);
		cursor_u32(body);
		cursor_u32(body);
		cursor_number(body); /* number of members */
		out->size = (uint64_t)cursor_number(body);
		return true;
	case LF_UNION2:
		*property = cursor_u32(body);
		out->kind = PDB_KIND_UNION;
		out->fields = cursor_u32(body);
		cursor_number(body);
		out->size = (uint64_t)cursor_number(body);
		return true;
	default:
		return false;
	}
}

bool types_composite(const struct types *types, uint32_t index, struct composite *out)
{
	uint16_t leaf;
	struct cursor body;
	uint32_t property;
	struct composite found = {0};
	if (!types_record(types, index, &leaf, &body) || !take_head(&body, leaf, &property, &found))
		return false;
	found.name = cursor_name(&body);
	found.is_forward = property & PROPERTY_FORWARD;
	if (body.bad)
		return false;
	if (property & PROPERTY_UNIQUE_NAME) {
		found.unique = cursor_name(&body);
		if (body.bad)
			found.unique = NULL;
	}
	*out = found;
	return true;
}

/* Names that compilers give to what has none are not names: many types have them. */
static bool is_unnamed(const char *name)
{
	size_t length = strlen(name);
	return strncmp(name, "<unnamed", 8) == 0 || strncmp(name, "<anonymous", 10) == 0 ||
	       strncmp(name, "__unnamed", 9) == 0 ||
	       (length > 0 && name[length - 1] == '>' && strstr(name, "::<unnamed"));
}

static uint32_t definition_of(const struct types *types, uint32_t index)
{
	struct composite composite;
	uint32_t found;
	if (!types_composite(types, index, &composite) || !composite.is_forward)
		return index;
	if (composite.unique && name_table_find(&types->names, composite.unique, &found))
		return found;
	if (!is_unnamed(composite.name) && name_table_find(&types->names, composite.name, &found))
		return found;
	return index;
}

uint32_t types_resolve(const struct types *types, uint32_t index)
{
	for (int i = 0; i < CHAIN_LONGEST; i++) {
		uint16_t leaf;
		struct cursor body;
		if (!types_record(types, index, &leaf, &body) || leaf != LF_MODIFIER)
			break;
		index = cursor_u32(&body);
	}
	return definition_of(types, index);
}

/* Simple types: bits 0 to 7 say what it is, bits 8 to 11 whether it is a pointer to it. */
static bool describe_simple(uint32_t index, struct pdb_type *out)
{
	static const struct {
		uint8_t number, size;
		enum pdb_kind kind;
		bool is_signed;
	} known[] = {
	    {0x03, 0, PDB_KIND_VOID, false},
	    {0x08, 4, PDB_KIND_INTEGER, true},
	    {0x10, 1, PDB_KIND_INTEGER, true},
	    {0x11, 2, PDB_KIND_INTEGER, true},
	    {0x12, 4, PDB_KIND_INTEGER, true},
	    {0x13, 8, PDB_KIND_INTEGER, true},
	    {0x14, 16, PDB_KIND_INTEGER, true},
	    {0x20, 1, PDB_KIND_INTEGER, false},
	    {0x21, 2, PDB_KIND_INTEGER, false},
	    {0x22, 4, PDB_KIND_INTEGER, false},
	    {0x23, 8, PDB_KIND_INTEGER, false},
	    {0x24, 16, PDB_KIND_INTEGER, false},
	    {0x30, 1, PDB_KIND_INTEGER, false},
	    {0x31, 2, PDB_KIND_INTEGER, false},
	    {0x32, 4, PDB_KIND_INTEGER, false},
	    {0x33, 8, PDB_KIND_INTEGER, false},
	    {0x40, 4, PDB_KIND_FLOAT, true},
	    {0x41, 8, PDB_KIND_FLOAT, true},
	    {0x42, 10, PDB_KIND_FLOAT, true},
	    {0x43, 16, PDB_KIND_FLOAT, true},
	    {0x46, 2, PDB_KIND_FLOAT, true},
	    {0x68, 1, PDB_KIND_INTEGER, true},
	    {0x69, 1, PDB_KIND_INTEGER, false},
	    {0x70, 1, PDB_KIND_INTEGER, true},
	    {0x71, 2, PDB_KIND_INTEGER, false},
	    {0x72, 2, PDB_KIND_INTEGER, true},
	    {0x73, 2, PDB_KIND_INTEGER, false},
	    {0x74, 4, PDB_KIND_INTEGER, true},
	    {0x75, 4, PDB_KIND_INTEGER, false},
	    {0x76, 8, PDB_KIND_INTEGER, true},
	    {0x77, 8, PDB_KIND_INTEGER, false},
	    {0x78, 16, PDB_KIND_INTEGER, true},
	    {0x79, 16, PDB_KIND_INTEGER, false},
	    {0x7a, 2, PDB_KIND_INTEGER, false},
	    {0x7b, 4, PDB_KIND_INTEGER, false},
	    {0x7c, 1, PDB_KIND_INTEGER, false},
	};
	/* near, far, huge: 2, 4, 4; 32-bit: 4, 6; 64-bit: 8; 128-bit: 16 */
	static const uint8_t pointer_sizes[8] = {0, 2, 4, 4, 4, 6, 8, 16};
	*out = (struct pdb_type){.kind = PDB_KIND_UNKNOWN, .index = index};
	unsigned mode = index >> 8 & 0xf;
	if (mode != 0) {
		*out = (struct pdb_type){.kind = PDB_KIND_POINTER,
		    .index = index,
		    .size = mode < 8 ? pointer_sizes[mode] : 0,
		    .target = index & 0xff};
		return true;
	}
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (known[i].number == (index & 0xff)) {
			out->kind = known[i].kind;
			out->size = known[i].size;
			out->is_signed = known[i].is_signed;
			break;
		}
	}
	return true;
}

static bool describe(const struct types *types, uint32_t index, int depth, struct pdb_type *out);

static bool describe_composite(
    const struct types *types, uint32_t index, int depth, struct pdb_type *out)
{
	struct composite composite;
	struct pdb_type integer = {0};
	if (!types_composite(types, index, &composite))
		return false;
	*out = (struct pdb_type){
	    .kind = composite.is_forward ? PDB_KIND_UNKNOWN : composite.kind,
	    .index = index,
	    .size = composite.size,
	    .name = composite.name,
	};
	if (composite.kind == PDB_KIND_ENUM &&
	    describe(types, composite.underlying, depth + 1, &integer)) {
		out->size = integer.size;
		out->is_signed = integer.is_signed;
		out->target = composite.underlying;
	}
	return true;
}

static bool describe(const struct types *types, uint32_t index, int depth, struct pdb_type *out)
{
	uint16_t leaf;
	struct cursor body;
	if (depth > CHAIN_LONGEST)
		return false;
	index = types_resolve(types, index);
	if (index < 0x1000)
		return describe_simple(index, out);
	if (!types_record(types, index, &leaf, &body))
		return false;
	if (is_composite(leaf))
		return describe_composite(types, index, depth, out);
	struct pdb_type type = {.kind = PDB_KIND_UNKNOWN, .index = index}, element;
	if (leaf == LF_POINTER) {
		type.kind = PDB_KIND_POINTER;
		type.target = cursor_u32(&body);
		type.size = cursor_u32(&body) >> 13 & 0x3f;
	} else if (leaf == LF_ARRAY) {
		type.kind = PDB_KIND_ARRAY;
		type.target = cursor_u32(&body);
		cursor_u32(&body); /* type of the subscript */
		type.size = (uint64_t)cursor_number(&body);
		if (!body.bad && describe(types, type.target, depth + 1, &element) && element.size)
			type.count = type.size / element.size;
	}
	if (body.bad)
		return false;
	*out = type;
	return true;
}

bool types_describe(const struct types *types, uint32_t index, struct pdb_type *out)
{
	return describe(types, index, 0, out);
}
