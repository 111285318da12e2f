/* The leaves within LF_FIELDLIST. Each has to be understood as far as its length, because only that says where
 * the next one begins. */
#include "dump/pdb/members.h"

#define LF_BITFIELD 0x1205
#define LF_FIELDLIST 0x1203

#define LF_BCLASS 0x1400
#define LF_VBCLASS 0x1401
#define LF_IVBCLASS 0x1402
#define LF_INDEX 0x1404
#define LF_VFUNCTAB 0x1409
#define LF_FRIENDCLS 0x140a
#define LF_VFUNCOFF 0x140c
#define LF_ENUMERATE 0x1502
#define LF_FRIENDFCN 0x150c
#define LF_MEMBER 0x150d
#define LF_STMEMBER 0x150e
#define LF_METHOD 0x150f
#define LF_NESTTYPE 0x1510
#define LF_ONEMETHOD 0x1511
#define LF_NESTTYPEEX 0x1512
#define LF_BINTERFACE 0x151a

/* A list of more than 64 KiB goes on in another record; this many would hold millions of members. It ends loops. */
#define CONTINUATIONS_LARGEST 1024

static void skip_padding(struct cursor *list)
{
	while (list->at < list->end && *list->at >= 0xf0) {
		size_t length = *list->at & 0xf;
		if (length == 0)
			length = 1;
		list->at += length < (size_t)(list->end - list->at)
		                ? length
		                : (size_t)(list->end - list->at);
	}
}

/* Virtual functions that are introduced here have an offset in the table behind the type. */
static void skip_method(struct cursor *list)
{
	unsigned property = cursor_u16(list) >> 2 & 7;
	cursor_u32(list);
	if (property == 4 || property == 6)
		cursor_u32(list);
	cursor_name(list);
}

/* Members without a layout of their own. False: unknown. */
static bool skip_leaf(struct cursor *list, uint16_t leaf)
{
	cursor_u16(list); /* attributes, a count or padding: all of these begin with two bytes */
	switch (leaf) {
	case LF_BCLASS:
	case LF_BINTERFACE:
		cursor_u32(list);
		cursor_number(list);
		return true;
	case LF_VBCLASS:
	case LF_IVBCLASS:
		cursor_u32(list);
		cursor_u32(list);
		cursor_number(list);
		cursor_number(list);
		return true;
	case LF_VFUNCTAB:
	case LF_FRIENDCLS:
		cursor_u32(list);
		return true;
	case LF_VFUNCOFF:
		cursor_u32(list);
		cursor_u32(list);
		return true;
	case LF_FRIENDFCN:
	case LF_STMEMBER:
	case LF_METHOD:
	case LF_NESTTYPE:
	case LF_NESTTYPEEX:
		cursor_u32(list);
		cursor_name(list);
		return true;
	default:
		return false;
	}
}

/* Takes one leaf. *next: the list that goes on, if this leaf says so. False: damaged. */
static bool take_leaf(struct cursor *list, struct field *field, bool *is_field, uint32_t *next)
{
	uint16_t leaf = cursor_u16(list);
	*is_field = false;
	switch (leaf) {
	case LF_MEMBER:
		cursor_u16(list);
		*field = (struct field){.type = cursor_u32(list)};
		field->number = cursor_number(list);
		field->name = cursor_name(list);
		*is_field = true;
		break;
	case LF_ENUMERATE:
		cursor_u16(list);
		*field = (struct field){.is_enumerator = true};
		field->number = cursor_number(list);
		field->name = cursor_name(list);
		*is_field = true;
		break;
	case LF_INDEX:
		cursor_u16(list);
		*next = cursor_u32(list);
		break;
	case LF_ONEMETHOD:
		skip_method(list);
		break;
	default:
		if (!skip_leaf(list, leaf))
			return false;
	}
	skip_padding(list);
	return !list->bad;
}

bool members_each(const struct types *types, uint32_t list,
    bool (*visit)(void *context, const struct field *field), void *context)
{
	for (int i = 0; i < CONTINUATIONS_LARGEST; i++) {
		uint16_t leaf;
		struct cursor cursor;
		uint32_t next = 0;
		if (!types_record(types, list, &leaf, &cursor) || leaf != LF_FIELDLIST)
			return false;
		while (cursor.at < cursor.end) {
			struct field field;
			bool is_field;
			if (!take_leaf(&cursor, &field, &is_field, &next))
				return false;
			if (is_field && !visit(context, &field))
				return true;
		}
		if (next == 0)
			return true;
		list = next;
	}
	return false;
}

bool members_describe(const struct types *types, const struct field *field, struct pdb_member *out)
{
	struct pdb_member member = {.offset = (uint64_t)field->number};
	uint16_t leaf;
	struct cursor body;
	uint32_t type = field->type;
	if (types_record(types, type, &leaf, &body) && leaf == LF_BITFIELD) {
		type = cursor_u32(&body);
		member.is_bitfield = true;
		member.bit_count = cursor_u8(&body);
		member.bit_position = cursor_u8(&body);
		if (body.bad)
			return false;
	}
	if (field->number < 0 || !types_describe(types, type, &member.type))
		return false;
	*out = member;
	return true;
}
