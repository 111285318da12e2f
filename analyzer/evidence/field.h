/* How a record's fields are declared: once, as a table, from which come its struct, its unknown values, its JSON, its table in a
 * run file, the manual's list of fields and its tests. The macros make struct and table, plain loops do the rest.
 *
 *	#define SESSION_FIELDS(F, K, W, L, R)                              \
 *	        K(R, NUMBER, id, "id", "session ID")                       \
 *	        F(R, TEXT, user, "user", "who is logged on")
 *	RECORD_DECLARE(session, SESSION_FIELDS)      in a header
 *	RECORD_DEFINE(session, SESSION_FIELDS)       in one source file
 *
 * F: a field. K: one that a record must have. W: a word of a list of words. L: a list of other records, kept as a pointer and a
 * count. The JSON name may be "object.key". */
#ifndef LEAKLAB_FIELD_H
#define LEAKLAB_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NUMBER_UNKNOWN INT64_MIN
#define LUID_UNKNOWN UINT64_MAX

enum yes_no { YES_NO_UNKNOWN = -1, NO = 0, YES = 1 };

enum field_kind {
	FIELD_TEXT,   /* UTF-8, interned; NULL: unknown */
	FIELD_NUMBER, /* not negative; NUMBER_UNKNOWN */
	FIELD_TIME, /* microseconds since 1970 (UTC); TIMESTAMP_UNKNOWN, which is NUMBER_UNKNOWN */
	FIELD_LUID, /* HighPart << 32 | LowPart; LUID_UNKNOWN */
	FIELD_YES_NO, /* enum yes_no */
	FIELD_FLAG,   /* bool; what is not said is false */
	FIELD_COUNT,  /* int64_t; what is not said is 0 */
	FIELD_WORD,   /* an index into the field's words; 0: unknown */
	FIELD_LIST,   /* records */
};

#define FIELD_TYPE_TEXT const char *
#define FIELD_TYPE_NUMBER int64_t
#define FIELD_TYPE_TIME int64_t
#define FIELD_TYPE_LUID uint64_t
#define FIELD_TYPE_YES_NO enum yes_no
#define FIELD_TYPE_FLAG bool
#define FIELD_TYPE_COUNT int64_t

struct field {
	const char *name; /* of the C member and of the column in a run file */
	const char *json;
	const char *doc; /* what it means, for the manual */
	enum field_kind kind;
	bool required;
	size_t at;                /* offset of the member; of a list: of its pointer */
	size_t count_at;          /* of a list: of its count */
	const char *const *words; /* of a word; words[0] is NULL */
	size_t word_count;        /* with words[0] */
	const struct record *of;  /* of a list */
};

struct record {
	const char *name;
	size_t size;
	const void *blank; /* one of which nothing is known */
	const struct field *fields;
	size_t count;
};

#define FIELD_MEMBER(R, kind, member, json, doc) FIELD_TYPE_##kind member;
#define FIELD_MEMBER_WORD(R, type, words, member, json, doc) enum type member;
#define FIELD_MEMBER_LIST(R, of, member, count, json, doc)                                         \
	struct of *member;                                                                         \
	size_t count;

#define RECORD_DECLARE(R, FIELDS)                                                                  \
	struct R {                                                                                 \
		FIELDS(FIELD_MEMBER, FIELD_MEMBER, FIELD_MEMBER_WORD, FIELD_MEMBER_LIST, R)        \
	};                                                                                         \
	extern const struct record R##_record;

#define FIELD_ROW(R, kind, member, json, doc)                                                      \
	{#member, json, doc, FIELD_##kind, false, offsetof(struct R, member), 0, NULL, 0, NULL},
#define FIELD_ROW_KEY(R, kind, member, json, doc)                                                  \
	{#member, json, doc, FIELD_##kind, true, offsetof(struct R, member), 0, NULL, 0, NULL},
#define FIELD_ROW_WORD(R, type, words, member, json, doc)                                          \
	{#member, json, doc, FIELD_WORD, false, offsetof(struct R, member), 0, words,              \
	    sizeof words / sizeof *words, NULL},
#define FIELD_ROW_LIST(R, of, member, count, json, doc)                                            \
	{#member, json, doc, FIELD_LIST, false, offsetof(struct R, member),                        \
	    offsetof(struct R, count), NULL, 0, &of##_record},

#define FIELD_UNKNOWN_TEXT NULL
#define FIELD_UNKNOWN_NUMBER NUMBER_UNKNOWN
#define FIELD_UNKNOWN_TIME NUMBER_UNKNOWN
#define FIELD_UNKNOWN_LUID LUID_UNKNOWN
#define FIELD_UNKNOWN_YES_NO YES_NO_UNKNOWN
#define FIELD_UNKNOWN_FLAG false
#define FIELD_UNKNOWN_COUNT 0
#define FIELD_BLANK(R, kind, member, json, doc) .member = FIELD_UNKNOWN_##kind,
#define FIELD_BLANK_WORD(R, type, words, member, json, doc) .member = 0,
#define FIELD_BLANK_LIST(R, of, member, count, json, doc) .member = NULL, .count = 0,

#define RECORD_DEFINE(R, FIELDS)                                                                   \
	static const struct field R##_fields[] = {                                                 \
	    FIELDS(FIELD_ROW, FIELD_ROW_KEY, FIELD_ROW_WORD, FIELD_ROW_LIST, R)};                  \
	static const struct R R##_blank = {                                                        \
	    FIELDS(FIELD_BLANK, FIELD_BLANK, FIELD_BLANK_WORD, FIELD_BLANK_LIST, R)};              \
	const struct record R##_record = {                                                         \
	    #R, sizeof(struct R), &R##_blank, R##_fields, sizeof R##_fields / sizeof *R##_fields};

#define FIELD_EACH(field, record)                                                                  \
	for (const struct field *field = (record)->fields;                                         \
	     field < (record)->fields + (record)->count; field++)

/* The members of a record that lies at `item`. */
#define FIELD_AT(type, item, field) (*(type *)((char *)(item) + (field)->at))
#define FIELD_OF(type, item, field) (*(type const *)((const char *)(item) + (field)->at))
#define FIELD_COUNT_AT(item, field) (*(size_t *)((char *)(item) + (field)->count_at))
#define FIELD_COUNT_OF(item, field) (*(size_t const *)((const char *)(item) + (field)->count_at))

/* The i-th record of a list. */
static inline void *field_item(const void *item, const struct field *list, size_t i)
{
	return FIELD_OF(char *, item, list) + i * list->of->size;
}

/* Sets every field to unknown, every list to empty. */
void record_clear(const struct record *record, void *item);
/* Frees its lists and theirs; not the item itself, nor texts, which belong to their pool. */
void record_deinit(const struct record *record, void *item);
/* A new record of the list, with every field unknown; valid until the next. NULL: memory is out. */
void *field_add(void *item, const struct field *list);

/* Whether something is known of the field; of a list: whether it has records. */
bool field_is_known(const void *item, const struct field *field);
/* True if both have the same, lists in the same order. */
bool record_same(const struct record *record, const void *a, const void *b);

struct intern;
/* Takes over what `to` does not know, texts as copies in the pool; lists are left alone. False: memory is out. */
bool record_fill(const struct record *record, void *to, const void *from, struct intern *pool);
/* Makes `to`, which was just added, the same as `from`, with lists and with texts as copies in the pool. */
bool record_copy(const struct record *record, void *to, const void *from, struct intern *pool);

#endif
