/* Snapshots as rows: each record of the fact base (evidence/field.h) has a table of its name, made, written and read by its table
 * of fields. Columns are found by name, so that one that an older file lacks is unknown. A list in a list is a table whose
 * rows name the row that they belong to. */
#include "runfile/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "runfile/runfile.h"

/* ---- the tables and views ---- */

static const char *column_type(const struct field *field)
{
	return field->kind == FIELD_TEXT || field->kind == FIELD_WORD ? "TEXT" : "INTEGER";
}

static bool is_column(const struct field *field)
{
	return field->kind != FIELD_LIST;
}

/* The table of a record; outer: of which it is a list (NULL: it is the snapshot). */
static void make_table(FILE *out, const struct record *record, const struct record *outer)
{
	const bool nested = outer && outer != &snapshot_record;
	fprintf(out, "CREATE TABLE \"%s\" (capture INTEGER %s%s", record->name,
	    outer ? "NOT NULL" : "PRIMARY KEY REFERENCES capture (id)",
	    nested ? ", parent INTEGER NOT NULL" : "");
	FIELD_EACH(field, record)
	{
		if (is_column(field))
			fprintf(out, ", \"%s\" %s", field->name, column_type(field));
	}
	fputs(");\n", out);
	if (outer)
		fprintf(out, "CREATE INDEX \"%s_%s\" ON \"%s\" (%s);\n", record->name,
		    nested ? "parent" : "capture", record->name, nested ? "parent" : "capture");
	FIELD_EACH(field, record)
	{
		/* Handles are a million, and few of them have times, which are all checked when the file is opened. */
		if (field->kind == FIELD_TIME && record == &handle_record)
			fprintf(out,
			    "CREATE INDEX \"%s_%s\" ON \"%s\" (\"%s\") WHERE \"%s\" IS NOT NULL;\n",
			    record->name, field->name, record->name, field->name, field->name);
		if (field->kind == FIELD_LIST)
			make_table(out, field->of, record);
	}
}

/* A column as views show it: times in ISO 8601, LUIDs as logonsessions prints them. */
static void view_column(FILE *out, const char *table, const struct field *field)
{
	if (field->kind == FIELD_TIME)
		fprintf(out,
		    "strftime('%%Y-%%m-%%dT%%H:%%M:%%S', \"%s\".\"%s\" / 1000000, 'unixepoch')"
		    " || printf('.%%06dZ', \"%s\".\"%s\" %% 1000000) AS \"%s\"",
		    table, field->name, table, field->name, field->name);
	else if (field->kind == FIELD_LUID)
		fprintf(out,
		    "CASE WHEN \"%s\".\"%s\" IS NOT NULL THEN printf('%%08x:%%08x', (\"%s\".\"%s\" >> 32)"
		    " & 4294967295, \"%s\".\"%s\" & 4294967295) END AS \"%s\"",
		    table, field->name, table, field->name, table, field->name, field->name);
	else
		fprintf(out, "\"%s\".\"%s\"", table, field->name);
}

static void view_columns(FILE *out, const struct record *record)
{
	FIELD_EACH(field, record)
	{
		if (!is_column(field))
			continue;
		fputs(", ", out);
		view_column(out, record->name, field);
	}
}

#define OF_CAPTURE "mark_name.name AS mark, round, capture.cycle"

/* One for the snapshots themselves, one for each of their lists. */
static void make_views(FILE *out)
{
	static const struct field time = {.name = "time", .kind = FIELD_TIME};
	fputs(
	    "CREATE VIEW snapshots AS SELECT capture.id AS capture, " OF_CAPTURE ", observer", out);
	view_columns(out, &snapshot_record);
	fputs(", problem FROM capture JOIN mark_name USING (mark) LEFT JOIN snapshot ON"
	      " snapshot.capture = capture.id;\n",
	    out);
	FIELD_EACH(field, &snapshot_record)
	{
		if (field->kind != FIELD_LIST || strcmp(field->name, field->of->name) == 0)
			continue;
		fprintf(out, "CREATE VIEW \"%s\" AS SELECT \"%s\".capture, " OF_CAPTURE ", ",
		    field->name, field->of->name);
		view_column(out, "snapshot", &time);
		view_columns(out, field->of);
		fprintf(out,
		    " FROM \"%s\" JOIN capture ON capture.id = \"%s\".capture JOIN mark_name USING"
		    " (mark) JOIN snapshot ON snapshot.capture = capture.id;\n",
		    field->of->name, field->of->name);
	}
}

