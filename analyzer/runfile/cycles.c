/* Cycles as rows. */
#include "runfile/runfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/intern.h"
#include "runfile/database.h"

const char *const phase_names[PHASE_COUNT] = {
    [PHASE_TCP] = "tcp",
    [PHASE_TLS] = "tls",
    [PHASE_NLA] = "nla",
    [PHASE_ACTIVATED] = "activated",
    [PHASE_LOGON] = "logon",
    [PHASE_HOLD] = "hold",
    [PHASE_LOGOFF] = "logoff",
};

const char *const cycle_result_names[CYCLE_RESULT_COUNT] = {
    [CYCLE_RUNNING] = "running",
    [CYCLE_LOGGED_OFF] = "logged-off",
    [CYCLE_UNPROVEN] = "unproven",
    [CYCLE_DISCONNECTED] = "disconnected",
    [CYCLE_FAILED] = "failed",
    [CYCLE_LOST] = "lost",
    [CYCLE_NOT_RECONNECTED] = "not-reconnected",
    [CYCLE_RAN] = "ran",
};

const char *const cycle_kind_names[CYCLE_KIND_COUNT] = {
    [CYCLE_LOAD] = "load",
    [CYCLE_PREFLIGHT] = "preflight",
    [CYCLE_VERIFICATION] = "verification",
};

bool runfile_put_cycle(struct runfile *runfile, const struct cycle *cycle, struct error *error)
{
	sqlite3_stmt *statement = database_statement(runfile, STATEMENT_PUT_CYCLE, error);
	if (!statement)
		return false;
	bind_number(statement, 1, cycle->number);
	bind_number(statement, 2, cycle->slot);
	bind_number(statement, 3, cycle->worker);
	bind_text(statement, 4, cycle->user);
	bind_text(statement, 5, cycle->domain);
	bind_number(statement, 6, cycle->scheduled);
	bind_number(statement, 7, cycle->started);
	bind_number(statement, 8, cycle->logged_on);
	bind_number(statement, 9, cycle->ended);
	bind_number(statement, 10, cycle->session_id);
	bind_number(statement, 11, cycle->result);
	bind_text(statement, 12, cycle->failed_phase);
	bind_text(statement, 13, cycle->code);
	bind_text(statement, 14, cycle->message);
	bind_number(statement, 15, cycle->error_info);
	bind_text(statement, 16, cycle->served_by);
	bind_text(statement, 17, cycle->proof);
	bind_number(statement, 18, cycle->kind);
	bind_number(statement, 19, cycle->shard);
	bind_number(statement, 20, cycle->attempt);
	bind_number(statement, 21,
	    cycle->reconnect == YES_NO_UNKNOWN ? NUMBER_UNKNOWN : (int64_t)cycle->reconnect);
	bind_number(statement, 22, cycle->host_clock_offset);
	for (int phase = 0; phase < PHASE_COUNT; phase++)
		bind_number(statement, 23 + phase, cycle->phase_us[phase]);
	bind_text(statement, 23 + PHASE_COUNT, cycle->server);
	return database_run(runfile, statement, "writing a cycle", error);
}

/* Where the columns of a cycle are. They are found by name once for all rows; -1: the file has none. */
struct columns {
	int number, slot, worker, user, domain, scheduled, started, logged_on, ended, session_id,
	    result, failed_phase, code, message, error_info, served_by, server, proof, kind, shard,
	    attempt, reconnect, host_clock_offset, phases[PHASE_COUNT];
};

