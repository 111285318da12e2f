/* Reconnects as rows: what a cycle's connections after its first took. */
#include "runfile/runfile.h"

#include <stdlib.h>

#include "common/array.h"
#include "runfile/database.h"

#define RECONNECT_PHASES PHASE_LOGOFF /* those before it: a session is logged off once */

bool runfile_add_reconnect(
    struct runfile *runfile, const struct reconnect *reconnect, struct error *error)
{
	sqlite3_stmt *statement = database_statement(runfile, STATEMENT_ADD_RECONNECT, error);
	if (!statement)
		return false;
	bind_number(statement, 1, reconnect->cycle);
	bind_number(statement, 2, reconnect->number);
	bind_number(statement, 3, reconnect->started);
	bind_number(statement, 4, reconnect->logged_on);
	bind_number(statement, 5, reconnect->session_id);
	for (int phase = 0; phase < RECONNECT_PHASES; phase++)
		bind_number(statement, 6 + phase, reconnect->phase_us[phase]);
	return database_run(runfile, statement, "writing a reconnect", error);
}

static struct reconnect read_reconnect(sqlite3_stmt *row)
{
	struct reconnect reconnect = {.cycle = column_number(row, 0),
	    .number = column_number(row, 1),
	    .started = column_number(row, 2),
	    .logged_on = column_number(row, 3),
	    .session_id = column_number(row, 4)};
	for (int phase = 0; phase < PHASE_COUNT; phase++)
		reconnect.phase_us[phase] =
		    phase < RECONNECT_PHASES ? column_number(row, 5 + phase) : NUMBER_UNKNOWN;
	return reconnect;
}

static bool is_other(const struct reconnect *reconnect, const struct cycle *cycle)
{
	return reconnect->session_id != NUMBER_UNKNOWN && cycle->session_id != NUMBER_UNKNOWN &&
	       reconnect->session_id != cycle->session_id;
}

/* Puts those that were given another session last, and drops those of other cycles. */
static void sort_out(struct reconnects *reconnects, const struct cycles *cycles)
{
	const size_t count = reconnects->count;
	size_t of_these = 0;

	for (size_t i = 0; i < count; i++)
		if (cycles_find(cycles, reconnects->items[i].cycle))
			reconnects->items[of_these++] = reconnects->items[i];
	reconnects->count = 0;
	for (size_t i = 0; i < of_these; i++) {
		const struct reconnect reconnect = reconnects->items[i];
		if (is_other(&reconnect, cycles_find(cycles, reconnect.cycle)))
			continue;
		reconnects->items[i] = reconnects->items[reconnects->count];
		reconnects->items[reconnects->count++] = reconnect;
	}
	reconnects->others = of_these - reconnects->count;
}

bool runfile_reconnects(struct runfile *runfile, const struct cycles *cycles,
    struct reconnects *out, struct error *error)
{
	struct reconnects found = {0};
	*out = found;
	if (!database_has(runfile, "reconnect", "cycle"))
		return true;
	sqlite3_stmt *statement = database_statement(runfile, STATEMENT_RECONNECTS, error);
	if (!statement)
		return false;
	bool good = true;
	int result = SQLITE_DONE;
	while (good && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		good = array_reserve(&found.items, found.count, sizeof *found.items);
		if (good)
			found.items[found.count++] = read_reconnect(statement);
	}
	if (!good)
		error_memory(error);
	else if (result != SQLITE_DONE)
		good = database_error(runfile, "reading reconnects", error);
	sqlite3_reset(statement);
	sort_out(&found, cycles);
	if (good)
		*out = found;
	else
		free(found.items);
	return good;
}
