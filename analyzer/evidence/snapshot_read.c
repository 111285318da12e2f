/* The JSON form on its way in: what each key must be, and how a wrong one is named (handles[3].luid). */
#include "evidence/snapshot.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

/* What is being read, for messages: a section's name and index, or the root (section NULL). */
struct reading {
	struct snapshot *snapshot;
	const char *section;
	size_t index;
	bool failed;
	struct error *error;
};

static void fail(struct reading *reading, const char *key, const char *wanted, const json_t *value)
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
	if (reading->failed)
		return;
	reading->failed = true;
	char path[96];
	if (reading->section)
		snprintf(path, sizeof path, "%s[%zu]%s%s", reading->section, reading->index,
		    *key ? "." : "", key);
	else
		snprintf(path, sizeof path, "%s", key);
	const char *text = json_string_value(value);
	if (!value)
		error_set(reading->error, EXIT_USAGE, "%s: missing, should be %s", path, wanted);
	else if (text)
		error_set(
		    reading->error, EXIT_USAGE, "%s: \"%.40s\" should be %s", path, text, wanted);
	else
		error_set(reading->error, EXIT_USAGE, "%s: %s, should be %s", path,
		    types[json_typeof(value)], wanted);
}

static void fail_memory(struct reading *reading)
{
	if (!reading->failed)
		error_set(reading->error, EXIT_TARGET, "out of memory");
	reading->failed = true;
}

/* The value of a key; null counts as absent: what is unknown may be said so, too. */
static const json_t *get(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	return json_is_null(value) ? NULL : value;
}

static void get_text(
    struct reading *reading, const json_t *object, const char *key, const char **out)
{
	const json_t *value = get(object, key);
	if (!value)
		return;
	if (!json_is_string(value)) {
		fail(reading, key, "a string", value);
		return;
	}
	*out =
	    snapshot_string(reading->snapshot, json_string_value(value), json_string_length(value));
	if (!*out)
		fail_memory(reading);
}

static void get_number(struct reading *reading, const json_t *object, const char *key, int64_t *out)
{
	const json_t *value = get(object, key);
	if (!value)
		return;
	if (!json_is_integer(value) || json_integer_value(value) < 0) {
		fail(reading, key, "a non-negative integer", value);
		return;
	}
	*out = json_integer_value(value);
}

static void get_time(struct reading *reading, const json_t *object, const char *key, int64_t *out)
{
	const json_t *value = get(object, key);
	if (!value)
		return;
	if (!json_is_string(value) || !timestamp_parse(json_string_value(value), out))
		fail(reading, key, "a time like \"2026-11-21T09:30:00Z\"", value);
}

static void get_yes_no(
    struct reading *reading, const json_t *object, const char *key, enum yes_no *out)
{
	const json_t *value = get(object, key);
	if (!value)
		return;
	if (!json_is_boolean(value)) {
		fail(reading, key, "true or false", value);
		return;
	}
	*out = json_is_true(value) ? YES : NO;
}

/* Returns true if there was a LUID. */
static bool get_luid(struct reading *reading, const json_t *object, uint64_t *out, bool required)
{
	const json_t *value = get(object, "luid");
	if (!value && !required)
		return false;
	if (json_is_string(value) && luid_parse(json_string_value(value), out))
		return true;
	fail(reading, "luid", "a LUID like \"00000000:000fd2f5\"", value);
	return false;
}

static void require_number(
    struct reading *reading, const json_t *object, const char *key, int64_t *out)
{
	if (!get(object, key))
		fail(reading, key, "a non-negative integer", NULL);
	else
		get_number(reading, object, key, out);
}

static void read_session(struct reading *reading, const json_t *object)
{
	struct session *session = snapshot_add_session(reading->snapshot);
	if (!session) {
		fail_memory(reading);
		return;
	}
	require_number(reading, object, "id", &session->id);
	get_text(reading, object, "name", &session->name);
	get_text(reading, object, "user", &session->user);
	get_text(reading, object, "domain", &session->domain);
	get_text(reading, object, "state", &session->state);
}