char *records_schema(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	make_table(out, &snapshot_record, NULL);
	make_views(out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static bool each_field(struct runfile *runfile, const struct record *record,
    bool (*visit)(void *data, const struct record *record, const struct field *field), void *data)
{
	FIELD_EACH(field, record)
	{
		if (field->kind == FIELD_LIST) {
			if (!each_field(runfile, field->of, visit, data))
				return false;
		} else if (sqlite3_table_column_metadata(runfile->database, "main", record->name,
		               field->name, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK &&
		           !visit(data, record, field)) {
			return false;
		}
	}
	return true;
}

bool records_each(struct runfile *runfile,
    bool (*visit)(void *data, const struct record *record, const struct field *field), void *data)
{
	return each_field(runfile, &snapshot_record, visit, data);
}

/* ---- statements ---- */

#define COLUMNS_MOST 64

/* Those of one record, prepared at their first use. */
struct record_statements {
	const struct record *record;
	sqlite3_stmt *insert, *select;
	int columns[COLUMNS_MOST]; /* of select, for each field; -1: the file has none */
};

static struct record_statements *statements_of(struct runfile *runfile, const struct record *record)
{
	for (size_t i = 0; i < runfile->record_count; i++) {
		if (runfile->records[i].record == record)
			return &runfile->records[i];
	}
	if (!array_reserve(&runfile->records, runfile->record_count, sizeof *runfile->records))
		return NULL;
	runfile->records[runfile->record_count] = (struct record_statements){.record = record};
	return &runfile->records[runfile->record_count++];
}

void records_finalize(struct runfile *runfile)
{
	for (size_t i = 0; i < runfile->record_count; i++) {
		sqlite3_finalize(runfile->records[i].insert);
		sqlite3_finalize(runfile->records[i].select);
	}
	free(runfile->records);
	runfile->records = NULL;
	runfile->record_count = 0;
}

static bool prepare(
    struct runfile *runfile, const char *text, sqlite3_stmt **out, struct error *error)
{
	return sqlite3_prepare_v3(runfile->database, text, -1, SQLITE_PREPARE_PERSISTENT, out,
	           NULL) == SQLITE_OK ||
	       database_error(runfile, "preparing a statement", error);
}

/* Room for any record's INSERT: its name and as many placeholders as there are columns. */
#define INSERT_MOST (64 + 3 * COLUMNS_MOST)

static sqlite3_stmt *insert_statement(
    struct runfile *runfile, const struct record *record, bool nested, struct error *error)
{
	struct record_statements *own = statements_of(runfile, record);
	if (!own) {
		error_memory(error);
		return NULL;
	}
	if (!own->insert) {
		char text[INSERT_MOST];
		int used = snprintf(text, sizeof text, "INSERT INTO \"%s\" VALUES (?%s",
		    record->name, nested ? ",?" : "");
		FIELD_EACH(field, record)
		{
			if (is_column(field))
				used += snprintf(text + used, sizeof text - (size_t)used, ",?");
		}
		snprintf(text + used, sizeof text - (size_t)used, ")");
		if (!prepare(runfile, text, &own->insert, error))
			return NULL;
	}
	sqlite3_reset(own->insert);
	sqlite3_clear_bindings(own->insert);
	return own->insert;
}

static bool has_table(struct runfile *runfile, const char *name)
{
	return sqlite3_table_column_metadata(runfile->database, "main", name, NULL, NULL, NULL,
	           NULL, NULL, NULL) == SQLITE_OK;
}

/* *out is NULL if the file has no such table. */
static bool select_statement(struct runfile *runfile, const struct record *record,
    const char *owner, struct record_statements **out, struct error *error)
{
	struct record_statements *own = statements_of(runfile, record);
	if (!own)
		return error_memory(error);
	*out = NULL;
	if (!own->select) {
		char text[96];
		int i = 0;
		if (!has_table(runfile, record->name))
			return true;
		snprintf(text, sizeof text,
		    "SELECT rowid, * FROM main.\"%s\" WHERE %s = ? ORDER BY rowid", record->name,
		    owner);
		if (!prepare(runfile, text, &own->select, error))
			return false;
		FIELD_EACH(field, record)
		{
			own->columns[i++] =
			    is_column(field) ? database_column(own->select, field->name) : -1;
		}
	}
	sqlite3_reset(own->select);
	*out = own;
	return true;
}

/* ---- writing ---- */

static void bind_value(
    sqlite3_stmt *statement, int position, const void *item, const struct field *field)
{
	if (!field_is_known(item, field))
		return;
	switch (field->kind) {
	case FIELD_TEXT:
		bind_text(statement, position, FIELD_OF(char *, item, field));
		break;
	case FIELD_NUMBER:
	case FIELD_COUNT:
	case FIELD_TIME:
		sqlite3_bind_int64(statement, position, FIELD_OF(int64_t, item, field));
		break;
	case FIELD_LUID:
		sqlite3_bind_int64(statement, position, (int64_t)FIELD_OF(uint64_t, item, field));
		break;
	case FIELD_YES_NO:
		sqlite3_bind_int(statement, position, FIELD_OF(enum yes_no, item, field) == YES);
		break;
	case FIELD_FLAG:
		sqlite3_bind_int(statement, position, 1);
		break;
	case FIELD_WORD:
		bind_text(statement, position, field->words[FIELD_OF(int, item, field)]);
		break;
	case FIELD_LIST:
		break;
	}
}

/* parent: the row that it belongs to; 0: the capture itself. */
static bool insert_record(struct runfile *runfile, const struct record *record, const void *item,
    int64_t capture, int64_t parent, struct error *error)
{
	int position = 1;
	sqlite3_stmt *statement = insert_statement(runfile, record, parent != 0, error);
	if (!statement)
		return false;
	sqlite3_bind_int64(statement, position++, capture);
	if (parent)
		sqlite3_bind_int64(statement, position++, parent);
	FIELD_EACH(field, record)
	{
		if (is_column(field))
			bind_value(statement, position++, item, field);
	}
	if (!database_run(runfile, statement, "writing a snapshot", error))
		return false;
	const int64_t row =
	    record == &snapshot_record ? 0 : sqlite3_last_insert_rowid(runfile->database);
	FIELD_EACH(field, record)
	{
		if (field->kind != FIELD_LIST || !field_is_known(item, field))
			continue;
		for (size_t i = 0; i < FIELD_COUNT_OF(item, field); i++) {
			if (!insert_record(runfile, field->of, field_item(item, field, i), capture,
			        row, error))
				return false;
		}
	}
	return true;
}

bool records_insert(
    struct runfile *runfile, int64_t capture, const struct snapshot *snapshot, struct error *error)
{
	return insert_record(runfile, &snapshot_record, snapshot, capture, 0, error);
}

/* ---- reading ---- */

/* Clears *good when memory is out. */
static void read_value(sqlite3_stmt *row, int column, void *item, const struct field *field,
    struct intern *pool, bool *good)
{
	if (column < 0 || sqlite3_column_type(row, column) == SQLITE_NULL)
		return;
	switch (field->kind) {
	case FIELD_TEXT:
		FIELD_AT(const char *, item, field) = column_text(row, column, pool, good);
		break;
	case FIELD_NUMBER:
	case FIELD_COUNT:
	case FIELD_TIME:
		FIELD_AT(int64_t, item, field) = sqlite3_column_int64(row, column);
		break;
	case FIELD_LUID:
		FIELD_AT(uint64_t, item, field) = (uint64_t)sqlite3_column_int64(row, column);
		break;
	case FIELD_YES_NO:
		FIELD_AT(enum yes_no, item, field) = sqlite3_column_int(row, column) ? YES : NO;
		break;
	case FIELD_FLAG:
		FIELD_AT(bool, item, field) = sqlite3_column_int(row, column) != 0;
		break;
	case FIELD_WORD: {
		const char *word = (const char *)sqlite3_column_text(row, column);
		for (size_t i = 1; word && i < field->word_count; i++) {
			if (field->words[i] && strcmp(field->words[i], word) == 0)
				FIELD_AT(int, item, field) = (int)i;
		}
		break;
	}
	case FIELD_LIST:
		break;
	}
}

static bool read_lists(struct runfile *runfile, const struct record *record, void *item,
    const char *owner, int64_t id, struct intern *pool, enum records_wanted wanted,
    struct error *error);

/* The row that the statement stands on; false with an error if it cannot be kept. */
static bool read_row(const struct record_statements *from, const struct record *record, void *item,
    struct intern *pool, struct error *error)
{
	bool good = true;
	int i = 0;
	FIELD_EACH(field, record)
	{
		read_value(from->select, from->columns[i++], item, field, pool, &good);
	}
	return good || error_memory(error);
}

static bool read_list(struct runfile *runfile, const struct field *list, void *item,
    const char *owner, int64_t id, struct intern *pool, struct error *error)
{
	struct record_statements *from;
	int result = SQLITE_DONE;
	bool good = select_statement(runfile, list->of, owner, &from, error);
	if (!good || !from)
		return good;
	sqlite3_stmt *row = from->select; /* the statements may move when others are prepared */
	struct record_statements kept = *from;
	sqlite3_bind_int64(row, 1, id);
	while (good && (result = sqlite3_step(row)) == SQLITE_ROW) {
		void *added = field_add(item, list);
		good = (added || error_memory(error)) &&
		       read_row(&kept, list->of, added, pool, error) &&
		       read_lists(runfile, list->of, added, "parent", sqlite3_column_int64(row, 0),
		           pool, RECORDS_ALL, error);
	}
	if (good && result != SQLITE_DONE)
		good = database_error(runfile, "reading a snapshot", error);
	sqlite3_reset(row);
	return good;
}

static bool read_lists(struct runfile *runfile, const struct record *record, void *item,
    const char *owner, int64_t id, struct intern *pool, enum records_wanted wanted,
    struct error *error)
{
	FIELD_EACH(field, record)
	{
		if (field->kind != FIELD_LIST ||
		    (wanted == RECORDS_WITHOUT_HANDLES && field->of == &handle_record))
			continue;
		if (!read_list(runfile, field, item, owner, id, pool, error))
			return false;
	}
	return true;
}

/* The header of a capture's snapshot; *out is NULL if there is none. */
static bool read_header(
    struct runfile *runfile, int64_t capture, struct snapshot **out, struct error *error)
{
	struct record_statements *from;
	struct snapshot *snapshot = NULL;
	*out = NULL;
	if (!select_statement(runfile, &snapshot_record, "capture", &from, error))
		return false;
	if (!from)
		return true;
	sqlite3_bind_int64(from->select, 1, capture);
	const int result = sqlite3_step(from->select);
	bool good = result == SQLITE_DONE || result == SQLITE_ROW ||
	            database_error(runfile, "reading a snapshot", error);
	if (good && result == SQLITE_ROW) {
		snapshot = snapshot_create();
		good = (snapshot || error_memory(error)) &&
		       read_row(from, &snapshot_record, snapshot, snapshot->intern, error);
	}
	sqlite3_reset(from->select);
	if (good)
		*out = snapshot;
	else
		snapshot_destroy(snapshot);
	return good;
}

/* Rows that were lost from the file show in their number. Handles that were not asked for are absent. */
static bool check_rows(struct snapshot *snapshot, enum records_wanted wanted)
{
	if (wanted == RECORDS_WITHOUT_HANDLES) {
		struct sight *handles = snapshot_sight(snapshot, SECTION_HANDLES);
		if (!handles || !snapshot_see(snapshot, SECTION_HANDLES, EXTENT_ABSENT, "not read"))
			return false;
		handles->rows = NUMBER_UNKNOWN;
	}
	return snapshot_check_rows(snapshot);
}

bool records_read(struct runfile *runfile, int64_t capture, enum records_wanted wanted,
    struct snapshot **out, struct error *error)
{
	if (!read_header(runfile, capture, out, error))
		return false;
	if (!*out || wanted == RECORDS_HEADER)
		return true;
	if (read_lists(runfile, &snapshot_record, *out, "capture", capture, (*out)->intern, wanted,
	        error) &&
	    ((check_rows(*out, wanted) && snapshot_unify_all(*out)) || error_memory(error)))
		return true;
	snapshot_destroy(*out);
	*out = NULL;
	return false;
}