static struct columns find_columns(sqlite3_stmt *row)
{
	struct columns columns = {
	    .number = database_column(row, "number"),
	    .slot = database_column(row, "slot"),
	    .worker = database_column(row, "worker"),
	    .user = database_column(row, "user"),
	    .domain = database_column(row, "domain"),
	    .scheduled = database_column(row, "scheduled"),
	    .started = database_column(row, "started"),
	    .logged_on = database_column(row, "logged_on"),
	    .ended = database_column(row, "ended"),
	    .session_id = database_column(row, "session_id"),
	    .result = database_column(row, "result"),
	    .failed_phase = database_column(row, "failed_phase"),
	    .code = database_column(row, "code"),
	    .message = database_column(row, "message"),
	    .error_info = database_column(row, "error_info"),
	    .served_by = database_column(row, "served_by"),
	    .server = database_column(row, "server"),
	    .proof = database_column(row, "proof"),
	    .kind = database_column(row, "kind"),
	    .shard = database_column(row, "shard"),
	    .attempt = database_column(row, "attempt"),
	    .reconnect = database_column(row, "reconnect"),
	    .host_clock_offset = database_column(row, "host_clock_offset"),
	};
	for (int phase = 0; phase < PHASE_COUNT; phase++) {
		char column[24];
		snprintf(column, sizeof column, "%s_us", phase_names[phase]);
		columns.phases[phase] = database_column(row, column);
	}
	return columns;
}

static struct cycle read_cycle(
    sqlite3_stmt *row, const struct columns *columns, struct intern *intern, bool *good)
{
#define NUMBER(column) column_number(row, columns->column)
#define TEXT(column) column_text(row, columns->column, intern, good)
	struct cycle cycle = {
	    .number = NUMBER(number),
	    .slot = NUMBER(slot),
	    .worker = NUMBER(worker),
	    .user = TEXT(user),
	    .domain = TEXT(domain),
	    .scheduled = NUMBER(scheduled),
	    .started = NUMBER(started),
	    .logged_on = NUMBER(logged_on),
	    .ended = NUMBER(ended),
	    .session_id = NUMBER(session_id),
	    .failed_phase = TEXT(failed_phase),
	    .code = TEXT(code),
	    .message = TEXT(message),
	    .error_info = NUMBER(error_info),
	    .served_by = TEXT(served_by),
	    .server = TEXT(server),
	    .proof = TEXT(proof),
	    .shard = NUMBER(shard),
	    .attempt = NUMBER(attempt),
	    .host_clock_offset = NUMBER(host_clock_offset),
	};
	const int64_t result = NUMBER(result), kind = NUMBER(kind), reconnect = NUMBER(reconnect);
#undef NUMBER
#undef TEXT
	cycle.result =
	    result >= 0 && result < CYCLE_RESULT_COUNT ? (enum cycle_result)result : CYCLE_LOST;
	cycle.kind = kind >= 0 && kind < CYCLE_KIND_COUNT ? (enum cycle_kind)kind : CYCLE_LOAD;
	cycle.reconnect = reconnect == NUMBER_UNKNOWN ? YES_NO_UNKNOWN : reconnect ? YES : NO;
	for (int phase = 0; phase < PHASE_COUNT; phase++)
		cycle.phase_us[phase] = column_number(row, columns->phases[phase]);
	return cycle;
}

bool runfile_cycles(struct runfile *runfile, struct cycles *out, struct error *error)
{
	sqlite3_stmt *statement = database_statement(runfile, STATEMENT_CYCLES, error);
	if (!statement)
		return false;
	const struct columns columns = find_columns(statement);
	struct cycles cycles = {.intern = intern_create()};
	bool good = cycles.intern;
	int result = SQLITE_DONE;
	while (good && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		if (!array_reserve(&cycles.items, cycles.count, sizeof *cycles.items)) {
			good = false;
			break;
		}
		cycles.items[cycles.count++] =
		    read_cycle(statement, &columns, cycles.intern, &good);
	}
	if (!good)
		error_memory(error);
	else if (result != SQLITE_DONE)
		good = database_error(runfile, "reading cycles", error);
	sqlite3_reset(statement);
	if (good)
		*out = cycles;
	else
		cycles_deinit(&cycles);
	return good;
}

static int by_number(const void *a, const void *b)
{
	const struct cycle *left = a, *right = b;
	return (left->number > right->number) - (left->number < right->number);
}

const struct cycle *cycles_find(const struct cycles *cycles, int64_t number)
{
	const struct cycle key = {.number = number};
	return cycles->count ? bsearch(&key, cycles->items, cycles->count, sizeof key, by_number)
	                     : NULL;
}

void cycles_deinit(struct cycles *cycles)
{
	free(cycles->items);
	intern_destroy(cycles->intern);
	memset(cycles, 0, sizeof *cycles);
}
