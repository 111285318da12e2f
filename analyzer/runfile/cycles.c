/* Cycles as rows. */
#include "runfile/runfile.h"

#include <stdlib.h>
#include <string.h>

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
	for (int phase = 0; phase < PHASE_COUNT; phase++)
		bind_number(statement, 18 + phase, cycle->phase_us[phase]);
	return database_run(runfile, statement, "writing a cycle", error);
}

static struct cycle read_cycle(sqlite3_stmt *statement, struct intern *intern, bool *good)
{
	struct cycle cycle = {
	    .number = column_number(statement, 0),
	    .slot = column_number(statement, 1),
	    .worker = column_number(statement, 2),
	    .user = column_text(statement, 3, intern, good),
	    .domain = column_text(statement, 4, intern, good),
	    .scheduled = column_number(statement, 5),
	    .started = column_number(statement, 6),
	    .logged_on = column_number(statement, 7),
	    .ended = column_number(statement, 8),
	    .session_id = column_number(statement, 9),
	    .failed_phase = column_text(statement, 11, intern, good),
	    .code = column_text(statement, 12, intern, good),
	    .message = column_text(statement, 13, intern, good),
	    .error_info = column_number(statement, 14),
	    .served_by = column_text(statement, 15, intern, good),
	    .proof = column_text(statement, 16, intern, good),
	};
	int result = sqlite3_column_int(statement, 10);
	cycle.result =
	    result >= 0 && result < CYCLE_RESULT_COUNT ? (enum cycle_result)result : CYCLE_LOST;
	for (int phase = 0; phase < PHASE_COUNT; phase++)
		cycle.phase_us[phase] = column_number(statement, 17 + phase);
	return cycle;
}

bool runfile_cycles(struct runfile *runfile, struct cycles *out, struct error *error)
{
	sqlite3_stmt *statement = database_statement(runfile, STATEMENT_CYCLES, error);
	if (!statement)
		return false;
	struct cycles cycles = {.intern = intern_create()};
	size_t capacity = 0;
	bool good = cycles.intern;
	int result = SQLITE_DONE;
	while (good && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		if (cycles.count == capacity) {
			capacity = capacity ? capacity * 2 : 64;
			struct cycle *larger = realloc(cycles.items, capacity * sizeof *larger);
			if (!larger) {
				good = false;
				break;
			}
			cycles.items = larger;
		}
		cycles.items[cycles.count++] = read_cycle(statement, cycles.intern, &good);
	}
	if (!good)
		error_set(error, EXIT_TARGET, "out of memory");
	else if (result != SQLITE_DONE)
		good = database_error(runfile, "reading cycles", error);
	sqlite3_reset(statement);
	if (good)
		*out = cycles;
	else
		cycles_deinit(&cycles);
	return good;
}

void cycles_deinit(struct cycles *cycles)
{
	free(cycles->items);
	intern_destroy(cycles->intern);
	memset(cycles, 0, sizeof *cycles);
}