static void read_logon_session(struct reading *reading, const json_t *object)
{
	struct logon_session *logon = snapshot_add_logon_session(reading->snapshot);
	if (!logon) {
		fail_memory(reading);
		return;
	}
	get_luid(reading, object, &logon->luid, true);
	get_text(reading, object, "user", &logon->user);
	get_text(reading, object, "domain", &logon->domain);
	get_text(reading, object, "logon_type", &logon->logon_type);
	get_text(reading, object, "auth_package", &logon->auth_package);
	get_number(reading, object, "session_id", &logon->session_id);
	get_time(reading, object, "logon_time", &logon->logon_time);
	get_text(reading, object, "logon_time_text", &logon->logon_time_text);
}

static void read_handle(struct reading *reading, const json_t *object)
{
	struct handle *handle = snapshot_add_handle(reading->snapshot);
	if (!handle) {
		fail_memory(reading);
		return;
	}
	get_number(reading, object, "pid", &handle->pid);
	get_text(reading, object, "image", &handle->image);
	get_number(reading, object, "value", &handle->value);
	get_text(reading, object, "type", &handle->type);
	get_number(reading, object, "token_id", &handle->token_id);
	handle->has_luid = get_luid(reading, object, &handle->luid, false);
	get_number(reading, object, "session_id", &handle->session_id);
	get_text(reading, object, "user", &handle->user);
	get_text(reading, object, "domain", &handle->domain);
	get_text(reading, object, "name", &handle->name);
}

static void read_process(struct reading *reading, const json_t *object)
{
	struct process *process = snapshot_add_process(reading->snapshot);
	if (!process) {
		fail_memory(reading);
		return;
	}
	require_number(reading, object, "pid", &process->pid);
	get_text(reading, object, "image", &process->image);
	get_number(reading, object, "session_id", &process->session_id);
	get_number(reading, object, "handle_count", &process->handle_count);
	get_number(reading, object, "handles_listed", &process->handles_listed);
	get_text(reading, object, "user", &process->user);
}

static void read_unavailable(struct reading *reading, const json_t *object)
{
	const char *what = NULL, *why = NULL;
	get_text(reading, object, "what", &what);
	get_text(reading, object, "why", &why);
	if (!what)
		fail(reading, "what", "the name of what could not be seen", NULL);
	else if (!snapshot_add_unavailable(reading->snapshot, what, why))
		fail_memory(reading);
}

/* How a snapshot that was made of a tool's text says that it has some handles or sessions only. */
static void read_partial(struct reading *reading, const json_t *root)
{
	const json_t *searched = json_object_get(root, "searched");
	uint64_t luid;
	struct snapshot *snapshot = reading->snapshot;
	snapshot->sessions_partial = json_is_true(json_object_get(root, "sessions_partial"));
	snapshot->sessions_cut = json_is_true(json_object_get(root, "sessions_cut"));
	snapshot->logon_sessions_cut = json_is_true(json_object_get(root, "logon_sessions_cut"));
	const char *end = json_string_value(json_object_get(root, "logon_sessions_end"));
	for (int i = 0; end && i < LIST_END_COUNT; i++) {
		if (list_end_names[i] && strcmp(list_end_names[i], end) == 0)
			snapshot->logon_sessions_end = (enum list_end)i;
	}
	snapshot->handles_partial = json_is_true(json_object_get(root, "handles_partial"));
	for (size_t i = 0; i < json_array_size(searched); i++) {
		const char *text = json_string_value(json_array_get(searched, i));
		if (!text || !luid_parse(text, &luid))
			fail(reading, "searched", "LUIDs like \"00000000:000fd2f5\"",
			    json_array_get(searched, i));
		else if (!snapshot_add_searched(snapshot, luid))
			fail_memory(reading);
	}
}

static void read_section(struct reading *reading, const json_t *root, const char *key,
    void (*read)(struct reading *reading, const json_t *object))
{
	const json_t *array = get(root, key);
	if (!array)
		return;
	if (!json_is_array(array)) {
		fail(reading, key, "an array", array);
		return;
	}
	reading->section = key;
	for (size_t i = 0; i < json_array_size(array) && !reading->failed; i++) {
		const json_t *object = json_array_get(array, i);
		reading->index = i;
		if (json_is_object(object))
			read(reading, object);
		else
			fail(reading, "", "an object", object);
	}
	reading->section = NULL;
}

