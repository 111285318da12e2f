/* Knows where in a run file texts are, and of what kind they are. */
#include "runfile/runfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runfile/database.h"
#include "runfile/records.h"

static const struct place {
	const char *table, *column;
	enum runfile_text what;
	const char *where; /* NULL: all rows */
} places[] = {
    {"cycle", "user", RUNFILE_ACCOUNT, NULL},
    {"cycle", "domain", RUNFILE_ACCOUNT, NULL},
    {"cycle", "message", RUNFILE_PROSE, NULL},
    {"cycle", "served_by", RUNFILE_HOST, NULL},
    {"cycle", "server", RUNFILE_HOST, NULL},
    {"watched", "user", RUNFILE_ACCOUNT, NULL},
    {"watched", "domain", RUNFILE_ACCOUNT, NULL},
    {"command", "output", RUNFILE_OUTPUT, NULL},
    {"command", "messages", RUNFILE_OUTPUT, NULL},
    {"event", "text", RUNFILE_PROSE, NULL},
    {"capture", "observer", RUNFILE_PROSE, NULL},
    {"capture", "command", RUNFILE_PROSE, NULL},
    {"capture", "messages", RUNFILE_OUTPUT, NULL},
    {"capture", "problem", RUNFILE_PROSE, NULL},
    {"control", "run", RUNFILE_RUN, NULL},
    {"setting", "value", RUNFILE_HOST, "key IN ('host', 'observed.host')"},
    {"setting", "value", RUNFILE_SCENARIO, "key = 'scenario'"},
    {"setting", "value", RUNFILE_OUTPUT, "key = 'preflight'"}, /* JSON */
    /* The others are numbers, times and words of ours, which the judge goes by. */
    {"setting", "value", RUNFILE_PROSE,
        "key IN ('scenario.name', 'ended-early', 'expect.culprit', 'plan.refusals')"},
};
#define PLACE_COUNT (sizeof places / sizeof places[0])

/* By schema. */
static const struct place *output_place(const struct runfile *runfile)
{
	static const struct place old = {"capture", "output", RUNFILE_OUTPUT, NULL},
	                          now = {"content", "bytes", RUNFILE_OUTPUT, NULL};
	return runfile->schema < RUNFILE_SCHEMA_CONTENT ? &old : &now;
}

/* What a text of a record is, by its name. Words that the judge goes by are no texts to be edited. */
static bool record_place(const struct record *record, const struct field *field, struct place *out)
{
	static const struct {
		const char *field;
		enum runfile_text what;
	} kinds[] = {
	    {"user", RUNFILE_ACCOUNT},
	    {"domain", RUNFILE_ACCOUNT},
	    {"host", RUNFILE_HOST},
	    {"image", RUNFILE_IMAGE},
	};
	static const char *const words[] = {
	    "state", "logon_type", "logon_process", "auth_package", "type", "section", "log"};
	*out = (struct place){record->name, field->name, RUNFILE_PROSE, NULL};
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(kinds[i].field, field->name) == 0)
			out->what = kinds[i].what;
	}
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(words[i], field->name) == 0)
			return false;
	}
	return field->kind == FIELD_TEXT;
}

/* Calls visit for each place of texts in the file. Its false ends it. */
struct walk {
	struct runfile *runfile;
	bool (*visit)(struct runfile *runfile, const struct place *place,
	    const struct runfile_editor *editor, struct error *error);
	const struct runfile_editor *editor;
	struct error *error;
};

static bool visit_field(void *data, const struct record *record, const struct field *field)
{
	struct walk *walk = data;
	struct place place;
	return !record_place(record, field, &place) ||
	       walk->visit(walk->runfile, &place, walk->editor, walk->error);
}

static bool each_place(struct walk *walk)
{
	for (size_t i = 0; i < PLACE_COUNT; i++) {
		if (database_has(walk->runfile, places[i].table, places[i].column) &&
		    !walk->visit(walk->runfile, &places[i], walk->editor, walk->error))
			return false;
	}
	return walk->visit(walk->runfile, output_place(walk->runfile), walk->editor, walk->error) &&
	       records_each(walk->runfile, visit_field, walk);
}

static struct runfile *open_for(const char *path, int flags, struct error *error)
{
	struct runfile *runfile = database_allocate(path, error);
	if (!runfile || !database_open(runfile, flags, error) ||
	    !database_check_schema(runfile, error)) {
		runfile_close(runfile);
		return NULL;
	}
	return runfile;
}

static bool learn_place(struct runfile *runfile, const struct place *place,
    const struct runfile_editor *editor, struct error *error)
{
	sqlite3_stmt *row = NULL;
	char text[256];
	int result;
	bool good = true;
	if (place->what == RUNFILE_PROSE || place->what == RUNFILE_OUTPUT)
		return true;
	snprintf(text, sizeof text, "SELECT DISTINCT %s FROM \"%s\" WHERE %s IS NOT NULL%s%s",
	    place->column, place->table, place->column, place->where ? " AND " : "",
	    place->where ? place->where : "");
	if (sqlite3_prepare_v2(runfile->database, text, -1, &row, NULL) != SQLITE_OK)
		return database_error(runfile, "reading texts", error);
	while (good && (result = sqlite3_step(row)) == SQLITE_ROW) {
		const char *bytes = sqlite3_column_blob(row, 0);
		good = editor->learn(editor->data, place->what, bytes ? bytes : "",
		           (size_t)sqlite3_column_bytes(row, 0)) ||
		       error_memory(error);
	}
	if (good && result != SQLITE_DONE)
		good = database_error(runfile, "reading texts", error);
	sqlite3_finalize(row);
	return good;
}

