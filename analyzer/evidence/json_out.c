/* The JSON form of a snapshot on its way out. What is unknown has no key; a section that is absent and has no rows is left out; a record of one
 * field is written as its value. */
#include "evidence/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/json_text.h"
#include "evidence/json_parts.h"

/* Writing cannot fail for any reason but memory, and jansson's setters take NULL for an error, so failures are gathered. */
static void set(bool *failed, json_t *object, const char *key, json_t *value)
{
	const char *dot = strchr(key, '.');
	if (!dot) {
		*failed |= json_object_set_new(object, key, value) != 0;
		return;
	}
	char outer[32];
	snprintf(outer, sizeof outer, "%.*s", (int)(dot - key), key);
	json_t *inner = json_object_get(object, outer);
	if (!inner) {
		inner = json_object();
		*failed |= json_object_set_new(object, outer, inner) != 0;
	}
	*failed |= json_object_set_new(inner, dot + 1, value) != 0;
}

static json_t *value_json(const void *item, const struct field *field)
{
	char text[TIMESTAMP_TEXT > LUID_TEXT ? TIMESTAMP_TEXT : LUID_TEXT];
	switch (field->kind) {
	case FIELD_TEXT:
		return json_of_text(FIELD_OF(char *, item, field));
	case FIELD_NUMBER:
	case FIELD_COUNT:
		return json_integer(FIELD_OF(int64_t, item, field));
	case FIELD_TIME:
		return json_string(timestamp_format(FIELD_OF(int64_t, item, field), text));
	case FIELD_LUID:
		return json_string(luid_format(FIELD_OF(uint64_t, item, field), text));
	case FIELD_YES_NO:
		return json_boolean(FIELD_OF(enum yes_no, item, field) == YES);
	case FIELD_FLAG:
		return json_true();
	case FIELD_WORD:
		return json_string(field->words[FIELD_OF(int, item, field)]);
	case FIELD_LIST:
		break;
	}
	return NULL;
}

static json_t *record_json(const struct record *record, const void *item, bool *failed);

/* A record of one field is its value. */
static json_t *row_json(const struct record *record, const void *row, bool *failed)
{
	if (record->count > 1)
		return record_json(record, row, failed);
	return field_is_known(row, record->fields) ? value_json(row, record->fields) : json_null();
}

static json_t *list_json(const struct field *list, const void *item, bool *failed)
{
	json_t *array = json_array();
	for (size_t i = 0; i < FIELD_COUNT_OF(item, list); i++) {
		const void *row = field_item(item, list, i);
		*failed |= json_array_append_new(array, row_json(list->of, row, failed)) != 0;
	}
	return array;
}

static void add_fields(const struct record *record, const void *item, json_t *object, bool *failed)
{
	FIELD_EACH(field, record)
	{
		if (!field_is_known(item, field))
			continue;
		set(failed, object, field->json,
		    field->kind == FIELD_LIST ? list_json(field, item, failed)
		                              : value_json(item, field));
	}
}

static json_t *record_json(const struct record *record, const void *item, bool *failed)
{
	json_t *object = json_object();
	add_fields(record, item, object, failed);
	return object;
}

bool json_is_section(const struct field *field)
{
	return field->of == &session_record || field->of == &logon_session_record ||
	       field->of == &handle_record || field->of == &process_record;
}

/* Sections that are in sight and have no rows. */
static void add_empty_sections(const struct snapshot *snapshot, json_t *root, bool *failed)
{
	FIELD_EACH(field, &snapshot_record)
	{
		if (json_is_section(field) && !field_is_known(snapshot, field) &&
		    snapshot_has(snapshot, field->json))
			set(failed, root, field->json, json_array());
	}
}

/* All but the rows of lists, in whose places empty ones are. */
static json_t *outline(const struct snapshot *snapshot, bool *failed)
{
	json_t *root = json_object();
	set(failed, root, "schema", json_string(SNAPSHOT_SCHEMA));
	FIELD_EACH(field, &snapshot_record)
	{
		if (field_is_known(snapshot, field))
			set(failed, root, field->json,
			    field->kind == FIELD_LIST ? json_array() : value_json(snapshot, field));
	}
	add_empty_sections(snapshot, root, failed);
	return root;
}

/* The list of the snapshot behind a key; NULL: it is none, or it has no rows. */
static const struct field *list_behind(const struct snapshot *snapshot, const char *key)
{
	FIELD_EACH(field, &snapshot_record)
	{
		if (field->kind == FIELD_LIST && strcmp(field->json, key) == 0 &&
		    field_is_known(snapshot, field))
			return field;
	}
	return NULL;
}

/* Row by row: of a million, the tree would take ten times the memory of the snapshot. */
static bool write_list(const struct snapshot *snapshot, const struct field *list, FILE *out)
{
	bool failed = false;
	for (size_t i = 0; !failed && i < FIELD_COUNT_OF(snapshot, list); i++) {
		json_t *row = row_json(list->of, field_item(snapshot, list, i), &failed);
		fputs(i ? ",\n  " : "[\n  ", out);
		failed |= !json_write_part(row, 2, out);
		json_decref(row);
	}
	fputs("\n ]", out);
	return !failed;
}

static bool write_root(const struct snapshot *snapshot, json_t *root, FILE *out)
{
	const char *key;
	json_t *value;
	bool good = true, first = true;
	json_object_foreach(root, key, value)
	{
		const struct field *list = list_behind(snapshot, key);
		fprintf(out, "%s \"%s\": ", first ? "{\n" : ",\n", key);
		first = false;
		good = good &&
		       (list ? write_list(snapshot, list, out) : json_write_part(value, 1, out));
	}
	return fputs("\n}", out) != EOF && good;
}

static bool write_snapshot(const struct snapshot *snapshot, FILE *out)
{
	bool failed = false;
	json_t *root = outline(snapshot, &failed);
	const bool good = !failed && write_root(snapshot, root, out);
	json_decref(root);
	return good;
}

bool snapshot_write_json(const struct snapshot *snapshot, FILE *out, struct error *error)
{
	/* What the stream does not take, whoever opened it sees when it is closed. */
	return (write_snapshot(snapshot, out) && fputc('\n', out) != EOF) || ferror(out) ||
	       error_set(error, EXIT_TARGET, "writing a snapshot as JSON: out of memory");
}

char *snapshot_to_json(const struct snapshot *snapshot, struct error *error)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	bool good = out && write_snapshot(snapshot, out);
	if (out)
		good = fclose(out) == 0 && good;
	if (good)
		return text;
	free(text);
	error_set(error, EXIT_TARGET, "writing a snapshot as JSON: out of memory");
	return NULL;
}