static void read_header(struct reading *reading, const json_t *root)
{
	struct snapshot *snapshot = reading->snapshot;
	get_text(reading, root, "source", &snapshot->source);
	get_text(reading, root, "host", &snapshot->host);
	get_text(reading, root, "build", &snapshot->build);
	get_time(reading, root, "boot_time", &snapshot->boot_time);
	get_time(reading, root, "time", &snapshot->time);
	get_yes_no(reading, root, "elevated", &snapshot->elevated);
	get_yes_no(reading, root, "leak_tracking", &snapshot->leak_tracking);
	const json_t *tokens = get(root, "token_objects");
	if (!tokens)
		return;
	if (!json_is_object(tokens)) {
		fail(reading, "token_objects", "an object", tokens);
		return;
	}
	get_number(reading, tokens, "total", &snapshot->token_objects);
	get_number(reading, tokens, "accounted", &snapshot->token_objects_accounted);
}

static void note_missing_sections(struct reading *reading, const json_t *root)
{
	static const char *const sections[] = {
	    "sessions", "logon_sessions", "handles", "processes"};
	for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
		if (get(root, sections[i]) || !snapshot_has(reading->snapshot, sections[i]))
			continue;
		if (!snapshot_add_unavailable(
		        reading->snapshot, sections[i], "the snapshot has no such section"))
			fail_memory(reading);
	}
}

static bool check_schema(const json_t *root, struct error *error)
{
	static const char family[] = "leaklab.snapshot/";
	const json_t *value = json_object_get(root, "schema");
	const char *schema = json_string_value(value);
	if (!schema)
		return error_set(error, EXIT_USAGE,
		    "no \"schema\": \"%s\" in it; print it with leaklab-probe, or add the key if "
		    "the fields are the same",
		    SNAPSHOT_SCHEMA);
	if (strncmp(schema, family, sizeof family - 1) != 0)
		return error_set(error, EXIT_USAGE,
		    "its schema is \"%.60s\", which is no snapshot; \"%s\" is wanted", schema,
		    SNAPSHOT_SCHEMA);
	/* A minor version ("1.2") only adds fields, which are ignored. */
	const char *major = schema + sizeof family - 1;
	if (major[0] != '1' || (major[1] != '\0' && major[1] != '.'))
		return error_set(error, EXIT_USAGE,
		    "its schema is \"%.60s\"; this program reads \"%s\": use programs of the same "
		    "release to make and to "
		    "read snapshots",
		    schema, SNAPSHOT_SCHEMA);
	return true;
}

struct snapshot *snapshot_from_json(const char *text, size_t length, struct error *error)
{
	json_error_t syntax;
	json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &syntax);
	if (!root) {
		error_set(error, EXIT_USAGE, "JSON, line %d, column %d: %s", syntax.line,
		    syntax.column, syntax.text);
		return NULL;
	}
	struct reading reading = {.error = error};
	if (!json_is_object(root)) {
		error_set(error, EXIT_USAGE, "JSON, but not an object with \"schema\": \"%s\"",
		    SNAPSHOT_SCHEMA);
		goto fail;
	}
	if (!check_schema(root, error))
		goto fail;
	reading.snapshot = snapshot_create();
	if (!reading.snapshot) {
		fail_memory(&reading);
		goto fail;
	}
	read_header(&reading, root);
	read_section(&reading, root, "sessions", read_session);
	read_section(&reading, root, "logon_sessions", read_logon_session);
	read_section(&reading, root, "handles", read_handle);
	read_section(&reading, root, "processes", read_process);
	read_section(&reading, root, "unavailable", read_unavailable);
	read_partial(&reading, root);
	note_missing_sections(&reading, root);
	if (reading.failed)
		goto fail;
	json_decref(root);
	return reading.snapshot;
fail:
	snapshot_destroy(reading.snapshot);
	json_decref(root);
	return NULL;
}
