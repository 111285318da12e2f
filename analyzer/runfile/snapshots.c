/* Snapshots as rows: which column holds what. */
#include "runfile/snapshots.h"

#include "runfile/runfile.h"

static void bind_yes_no(sqlite3_stmt *statement, int position, enum yes_no value)
{
	if (value != YES_NO_UNKNOWN)
		sqlite3_bind_int(statement, position, value == YES);
}

static bool insert_header(
    struct runfile *runfile, int64_t capture, const struct snapshot *snapshot, struct error *error)
{
	sqlite3_stmt *statement = database_statement(runfile, STATEMENT_ADD_SNAPSHOT, error);
	if (!statement)
		return false;
	bind_number(statement, 1, capture);
	bind_text(statement, 2, snapshot->source);
	bind_text(statement, 3, snapshot->host);
	bind_text(statement, 4, snapshot->build);
	bind_number(statement, 5, snapshot->boot_time);
	bind_number(statement, 6, snapshot->time);
	bind_yes_no(statement, 7, snapshot->elevated);
	bind_yes_no(statement, 8, snapshot->leak_tracking);
	bind_number(statement, 9, snapshot->token_objects);
	bind_number(statement, 10, snapshot->token_objects_accounted);
	return database_run(runfile, statement, "writing a snapshot", error);
}

static bool insert_sessions(
    struct runfile *runfile, int64_t capture, const struct snapshot *snapshot, struct error *error)
{
	for (size_t i = 0; i < snapshot->session_count; i++) {
		const struct session *session = &snapshot->sessions[i];
		sqlite3_stmt *statement = database_statement(runfile, STATEMENT_ADD_SESSION, error);
		if (!statement)
			return false;
		bind_number(statement, 1, capture);
		bind_number(statement, 2, session->id);
		bind_text(statement, 3, session->name);
		bind_text(statement, 4, session->user);
		bind_text(statement, 5, session->domain);
		bind_text(statement, 6, session->state);
		if (!database_run(runfile, statement, "writing a session", error))
			return false;
	}
	return true;
}

static bool insert_logon_sessions(
    struct runfile *runfile, int64_t capture, const struct snapshot *snapshot, struct error *error)
{
	for (size_t i = 0; i < snapshot->logon_session_count; i++) {
		const struct logon_session *logon = &snapshot->logon_sessions[i];
		sqlite3_stmt *statement =
		    database_statement(runfile, STATEMENT_ADD_LOGON_SESSION, error);
		if (!statement)
			return false;
		bind_number(statement, 1, capture);
		sqlite3_bind_int64(statement, 2, (int64_t)logon->luid);
		bind_text(statement, 3, logon->user);
		bind_text(statement, 4, logon->domain);
		bind_text(statement, 5, logon->logon_type);
		bind_text(statement, 6, logon->auth_package);
		bind_number(statement, 7, logon->session_id);
		bind_number(statement, 8, logon->logon_time);
		if (!database_run(runfile, statement, "writing a logon session", error))
			return false;
	}
	return true;
}

static bool insert_handles(
    struct runfile *runfile, int64_t capture, const struct snapshot *snapshot, struct error *error)
{
	for (size_t i = 0; i < snapshot->handle_count; i++) {
		const struct handle *handle = &snapshot->handles[i];
		sqlite3_stmt *statement = database_statement(runfile, STATEMENT_ADD_HANDLE, error);
		if (!statement)
			return false;
		bind_number(statement, 1, capture);
		bind_number(statement, 2, handle->pid);
		bind_text(statement, 3, handle->image);
		bind_number(statement, 4, handle->value);
		bind_text(statement, 5, handle->type);
		bind_number(statement, 6, handle->token_id);
		if (handle->has_luid)
			sqlite3_bind_int64(statement, 7, (int64_t)handle->luid);
		bind_number(statement, 8, handle->session_id);
		bind_text(statement, 9, handle->user);
		bind_text(statement, 10, handle->domain);
		bind_text(statement, 11, handle->name);
		if (!database_run(runfile, statement, "writing a handle", error))
			return false;
	}
	return true;
}

static bool insert_processes(
    struct runfile *runfile, int64_t capture, const struct snapshot *snapshot, struct error *error)
{
	for (size_t i = 0; i < snapshot->process_count; i++) {
		const struct process *process = &snapshot->processes[i];
		sqlite3_stmt *statement = database_statement(runfile, STATEMENT_ADD_PROCESS, error);
		if (!statement)
			return false;
		bind_number(statement, 1, capture);
		bind_number(statement, 2, process->pid);
		bind_text(statement, 3, process->image);
		bind_number(statement, 4, process->session_id);
		bind_number(statement, 5, process->handle_count);
		bind_text(statement, 6, process->user);
		if (!database_run(runfile, statement, "writing a process", error))
			return false;
	}
	return true;
}

