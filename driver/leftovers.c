/* Knows which sessions a run may have left: those of accounts whose latest logon has no proven end, unless a later sample shows none. */
#include "driver/leftovers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/duration.h"
#include "common/text.h"
#include "evidence/identity.h"

#define TOLD_MOST 10 /* by name, in one event */

/* The run's last sample; NULL: there is none. */
static struct snapshot *last_sample(struct run *run)
{
	static const enum mark marks[] = {MARK_SETTLED, MARK_SETTLING, MARK_AFTER};
	struct captures captures;
	struct snapshot *snapshot = NULL;
	struct error none;

	if (!runfile_captures(run->runfile, &captures, &none))
		return NULL;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]) && !snapshot; i++)
		for (size_t j = captures.count; j > 0 && !snapshot; j--)
			if (captures.items[j - 1].mark == marks[i])
				snapshot = runfile_snapshot(run->runfile, marks[i],
				    captures.items[j - 1].round, false, &none);
	captures_deinit(&captures);
	return snapshot;
}

/* Taken after the cycle, and of its host, it shows all sessions, and none of the account. */
static bool is_gone(const struct snapshot *sample, const struct cycle *cycle)
{
	if (!sample || cycle->kind == CYCLE_VERIFICATION ||
	    !host_same(cycle->server, sample->host) || !snapshot_whole(sample, SECTION_SESSIONS))
		return false;
	for (size_t i = 0; i < sample->session_count; i++)
		if (sample->sessions[i].user &&
		    strcasecmp(sample->sessions[i].user, cycle->user) == 0)
			return false;
	return true;
}

static int account_order(const void *a, const void *b)
{
	const struct cycle *left = *(const struct cycle *const *)a,
	                   *right = *(const struct cycle *const *)b;
	const int by_user = account_user_order(left->user, right->user);

	return by_user ? by_user
	               : (left->started > right->started) - (left->started < right->started);
}

/* A host that gave a new session instead gives others at later logons, too. */
static bool is_joined_by_none(const struct cycle *cycle)
{
	return cycle->result == CYCLE_NOT_RECONNECTED && cycle->code &&
	       strcmp(cycle->code, CYCLE_NEW_SESSION) == 0;
}

/* A later logon of the account joins a session that was left, or shows that there was none: only the latest of each may have left one. These come
 * to stand first in items; returns how many. */
static size_t find_left(const struct cycle **items, size_t count, const struct snapshot *sample)
{
	size_t found = 0;
	const char *done = NULL; /* whose latest logon was looked at */

	qsort(items, count, sizeof(*items), account_order);
	/* From the end: what is found is kept there, and moved at last. */
	for (size_t i = count; i > 0; i--) {
		const struct cycle *cycle = items[i - 1];

		if (cycle->logged_on == TIMESTAMP_UNKNOWN ||
		    (done && account_user_order(done, cycle->user) == 0 &&
		        !is_joined_by_none(cycle)))
			continue;
		done = cycle->user;
		if (cycle->result != CYCLE_LOGGED_OFF && cycle->result != CYCLE_FAILED &&
		    !is_gone(sample, cycle))
			items[count - ++found] = cycle;
	}
	memmove(items, items + count - found, found * sizeof(*items));
	return found;
}

static void name_session(const struct cycle *cycle, char *text, size_t size)
{
	const bool domain = cycle->domain && *cycle->domain;
	char id[32] = "";

	if (cycle->session_id != NUMBER_UNKNOWN)
		snprintf(id, sizeof(id), " (ID %lld)", (long long)cycle->session_id);
	snprintf(text, size, "%.60s%s%.60s%s", domain ? cycle->domain : "", domain ? "\\" : "",
	    cycle->user, id);
}

static void clean(struct run *run, const struct setup *setup, const struct cycle *cycle)
{
	const int64_t offset =
	    cycle->host_clock_offset == NUMBER_UNKNOWN ? 0 : cycle->host_clock_offset;
	const struct session_of session = {
	    cycle->user, cycle->domain, cycle->session_id, cycle->logged_on + offset};
	char name[200], text[1300];
	struct error why;

	name_session(cycle, name, sizeof(name));
	if (session_log_off(setup->command, &session, setup->logoff_timeout, &why))
		snprintf(text, sizeof(text), "session of %s: logged off by logoff.command", name);
	else
		snprintf(text, sizeof(text), "session of %s: not logged off: %s", name, why.text);
	run_event(run, "cleanup", text, true);
}

static void tell(struct run *run, const struct cycle *const *left, size_t count)
{
	char text[TOLD_MOST * 200 + 200], name[200];
	size_t used = (size_t)snprintf(text, sizeof(text),
	    "session%s that may be on the host still: %zu: ", text_plural((int64_t)count), count);

	for (size_t i = 0; i < count && i < TOLD_MOST; i++) {
		name_session(left[i], name, sizeof(name));
		used += (size_t)snprintf(
		    text + used, sizeof(text) - used, "%s%s", i > 0 ? ", " : "", name);
	}
	if (count > TOLD_MOST)
		snprintf(text + used, sizeof(text) - used, " and %zu more", count - TOLD_MOST);
	run_event(run, "sessions-left", text, true);
}

bool leftovers_tell_and_clean(struct run *run, const struct setup *setup)
{
	struct cycles cycles;

	if (!runfile_cycles(run->runfile, &cycles, &run->error))
		return false;
	const struct cycle **items = calloc(cycles.count + 1, sizeof(*items));
	struct snapshot *sample = items ? last_sample(run) : NULL;

	for (size_t i = 0; items && i < cycles.count; i++)
		items[i] = &cycles.items[i];
	const size_t count = items ? find_left(items, cycles.count, sample) : 0;
	if (count > 0)
		tell(run, items, count);
	if (run->scenario->cleanup == CLEANUP_LOGOFF)
		for (size_t i = 0; i < count && run->interrupts < 2; i++)
			clean(run, setup, items[i]);
	const bool done = items != NULL;
	free(items);
	snapshot_destroy(sample);
	cycles_deinit(&cycles);
	return done || error_memory(&run->error);
}
