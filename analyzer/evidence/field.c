/* What can be done with any record by its table alone. */
#include "evidence/field.h"

#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/intern.h"

void record_clear(const struct record *record, void *item)
{
	memcpy(item, record->blank, record->size);
}

static bool has_lists(const struct record *record)
{
	FIELD_EACH(field, record)
	{
		if (field->kind == FIELD_LIST)
			return true;
	}
	return false;
}

void record_deinit(const struct record *record, void *item)
{
	FIELD_EACH(field, record)
	{
		if (field->kind != FIELD_LIST)
			continue;
		for (size_t i = 0; has_lists(field->of) && i < FIELD_COUNT_OF(item, field); i++)
			record_deinit(field->of, field_item(item, field, i));
		free(FIELD_AT(void *, item, field));
		FIELD_AT(void *, item, field) = NULL;
		FIELD_COUNT_AT(item, field) = 0;
	}
}

void *field_add(void *item, const struct field *list)
{
	size_t *count = &FIELD_COUNT_AT(item, list);
	if (!array_reserve(&FIELD_AT(void *, item, list), *count, list->of->size))
		return NULL;
	void *added = field_item(item, list, *count);
	record_clear(list->of, added);
	++*count;
	return added;
}

bool field_is_known(const void *item, const struct field *field)
{
	switch (field->kind) {
	case FIELD_TEXT:
		return FIELD_OF(char *, item, field);
	case FIELD_NUMBER:
	case FIELD_TIME:
		return FIELD_OF(int64_t, item, field) != NUMBER_UNKNOWN;
	case FIELD_LUID:
		return FIELD_OF(uint64_t, item, field) != LUID_UNKNOWN;
	case FIELD_YES_NO:
		return FIELD_OF(enum yes_no, item, field) != YES_NO_UNKNOWN;
	case FIELD_FLAG:
		return FIELD_OF(bool, item, field);
	case FIELD_COUNT:
		return FIELD_OF(int64_t, item, field) != 0;
	case FIELD_WORD:
		return FIELD_OF(int, item, field) != 0;
	case FIELD_LIST:
		return FIELD_COUNT_OF(item, field) > 0;
	}
	return false;
}

static bool same_list(const struct field *list, const void *a, const void *b)
{
	const size_t count = FIELD_COUNT_OF(a, list);
	if (count != FIELD_COUNT_OF(b, list))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!record_same(list->of, field_item(a, list, i), field_item(b, list, i)))
			return false;
	}
	return true;
}

static bool same_value(const struct field *field, const void *a, const void *b)
{
	switch (field->kind) {
	case FIELD_TEXT: {
		const char *one = FIELD_OF(char *, a, field), *other = FIELD_OF(char *, b, field);
		return one == other || (one && other && strcmp(one, other) == 0);
	}
	case FIELD_NUMBER:
	case FIELD_COUNT:
	case FIELD_TIME:
		return FIELD_OF(int64_t, a, field) == FIELD_OF(int64_t, b, field);
	case FIELD_LUID:
		return FIELD_OF(uint64_t, a, field) == FIELD_OF(uint64_t, b, field);
	case FIELD_YES_NO:
		return FIELD_OF(enum yes_no, a, field) == FIELD_OF(enum yes_no, b, field);
	case FIELD_FLAG:
		return FIELD_OF(bool, a, field) == FIELD_OF(bool, b, field);
	case FIELD_WORD:
		return FIELD_OF(int, a, field) == FIELD_OF(int, b, field);
	case FIELD_LIST:
		return same_list(field, a, b);
	}
	return false;
}

bool record_same(const struct record *record, const void *a, const void *b)
{
	FIELD_EACH(field, record)
	{
		if (!same_value(field, a, b))
			return false;
	}
	return true;
}

static size_t size_of(enum field_kind kind)
{
	switch (kind) {
	case FIELD_TEXT:
		return sizeof(char *);
	case FIELD_NUMBER:
	case FIELD_COUNT:
	case FIELD_TIME:
	case FIELD_LUID:
		return sizeof(int64_t);
	case FIELD_YES_NO:
		return sizeof(enum yes_no);
	case FIELD_FLAG:
		return sizeof(bool);
	case FIELD_WORD:
		return sizeof(int);
	case FIELD_LIST:
		break;
	}
	return 0;
}

bool record_fill(const struct record *record, void *to, const void *from, struct intern *pool)
{
	FIELD_EACH(field, record)
	{
		if (field->kind == FIELD_LIST || field_is_known(to, field) ||
		    !field_is_known(from, field))
			continue;
		memcpy(
		    (char *)to + field->at, (const char *)from + field->at, size_of(field->kind));
		if (field->kind != FIELD_TEXT)
			continue;
		const char **text = &FIELD_AT(const char *, to, field);
		*text = intern_string(pool, *text, strlen(*text));
		if (!*text)
			return false;
	}
	return true;
}

bool record_copy(const struct record *record, void *to, const void *from, struct intern *pool)
{
	FIELD_EACH(field, record)
	{
		if (field->kind != FIELD_LIST)
			continue;
		for (size_t i = 0; i < FIELD_COUNT_OF(from, field); i++) {
			void *row = field_add(to, field);
			if (!row || !record_copy(field->of, row, field_item(from, field, i), pool))
				return false;
		}
	}
	return record_fill(record, to, from, pool);
}