static bool insert_unavailable_one(struct runfile *runfile, int64_t capture,
    const struct unavailable *unavailable, struct error *error)
{
	sqlite3_stmt *statement = database_statement(runfile, STATEMENT_ADD_UNAVAILABLE, error);
	if (!statement)
		return false;
	bind_number(statement, 1, capture);
	bind_text(statement, 2, unavailable->what);
	bind_text(statement, 3, unavailable->why);
	return database_run(runfile, statement, "writing what was unavailable", error);
}

/* Of a list that was cut, what it has not got proves nothing either. */
static bool insert_unavailable(
    struct runfile *runfile, int64_t capture, const struct snapshot *snapshot, struct error *error)
{
	static const struct unavailable cut_sessions = {"sessions", "the list was cut off"},
	                                cut_logons = {"logon_sessions", "the list was cut off"};
	for (size_t i = 0; i < snapshot->unavailable_count; i++) {
		if (!insert_unavailable_one(runfile, capture, &snapshot->unavailable[i], error))
			return false;
	}
	return (!snapshot->sessions_cut ||
	           insert_unavailable_one(runfile, capture, &cut_sessions, error)) &&
	       (!snapshot->logon_sessions_cut ||
	           insert_unavailable_one(runfile, capture, &cut_logons, error));
}

bool snapshot_insert(
    struct runfile *runfile, int64_t capture, const struct snapshot *snapshot, struct error *error)
{
	return insert_header(runfile, capture, snapshot, error) &&
	       insert_sessions(runfile, capture, snapshot, error) &&
	       insert_logon_sessions(runfile, capture, snapshot, error) &&
	       insert_handles(runfile, capture, snapshot, error) &&
	       insert_processes(runfile, capture, snapshot, error) &&
	       insert_unavailable(runfile, capture, snapshot, error);
}

static bool read_session(sqlite3_stmt *row, struct snapshot *snapshot)
{
	struct session *session = snapshot_add_session(snapshot);
	bool good = session;
	if (!good)
		return false;
	session->id = column_number(row, 1);
	session->name = column_text(row, 2, snapshot->intern, &good);
	session->user = column_text(row, 3, snapshot->intern, &good);
	session->domain = column_text(row, 4, snapshot->intern, &good);
	session->state = column_text(row, 5, snapshot->intern, &good);
	return good;
}

static bool read_logon_session(sqlite3_stmt *row, struct snapshot *snapshot)
{
	struct logon_session *logon = snapshot_add_logon_session(snapshot);
	bool good = logon;
	if (!good)
		return false;
	logon->luid = (uint64_t)sqlite3_column_int64(row, 1);
	logon->user = column_text(row, 2, snapshot->intern, &good);
	logon->domain = column_text(row, 3, snapshot->intern, &good);
	logon->logon_type = column_text(row, 4, snapshot->intern, &good);
	logon->auth_package = column_text(row, 5, snapshot->intern, &good);
	logon->session_id = column_number(row, 6);
	logon->logon_time = column_number(row, 7);
	return good;
}

static bool read_handle(sqlite3_stmt *row, struct snapshot *snapshot)
{
	struct handle *handle = snapshot_add_handle(snapshot);
	bool good = handle;
	if (!good)
		return false;
	handle->pid = column_number(row, 1);
	handle->image = column_text(row, 2, snapshot->intern, &good);
	handle->value = column_number(row, 3);
	handle->type = column_text(row, 4, snapshot->intern, &good);
	handle->token_id = column_number(row, 5);
	handle->has_luid = sqlite3_column_type(row, 6) != SQLITE_NULL;
	handle->luid = (uint64_t)sqlite3_column_int64(row, 6);
	handle->session_id = column_number(row, 7);
	handle->user = column_text(row, 8, snapshot->intern, &good);
	handle->domain = column_text(row, 9, snapshot->intern, &good);
	handle->name = column_text(row, 10, snapshot->intern, &good);
	return good;
}

static bool read_process(sqlite3_stmt *row, struct snapshot *snapshot)
{
	struct process *process = snapshot_add_process(snapshot);
	bool good = process;
	if (!good)
		return false;
	process->pid = column_number(row, 1);
	process->image = column_text(row, 2, snapshot->intern, &good);
	process->session_id = column_number(row, 3);
	process->handle_count = column_number(row, 4);
	process->user = column_text(row, 5, snapshot->intern, &good);
	return good;
}

