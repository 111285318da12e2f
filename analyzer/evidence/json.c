/* The JSON form of a snapshot on its way in. Wrong values are named by their path (handles[3].luid). */
#include "evidence/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "evidence/json_parts.h"
#include "evidence/json_stream.h"
#include "evidence/old_json.h"

/* What is being read, for messages: lists and places in them, from the outside in. */
struct place {
	const struct place *outer;
	const char *list;
	size_t index;
};

struct reading {
	struct snapshot *snapshot;
	struct error *error;
};

static size_t path_of(const struct place *place, char *out, size_t size)
{
	if (!place)
		return 0;
	size_t used = path_of(place->outer, out, size);
	if (used < size)
		used += (size_t)snprintf(out + used, size - used, "%s%s[%zu]", used ? "." : "",
		    place->list, place->index);
	return used;
}

static bool fail(const struct reading *reading, const struct place *place, const char *key,
    const char *wanted, const json_t *value)
{
	static const char *const types[] = {
	    [JSON_OBJECT] = "an object",
	    [JSON_ARRAY] = "an array",
	    [JSON_STRING] = "a string",
	    [JSON_INTEGER] = "an integer",
	    [JSON_REAL] = "a real number",
	    [JSON_TRUE] = "true",
	    [JSON_FALSE] = "false",
	    [JSON_NULL] = "null",
	};
	char path[96] = "";
	size_t used = path_of(place, path, sizeof path);
	if (*key && used < sizeof path)
		snprintf(path + used, sizeof path - used, "%s%s", used ? "." : "", key);
	const char *text = json_string_value(value);
	if (!value)
		return error_set(
		    reading->error, EXIT_USAGE, "%s: missing, should be %s", path, wanted);
	if (text)
		return error_set(
		    reading->error, EXIT_USAGE, "%s: \"%.40s\" should be %s", path, text, wanted);
	return error_set(reading->error, EXIT_USAGE, "%s: %s, should be %s", path,
	    types[json_typeof(value)], wanted);
}

static bool out_of_memory(const struct reading *reading)
{
	return error_memory(reading->error);
}

/* The value of a key; null counts as absent: what is unknown may be said so, too. */
static const json_t *get(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	return json_is_null(value) ? NULL : value;
}

static const char *wanted_of(enum field_kind kind)
{
	switch (kind) {
	case FIELD_TEXT:
	case FIELD_WORD:
		return "a string";
	case FIELD_NUMBER:
	case FIELD_COUNT:
		return "a non-negative integer";
	case FIELD_TIME:
		return "a time like \"2026-11-21T09:30:00Z\"";
	case FIELD_LUID:
		return "a LUID like \"00000000:000fd2f5\"";
	case FIELD_YES_NO:
	case FIELD_FLAG:
		return "true or false";
	case FIELD_LIST:
		return "an array";
	}
	return "";
}

/* True if the value can be one of the field; out of memory leaves the field unknown. */
static bool take_value(
    struct reading *reading, void *item, const struct field *field, const json_t *value)
{
	const char *text = json_string_value(value);
	switch (field->kind) {
	case FIELD_TEXT:
		if (text)
			FIELD_AT(const char *, item, field) =
			    snapshot_string(reading->snapshot, text, json_string_length(value));
		return text;
	case FIELD_NUMBER:
	case FIELD_COUNT:
		if (!json_is_integer(value) || json_integer_value(value) < 0)
			return false;
		/* LSA and tokens have -1 for what is in no session, in 32 bits. */
		if (strcmp(field->name, "session_id") != 0 ||
		    json_integer_value(value) <= INT32_MAX)
			FIELD_AT(int64_t, item, field) = json_integer_value(value);
		return true;
	case FIELD_TIME:
		return text && timestamp_parse(text, &FIELD_AT(int64_t, item, field));
	case FIELD_LUID:
		return text && luid_parse(text, &FIELD_AT(uint64_t, item, field));
	case FIELD_YES_NO:
		if (json_is_boolean(value))
			FIELD_AT(enum yes_no, item, field) = json_is_true(value) ? YES : NO;
		return json_is_boolean(value);
	case FIELD_FLAG:
		FIELD_AT(bool, item, field) = json_is_true(value);
		return json_is_boolean(value);
	case FIELD_WORD:
		for (size_t i = 1; text && i < field->word_count; i++) {
			if (field->words[i] && strcmp(field->words[i], text) == 0)
				FIELD_AT(int, item, field) = (int)i; /* a new word is unknown */
		}
		return text;
	case FIELD_LIST:
		break;
	}
	return false;
}

