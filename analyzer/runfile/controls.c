/* Control runs as rows: each is a whole run file inside the one of the run that it checks. */
#include <stdlib.h>
#include <string.h>

#include "common/input.h"
#include "runfile/database.h"
#include "runfile/runfile.h"

bool runfile_add_control(struct runfile *runfile, const char *name, const char *rate,
    const char *path, struct error *error)
{
	char *bytes;
	size_t length;

	if (!input_read(path, &bytes, &length, error))
		return false;
	sqlite3_stmt *statement = database_statement(runfile, STATEMENT_ADD_CONTROL, error);
	bool good = statement != NULL;
	if (good) {
		bind_text(statement, 1, name);
		bind_text(statement, 2, rate);
		good = sqlite3_bind_blob64(statement, 3, bytes, length, SQLITE_STATIC) == SQLITE_OK
		           ? database_run(runfile, statement, "writing a control run", error)
		           : database_error(runfile, "writing a control run", error);
	}
	free(bytes);
	return good;
}

bool runfile_controls(struct runfile *runfile,
    bool (*visit)(void *data, const char *name, const char *rate, struct runfile *control,
        struct error *error),
    void *data, struct error *error)
{
	sqlite3_stmt *row = database_statement(runfile, STATEMENT_CONTROLS, error);
	int result;
	bool good = row != NULL;

	while (good && (result = sqlite3_step(row)) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(row, 0);
		if (!name)
			name = "without a name";
		const char *rate = (const char *)sqlite3_column_text(row, 1);
		struct runfile *control = runfile_open_bytes(
		    sqlite3_column_blob(row, 2), (size_t)sqlite3_column_bytes(row, 2), name, error);
		good = control && visit(data, name, rate, control, error);
		runfile_close(control);
	}
	if (good && result != SQLITE_DONE)
		good = database_error(runfile, "reading the control runs", error);
	if (row)
		sqlite3_reset(row);
	return good;
}