static bool read_unavailable(sqlite3_stmt *row, struct snapshot *snapshot)
{
	return snapshot_add_unavailable(snapshot, (const char *)sqlite3_column_text(row, 1),
	    (const char *)sqlite3_column_text(row, 2));
}

static bool read_rows(struct runfile *runfile, enum statement which, int64_t capture,
    struct snapshot *snapshot, bool (*read)(sqlite3_stmt *row, struct snapshot *snapshot),
    struct error *error)
{
	sqlite3_stmt *statement = database_statement(runfile, which, error);
	if (!statement)
		return false;
	bind_number(statement, 1, capture);
	int result;
	bool good = true;
	while ((result = sqlite3_step(statement)) == SQLITE_ROW && good)
		good = read(statement, snapshot);
	if (!good)
		error_set(error, EXIT_TARGET, "out of memory");
	else if (result != SQLITE_DONE)
		good = database_error(runfile, "reading a snapshot", error);
	sqlite3_reset(statement);
	return good;
}

static enum yes_no column_yes_no(sqlite3_stmt *row, int column)
{
	if (sqlite3_column_type(row, column) == SQLITE_NULL)
		return YES_NO_UNKNOWN;
	return sqlite3_column_int(row, column) ? YES : NO;
}

static bool read_header(sqlite3_stmt *row, struct snapshot *snapshot)
{
	bool good = true;
	snapshot->source = column_text(row, 1, snapshot->intern, &good);
	snapshot->host = column_text(row, 2, snapshot->intern, &good);
	snapshot->build = column_text(row, 3, snapshot->intern, &good);
	snapshot->boot_time = column_number(row, 4);
	snapshot->time = column_number(row, 5);
	snapshot->elevated = column_yes_no(row, 6);
	snapshot->leak_tracking = column_yes_no(row, 7);
	snapshot->token_objects = column_number(row, 8);
	snapshot->token_objects_accounted = column_number(row, 9);
	return good;
}

/* The snapshot of one capture, from its header's row. */
static struct snapshot *read_snapshot(
    struct runfile *runfile, sqlite3_stmt *row, struct error *error)
{
	int64_t capture = column_number(row, 0);
	struct snapshot *snapshot = snapshot_create();
	if (!snapshot || !read_header(row, snapshot)) {
		error_set(error, EXIT_TARGET, "out of memory");
		goto fail;
	}
	if (!read_rows(runfile, STATEMENT_SESSIONS, capture, snapshot, read_session, error) ||
	    !read_rows(
	        runfile, STATEMENT_LOGON_SESSIONS, capture, snapshot, read_logon_session, error) ||
	    !read_rows(runfile, STATEMENT_HANDLES, capture, snapshot, read_handle, error) ||
	    !read_rows(runfile, STATEMENT_PROCESSES, capture, snapshot, read_process, error) ||
	    !read_rows(runfile, STATEMENT_UNAVAILABLE, capture, snapshot, read_unavailable, error))
		goto fail;
	return snapshot;
fail:
	snapshot_destroy(snapshot);
	return NULL;
}

bool runfile_sightings(struct runfile *runfile,
    void (*visit)(void *data, const struct sighting *sighting), void *data, struct error *error)
{
	sqlite3_stmt *row = database_statement(runfile, STATEMENT_SIGHTINGS, error);
	if (!row)
		return false;
	bind_number(row, 1, MARK_BEFORE);
	int result;
	while ((result = sqlite3_step(row)) == SQLITE_ROW) {
		struct sighting sighting = {
		    .user = (const char *)sqlite3_column_text(row, 0),
		    .domain = (const char *)sqlite3_column_text(row, 1),
		    .session_id = column_number(row, 2),
		    .time = column_number(row, 3),
		};
		visit(data, &sighting);
	}
	bool good = result == SQLITE_DONE;
	if (!good)
		database_error(runfile, "reading who was seen on the host", error);
	sqlite3_reset(row);
	return good;
}