static bool read_value(struct reading *reading, const struct place *place, void *item,
    const struct field *field, const char *key, const json_t *value)
{
	if (!take_value(reading, item, field, value))
		return fail(reading, place, key, wanted_of(field->kind), value);
	return field->kind != FIELD_TEXT || field_is_known(item, field) || out_of_memory(reading);
}

static bool read_record(struct reading *reading, const struct place *place,
    const struct record *record, void *item, const json_t *object);

static bool read_row(struct reading *reading, const struct place *place,
    const struct record *record, void *row, const json_t *value)
{
	if (!row)
		return out_of_memory(reading);
	if (record->count == 1)
		return json_is_null(value) ||
		       read_value(reading, place, row, record->fields, "", value);
	if (!json_is_object(value))
		return fail(reading, place, "", "an object", value);
	return read_record(reading, place, record, row, value);
}

static bool read_list(struct reading *reading, const struct place *place, void *item,
    const struct field *list, const json_t *array)
{
	if (!json_is_array(array))
		return fail(reading, place, list->json, "an array", array);
	bool good = true;
	struct place at = {place, list->json, 0};
	for (; good && at.index < json_array_size(array); at.index++)
		good = read_row(
		    reading, &at, list->of, field_add(item, list), json_array_get(array, at.index));
	return good;
}

static bool read_record(struct reading *reading, const struct place *place,
    const struct record *record, void *item, const json_t *object)
{
	FIELD_EACH(field, record)
	{
		const char *dot = strchr(field->json, '.');
		const json_t *from = object;
		if (dot) {
			char outer[32];
			snprintf(
			    outer, sizeof outer, "%.*s", (int)(dot - field->json), field->json);
			from = get(object, outer);
			if (from && !json_is_object(from))
				return fail(reading, place, outer, "an object", from);
		}
		const json_t *value = from ? get(from, dot ? dot + 1 : field->json) : NULL;
		if (!value && !field->required)
			continue;
		if (!value)
			return fail(reading, place, field->json, wanted_of(field->kind), NULL);
		if (!(field->kind == FIELD_LIST
		            ? read_list(reading, place, item, field, value)
		            : read_value(reading, place, item, field, field->json, value)))
			return false;
	}
	return true;
}

static bool note_missing_sections(struct reading *reading, const json_t *root)
{
	FIELD_EACH(field, &snapshot_record)
	{
		if (!json_is_section(field))
			continue;
		const struct sight *sight = snapshot_sight_of(reading->snapshot, field->json);
		const bool listed = get(root, field->json);
		if (sight && sight->extent != EXTENT_UNKNOWN && listed)
			continue;
		if (!snapshot_see(reading->snapshot, field->json, EXTENT_ABSENT,
		        !listed ? "the snapshot has no such section"
		        : sight
		            ? "how much of it was seen is given in a word that this leaklab does not know"
		            : "the snapshot does not say how much of it was seen"))
			return out_of_memory(reading);
	}
	return true;
}

static bool read_snapshot(struct reading *reading, const json_t *root, int schema)
{
	if (!read_record(reading, NULL, &snapshot_record, reading->snapshot, root))
		return false;
	if (schema == 1 && !old_json_sight(reading->snapshot, root, reading->error))
		return false;
	return ((snapshot_check_rows(reading->snapshot) && snapshot_unify_all(reading->snapshot)) ||
	           out_of_memory(reading)) &&
	       note_missing_sections(reading, root);
}