bool runfile_learn(const char *path, const struct runfile_editor *editor, struct error *error)
{
	struct runfile *runfile = open_for(path, SQLITE_OPEN_READONLY, error);
	struct walk walk = {runfile, learn_place, editor, error};
	bool good = runfile && each_place(&walk);
	runfile_close(runfile);
	return good;
}

/* SQL function edit(what, value). */
static void edit_value(sqlite3_context *context, int count, sqlite3_value **values)
{
	const struct runfile_editor *editor = sqlite3_user_data(context);
	const enum runfile_text what = (enum runfile_text)sqlite3_value_int(values[0]);
	const char *bytes = sqlite3_value_blob(values[1]);
	const bool is_blob = sqlite3_value_type(values[1]) == SQLITE_BLOB;
	size_t length = (size_t)sqlite3_value_bytes(values[1]);
	(void)count;
	char *edited = editor->edit(editor->data, what, bytes ? bytes : "", &length);
	if (!edited)
		sqlite3_result_error_nomem(context);
	else if (is_blob)
		sqlite3_result_blob64(context, edited, length, free);
	else
		sqlite3_result_text64(context, edited, length, free, SQLITE_UTF8);
}

static bool run(struct runfile *runfile, const char *text, struct error *error)
{
	return sqlite3_exec(runfile->database, text, NULL, NULL, NULL) == SQLITE_OK ||
	       database_error(runfile, "editing", error);
}

static bool edit_place(struct runfile *runfile, const struct place *place,
    const struct runfile_editor *editor, struct error *error)
{
	char text[256];
	(void)editor;
	snprintf(text, sizeof text, "UPDATE \"%s\" SET %s = edit(%d, %s) WHERE %s IS NOT NULL%s%s",
	    place->table, place->column, place->what, place->column, place->column,
	    place->where ? " AND " : "", place->where ? place->where : "");
	return run(runfile, text, error);
}

/* A digest would tell whether a guess at the text before its editing is right. */
static bool unpack_outputs(struct runfile *runfile, struct error *error)
{
	return runfile->schema < RUNFILE_SCHEMA_CONTENT ||
	       run(runfile,
	           "UPDATE content SET bytes = coalesce(unpacked(bytes, length), ''), digest = NULL",
	           error);
}

static bool measure_outputs(struct runfile *runfile, struct error *error)
{
	return runfile->schema < RUNFILE_SCHEMA_CONTENT ||
	       run(runfile,
	           "UPDATE content SET length = length(bytes);"
	           " UPDATE capture SET length = (SELECT content.length FROM content WHERE content.id = capture.content)"
	           " WHERE content IS NOT NULL",
	           error);
}

bool runfile_edit(const char *path, const struct runfile_editor *editor, struct error *error)
{
	struct runfile *runfile = open_for(path, SQLITE_OPEN_READWRITE, error);
	if (!runfile)
		return false;
	struct walk walk = {runfile, edit_place, editor, error};
	bool good =
	    sqlite3_create_function(runfile->database, "edit", 2, SQLITE_UTF8 | SQLITE_DIRECTONLY,
	        (void *)editor, edit_value, NULL, NULL) == SQLITE_OK ||
	    database_error(runfile, "editing", error);
	good = good && run(runfile, "PRAGMA secure_delete = ON; BEGIN IMMEDIATE", error) &&
	       unpack_outputs(runfile, error) && each_place(&walk) &&
	       measure_outputs(runfile, error) && run(runfile, "COMMIT; VACUUM", error);
	runfile_close(runfile);
	return good;
}

/* Paths in messages lead from it. */
static bool cut_folder(struct runfile *runfile, const struct place *place,
    const struct runfile_editor *editor, struct error *error)
{
	static const char folder[] = "(SELECT value FROM setting WHERE key = 'scenario.folder')";
	char text[512];

	(void)editor;
	if (place->what != RUNFILE_PROSE)
		return true;
	snprintf(text, sizeof text,
	    "UPDATE \"%s\" SET %s = replace(%s, %s || '/', '') WHERE instr(%s, %s || '/')%s%s",
	    place->table, place->column, place->column, folder, place->column, folder,
	    place->where ? " AND " : "", place->where ? place->where : "");
	return run(runfile, text, error);
}

bool runfile_forget_folder(const char *path, struct error *error)
{
	struct runfile *runfile = open_for(path, SQLITE_OPEN_READWRITE, error);
	if (!runfile)
		return false;
	struct walk walk = {runfile, cut_folder, NULL, error};
	const bool good =
	    run(runfile, "PRAGMA secure_delete = ON; BEGIN IMMEDIATE", error) &&
	    each_place(&walk) &&
	    run(runfile, "DELETE FROM setting WHERE key = 'scenario.folder'; COMMIT; VACUUM",
	        error);
	runfile_close(runfile);
	return good;
}
