/* The JSON form on its way out. What is unknown has no key; a section out of sight is left out. */
#include "evidence/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* Writing cannot fail for any reason but memory, and jansson's setters accept NULL values with an error, so the
 * failures are gathered in one flag. */
struct writer {
	bool failed;
};

static void set_json(struct writer *writer, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) != 0)
		writer->failed = true;
}

/* Text from tools may be in any code page. JSON is UTF-8: bytes that are not are shown as '?'. */
static json_t *json_text(const char *text)
{
	json_t *value = json_string(text);
	if (value)
		return value;
	char *ascii = strdup(text);
	if (!ascii)
		return NULL;
	for (char *at = ascii; *at; at++) {
		if ((unsigned char)*at >= 0x80)
			*at = '?';
	}
	value = json_string(ascii);
	free(ascii);
	return value;
}

static void set_text(struct writer *writer, json_t *object, const char *key, const char *text)
{
	if (text)
		set_json(writer, object, key, json_text(text));
}

static void set_number(struct writer *writer, json_t *object, const char *key, int64_t number)
{
	if (number != NUMBER_UNKNOWN)
		set_json(writer, object, key, json_integer(number));
}

static void set_time(struct writer *writer, json_t *object, const char *key, int64_t time)
{
	char text[TIMESTAMP_TEXT];
	if (time != TIMESTAMP_UNKNOWN)
		set_json(writer, object, key, json_string(timestamp_format(time, text)));
}

static void set_yes_no(struct writer *writer, json_t *object, const char *key, enum yes_no value)
{
	if (value != YES_NO_UNKNOWN)
		set_json(writer, object, key, json_boolean(value == YES));
}

static void set_luid(struct writer *writer, json_t *object, uint64_t luid)
{
	char text[LUID_TEXT];
	set_json(writer, object, "luid", json_string(luid_format(luid, text)));
}

/* Adds an object to the array; jansson owns it. */
static json_t *add_object(struct writer *writer, json_t *array)
{
	json_t *object = json_object();
	if (json_array_append_new(array, object) != 0)
		writer->failed = true;
	return object;
}

/* The array for a section, or NULL if there is nothing to put there and that is because it was out of sight. */
static json_t *add_section(struct writer *writer, json_t *root, const struct snapshot *snapshot,
    const char *key, size_t count)
{
	if (count == 0 && !snapshot_has(snapshot, key))
		return NULL;
	json_t *array = json_array();
	set_json(writer, root, key, array);
	return array;
}

static void write_sessions(struct writer *writer, json_t *root, const struct snapshot *snapshot)
{
	json_t *array = add_section(writer, root, snapshot, "sessions", snapshot->session_count);
	for (size_t i = 0; i < snapshot->session_count; i++) {
		const struct session *session = &snapshot->sessions[i];
		json_t *object = add_object(writer, array);
		set_number(writer, object, "id", session->id);
		set_text(writer, object, "name", session->name);
		set_text(writer, object, "user", session->user);
		set_text(writer, object, "domain", session->domain);
		set_text(writer, object, "state", session->state);
	}
}

static void write_logon_sessions(
    struct writer *writer, json_t *root, const struct snapshot *snapshot)
{
	json_t *array =
	    add_section(writer, root, snapshot, "logon_sessions", snapshot->logon_session_count);
	for (size_t i = 0; i < snapshot->logon_session_count; i++) {
		const struct logon_session *logon = &snapshot->logon_sessions[i];
		json_t *object = add_object(writer, array);
		set_luid(writer, object, logon->luid);
		set_text(writer, object, "user", logon->user);
		set_text(writer, object, "domain", logon->domain);
		set_text(writer, object, "logon_type", logon->logon_type);
		set_text(writer, object, "auth_package", logon->auth_package);
		set_number(writer, object, "session_id", logon->session_id);
		set_time(writer, object, "logon_time", logon->logon_time);
		set_text(writer, object, "logon_time_text", logon->logon_time_text);
	}
}

static void write_handles(struct writer *writer, json_t *root, const struct snapshot *snapshot)
{
	json_t *array = add_section(writer, root, snapshot, "handles", snapshot->handle_count);
	for (size_t i = 0; i < snapshot->handle_count; i++) {
		const struct handle *handle = &snapshot->handles[i];
		json_t *object = add_object(writer, array);
		set_number(writer, object, "pid", handle->pid);
		set_text(writer, object, "image", handle->image);
		set_number(writer, object, "value", handle->value);
		set_text(writer, object, "type", handle->type);
		set_number(writer, object, "token_id", handle->token_id);
		if (handle->has_luid)
			set_luid(writer, object, handle->luid);
		set_number(writer, object, "session_id", handle->session_id);
		set_text(writer, object, "user", handle->user);
		set_text(writer, object, "domain", handle->domain);
		set_text(writer, object, "name", handle->name);
	}
}