/* The schema's number; 0 with an error for others. */
static int check_schema(const json_t *root, struct error *error)
{
	static const char family[] = "leaklab.snapshot/";
	const json_t *value = json_object_get(root, "schema");
	const char *schema = json_string_value(value);
	if (!schema) {
		error_set(error, EXIT_USAGE,
		    "no \"schema\": \"%s\" in it; print it with leaklab-probe, or add the key if "
		    "the fields are the same",
		    SNAPSHOT_SCHEMA);
		return 0;
	}
	if (strncmp(schema, family, sizeof family - 1) != 0) {
		error_set(error, EXIT_USAGE,
		    "its schema is \"%.60s\", which is not a snapshot; \"%s\" is wanted", schema,
		    SNAPSHOT_SCHEMA);
		return 0;
	}
	/* A minor version ("1.2") only adds fields, which are ignored. */
	const char *major = schema + sizeof family - 1;
	if ((major[0] == '1' || major[0] == '2') && (major[1] == '\0' || major[1] == '.'))
		return major[0] - '0';
	error_set(error, EXIT_USAGE,
	    "its schema is \"%.60s\"; this program reads \"%s\" and 1: use programs of the same "
	    "release to make and to read snapshots",
	    schema, SNAPSHOT_SCHEMA);
	return 0;
}

static const struct field *field_of(const char *key)
{
	FIELD_EACH(field, &snapshot_record)
	{
		if (strcmp(field->json, key) == 0)
			return field;
	}
	return NULL;
}

/* Of a list with a million rows the tree would be many times the text; where the schema stands before it, it is known what they are. */
static bool wants_rows(void *data, const json_t *root, const char *key)
{
	struct reading *reading = data;
	struct error unused;
	const struct field *field = field_of(key);
	if (!field || field->kind != FIELD_LIST || !check_schema(root, &unused))
		return false;
	if (!reading->snapshot)
		reading->snapshot = snapshot_create();
	return reading->snapshot;
}

static bool take_row(void *data, const char *key, size_t index, const json_t *row)
{
	struct reading *reading = data;
	const struct field *list = field_of(key);
	const struct place place = {NULL, list->json, index};
	return read_row(reading, &place, list->of, field_add(reading->snapshot, list), row);
}

static bool read_tree(struct reading *reading, const json_t *root)
{
	int schema = 0;
	if (!json_is_object(root))
		return error_set(reading->error, EXIT_USAGE,
		    "JSON, but not an object with \"schema\": \"%s\"", SNAPSHOT_SCHEMA);
	if (!(schema = check_schema(root, reading->error)))
		return false;
	if (!reading->snapshot && !(reading->snapshot = snapshot_create()))
		return out_of_memory(reading);
	return read_snapshot(reading, root, schema);
}

struct snapshot *snapshot_from_json(const char *text, size_t length, struct error *error)
{
	struct reading reading = {.error = error};
	const struct json_rows rows = {.wants = wants_rows, .row = take_row, .data = &reading};
	json_t *root = json_stream_load(text, length, &rows, error);
	const bool good = root && read_tree(&reading, root);
	json_decref(root);
	if (good)
		return reading.snapshot;
	snapshot_destroy(reading.snapshot);
	return NULL;
}

bool snapshots_are_several(const char *text, size_t length)
{
	return memmem(text, length < 200 ? length : 200, "\"" SNAPSHOTS_SCHEMA "\"",
	    sizeof "\"" SNAPSHOTS_SCHEMA "\"" - 1);
}

bool snapshots_from_json(const char *text, size_t length, bool (*take)(void *, struct snapshot *),
    void *data, struct error *error)
{
	json_error_t syntax;
	json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &syntax);
	const json_t *list = json_object_get(root, "snapshots");
	bool good = json_array_size(list) > 0;
	if (!root)
		error_set(error, EXIT_USAGE, "JSON, line %d, column %d: %s", syntax.line,
		    syntax.column, syntax.text);
	else if (!good)
		error_set(error, EXIT_USAGE, "snapshots: should be an array with one at least");
	for (size_t i = 0; good && i < json_array_size(list); i++) {
		char *one = json_dumps(json_array_get(list, i), JSON_ENCODE_ANY);
		struct snapshot *snapshot =
		    one ? snapshot_from_json(one, strlen(one), error) : NULL;
		if (!one)
			error_memory(error);
		else if (!snapshot)
			error_prefix(error, "snapshots[%zu]", i);
		free(one);
		good = snapshot && (take(data, snapshot) || error_memory(error));
	}
	json_decref(root);
	return good;
}