static bool visit_holdings(struct runfile *runfile, enum statement which,
    void (*visit)(void *data, const struct holding *holding), void *data, struct error *error)
{
	sqlite3_stmt *row = database_statement(runfile, which, error);
	if (!row)
		return false;
	int result;
	while ((result = sqlite3_step(row)) == SQLITE_ROW) {
		struct holding holding = {
		    .capture = sqlite3_column_int64(row, 0),
		    .pid = column_number(row, 1),
		    .image = (const char *)sqlite3_column_text(row, 2),
		    .type = (const char *)sqlite3_column_text(row, 3),
		    .user = (const char *)sqlite3_column_text(row, 4),
		    .domain = (const char *)sqlite3_column_text(row, 5),
		    .count = column_number(row, 6),
		    .has_luid = sqlite3_column_type(row, 7) != SQLITE_NULL,
		    .luid = (uint64_t)sqlite3_column_int64(row, 7),
		};
		visit(data, &holding);
	}
	bool good = result == SQLITE_DONE;
	if (!good)
		database_error(runfile, "reading the handles of the snapshots", error);
	sqlite3_reset(row);
	return good;
}

bool runfile_holdings(struct runfile *runfile,
    void (*visit)(void *data, const struct holding *holding), void *data, struct error *error)
{
	return visit_holdings(runfile, STATEMENT_HOLDINGS, visit, data, error);
}

bool runfile_process_counts(struct runfile *runfile,
    void (*visit)(void *data, const struct holding *holding), void *data, struct error *error)
{
	return visit_holdings(runfile, STATEMENT_PROCESS_COUNTS, visit, data, error);
}

bool runfile_token_holdings(struct runfile *runfile,
    void (*visit)(void *data, const struct holding *holding), void *data, struct error *error)
{
	return visit_holdings(runfile, STATEMENT_TOKEN_HOLDINGS, visit, data, error);
}

bool runfile_logon_sessions(struct runfile *runfile,
    void (*visit)(void *data, const struct logon_session *logon), void *data, struct error *error)
{
	sqlite3_stmt *row = database_statement(runfile, STATEMENT_OWNERS, error);
	if (!row)
		return false;
	int result;
	while ((result = sqlite3_step(row)) == SQLITE_ROW) {
		const struct logon_session logon = {
		    .luid = (uint64_t)sqlite3_column_int64(row, 0),
		    .user = (const char *)sqlite3_column_text(row, 1),
		    .domain = (const char *)sqlite3_column_text(row, 2),
		    .logon_type = (const char *)sqlite3_column_text(row, 3),
		    .session_id = column_number(row, 4),
		    .logon_time = TIMESTAMP_UNKNOWN,
		};
		visit(data, &logon);
	}
	bool good = result == SQLITE_DONE;
	if (!good)
		database_error(runfile, "reading the logon sessions of the snapshots", error);
	sqlite3_reset(row);
	return good;
}

bool runfile_hosts(struct runfile *runfile,
    void (*visit)(void *data, const struct snapshot *header), void *data, struct error *error)
{
	sqlite3_stmt *row = database_statement(runfile, STATEMENT_HOSTS, error);
	if (!row)
		return false;
	int result = SQLITE_DONE;
	bool good = true;
	while (good && (result = sqlite3_step(row)) == SQLITE_ROW) {
		struct snapshot *header = snapshot_create();
		good = (header && read_header(row, header)) ||
		       error_set(error, EXIT_TARGET, "out of memory");
		if (good)
			visit(data, header);
		snapshot_destroy(header);
	}
	if (good && result != SQLITE_DONE)
		good = database_error(runfile, "reading what the snapshots say of the host", error);
	sqlite3_reset(row);
	return good;
}

struct snapshot *runfile_snapshot(
    struct runfile *runfile, enum mark mark, int64_t round, struct error *error)
{
	sqlite3_stmt *row = database_statement(runfile, STATEMENT_SNAPSHOTS_OF_MOMENT, error);
	if (!row)
		return NULL;
	bind_number(row, 1, mark);
	bind_number(row, 2, round);
	struct snapshot *merged = NULL;
	bool good = true;
	int result;
	while (good && (result = sqlite3_step(row)) == SQLITE_ROW) {
		struct snapshot *one = read_snapshot(runfile, row, error);
		if (!merged) {
			merged = one;
			good = one;
			continue;
		}
		good = one && snapshot_merge(merged, one, error);
		snapshot_destroy(one);
	}
	if (good && result != SQLITE_DONE)
		good = database_error(runfile, "reading a snapshot", error);
	else if (good && !merged)
		good = error_set(error, EXIT_USAGE, "the run has no snapshot \"%s\" %lld",
		    mark_names[mark], (long long)round);
	sqlite3_reset(row);
	if (!good) {
		snapshot_destroy(merged);
		merged = NULL;
	}
	return merged;
}