static void write_processes(struct writer *writer, json_t *root, const struct snapshot *snapshot)
{
	json_t *array = add_section(writer, root, snapshot, "processes", snapshot->process_count);
	for (size_t i = 0; i < snapshot->process_count; i++) {
		const struct process *process = &snapshot->processes[i];
		json_t *object = add_object(writer, array);
		set_number(writer, object, "pid", process->pid);
		set_text(writer, object, "image", process->image);
		set_number(writer, object, "session_id", process->session_id);
		set_number(writer, object, "handle_count", process->handle_count);
		set_number(writer, object, "handles_listed", process->handles_listed);
		set_text(writer, object, "user", process->user);
	}
}

static void write_unavailable(struct writer *writer, json_t *root, const struct snapshot *snapshot)
{
	json_t *array = json_array();
	set_json(writer, root, "unavailable", array);
	for (size_t i = 0; i < snapshot->unavailable_count; i++) {
		json_t *object = add_object(writer, array);
		set_text(writer, object, "what", snapshot->unavailable[i].what);
		set_text(writer, object, "why", snapshot->unavailable[i].why);
	}
}

/* What readers of text say beyond the sections. */
static void write_reading(struct writer *writer, json_t *root, const struct snapshot *snapshot)
{
	char luid[LUID_TEXT];
	json_t *array = NULL;
	if (snapshot->sessions_partial)
		set_json(writer, root, "sessions_partial", json_true());
	if (snapshot->sessions_cut)
		set_json(writer, root, "sessions_cut", json_true());
	if (snapshot->logon_sessions_cut)
		set_json(writer, root, "logon_sessions_cut", json_true());
	set_text(writer, root, "logon_sessions_end", list_end_names[snapshot->logon_sessions_end]);
	if (snapshot->handles_partial) {
		set_json(writer, root, "handles_partial", json_true());
		set_json(writer, root, "searched", array = json_array());
		for (size_t i = 0; i < snapshot->searched_count; i++)
			json_array_append_new(
			    array, json_string(luid_format(snapshot->searched[i], luid)));
	}
	if (snapshot->handle_type_count)
		set_json(writer, root, "handle_types", array = json_array());
	for (size_t i = 0; i < snapshot->handle_type_count; i++) {
		json_t *object = add_object(writer, array);
		set_text(writer, object, "type", snapshot->handle_types[i].type);
		set_number(writer, object, "count", snapshot->handle_types[i].count);
	}
	if (snapshot->contradiction_total) {
		set_number(writer, root, "contradiction_count", snapshot->contradiction_total);
		set_json(writer, root, "contradictions", array = json_array());
		for (size_t i = 0; i < snapshot->contradiction_count; i++)
			json_array_append_new(array, json_text(snapshot->contradictions[i]));
	}
	if (!snapshot->rows)
		return;
	set_number(writer, root, "rows", snapshot->rows);
	set_number(writer, root, "rows_left", snapshot->rows_left);
	set_number(writer, root, "replaced_bytes", snapshot->replaced);
	set_json(writer, root, "unread", array = json_array());
	for (size_t i = 0; i < snapshot->unread_count; i++) {
		json_t *object = add_object(writer, array);
		set_text(writer, object, "file", snapshot->unread[i].origin);
		set_number(writer, object, "line", snapshot->unread[i].line);
		set_text(writer, object, "text", snapshot->unread[i].text);
	}
}

static void write_header(struct writer *writer, json_t *root, const struct snapshot *snapshot)
{
	set_text(writer, root, "schema", SNAPSHOT_SCHEMA);
	set_text(writer, root, "source", snapshot->source);
	set_text(writer, root, "host", snapshot->host);
	set_text(writer, root, "build", snapshot->build);
	set_time(writer, root, "boot_time", snapshot->boot_time);
	set_time(writer, root, "time", snapshot->time);
	set_yes_no(writer, root, "elevated", snapshot->elevated);
	set_yes_no(writer, root, "leak_tracking", snapshot->leak_tracking);
	if (snapshot->token_objects == NUMBER_UNKNOWN &&
	    snapshot->token_objects_accounted == NUMBER_UNKNOWN)
		return;
	json_t *tokens = json_object();
	set_json(writer, root, "token_objects", tokens);
	set_number(writer, tokens, "total", snapshot->token_objects);
	set_number(writer, tokens, "accounted", snapshot->token_objects_accounted);
}

char *snapshot_to_json(const struct snapshot *snapshot, struct error *error)
{
	struct writer writer = {0};
	json_t *root = json_object();
	write_header(&writer, root, snapshot);
	write_sessions(&writer, root, snapshot);
	write_logon_sessions(&writer, root, snapshot);
	write_handles(&writer, root, snapshot);
	write_processes(&writer, root, snapshot);
	write_unavailable(&writer, root, snapshot);
	write_reading(&writer, root, snapshot);
	char *text = writer.failed ? NULL : json_dumps(root, JSON_INDENT(1));
	json_decref(root);
	if (!text)
		error_set(error, EXIT_TARGET, "writing a snapshot as JSON: out of memory");
	return text;
}
