/* Which logon sessions outlived their session, where the evidence is thin. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "leak/leak.h"

#define MINUTE INT64_C(60000000)
#define NINE (INT64_C(1795253400) * 1000000)

static void add_session(struct snapshot *sample, int64_t id, const char *user)
{
	struct session *session = snapshot_add_session(sample);
	session->id = id;
	session->user = user;
	session->state = "Active";
}

static struct logon_session *add_logon(
    struct snapshot *sample, uint64_t luid, const char *user, const char *type, int64_t session_id)
{
	struct logon_session *logon = snapshot_add_logon_session(sample);
	logon->luid = luid;
	logon->user = user;
	logon->logon_type = type;
	logon->session_id = session_id;
	return logon;
}

static struct snapshot *a_sample(void)
{
	struct snapshot *sample = snapshot_create();
	add_session(sample, 0, NULL);
	add_logon(sample, 0x3e7, "RDS01$", NULL, 0);
	return sample;
}

static void add_process(struct snapshot *sample, int64_t pid, const char *image, int64_t start)
{
	struct process *process = snapshot_add_process(sample);
	process->pid = pid;
	process->image = image;
	process->session_id = 0;
	process->start_time = start;
}

static void add(struct leak *leak, struct snapshot *sample, int64_t time)
{
	assert_true(snapshot_see_all(sample));
	assert_true(leak_add(leak, sample, time, 0));
}

static bool watch_labs(const void *data, const struct logon_session *logon, int64_t logon_time)
{
	(void)data;
	(void)logon_time;
	return logon->user && strncmp(logon->user, "lab", 3) == 0;
}

static struct leak *create(bool is_run)
{
	const struct leak_terms terms = {.release_time = NUMBER_UNKNOWN,
	    .after_logoff = NUMBER_UNKNOWN,
	    .is_watched = is_run ? watch_labs : NULL};
	struct leak *leak = leak_create(&terms);
	assert_non_null(leak);
	return leak;
}

static enum fate fate_of(struct leak *leak, uint64_t luid)
{
	return leak_logon(leak, luid)->fate;
}

static void without_times_an_earlier_logon_in_its_session_is_unsure(void **state)
{
	(void)state;
	struct leak *leak = create(false);
	struct snapshot *sample = a_sample();
	add_session(sample, 3, "anna");
	add_logon(sample, 0x2f0001, "anna", "RemoteInteractive", 3);
	add_logon(sample, 0x2f0201, "anna", "RemoteInteractive", 3); /* linked: made with it */
	add(leak, sample, NINE);
	assert_int_equal(fate_of(leak, 0x2f0001), FATE_ALIVE);
	snapshot_destroy(sample);
	sample = a_sample();
	add_session(sample, 3, "anna");
	add_logon(sample, 0x2f0001, "anna", "RemoteInteractive", 3);
	add_logon(sample, 0x2f0801, "anna", "RemoteInteractive", 3); /* near, but was not there */
	add(leak, sample, NINE + MINUTE);
	assert_int_equal(fate_of(leak, 0x2f0001), FATE_UNSURE);
	snapshot_destroy(sample);
	sample = a_sample();
	add_session(sample, 3, "anna");
	add_logon(sample, 0x2f0001, "anna", "RemoteInteractive", 3);
	add_logon(sample, 0x310000, "anna", "RemoteInteractive", 3);
	add(leak, sample, NINE + 2 * MINUTE);
	assert_int_equal(fate_of(leak, 0x2f0001), FATE_UNSURE);
	snapshot_destroy(sample);
	leak_destroy(leak);
}

static void a_logon_before_the_one_that_made_the_session_is_of_another(void **state)
{
	(void)state;
	struct leak *leak = create(false);
	struct snapshot *sample = a_sample();
	add_session(sample, 3, "carl");
	add_logon(sample, 0x2f0055, "admin", "Interactive", 3)->logon_time = NINE;
	add_logon(sample, 0x2f0b00, "carl", "RemoteInteractive", 3)->logon_time =
	    NINE + 60 * MINUTE;
	add_logon(sample, 0x2f0c00, "admin", "Interactive", 3)->logon_time = NINE + 70 * MINUTE;
	add(leak, sample, NINE + 80 * MINUTE);
	assert_int_equal(fate_of(leak, 0x2f0055), FATE_ORPHAN);
	assert_int_equal(fate_of(leak, 0x2f0c00), FATE_ALIVE);
	snapshot_destroy(sample);
	leak_destroy(leak);
}

static void what_came_after_the_first_sample_is_the_runs_whatever_its_clock_says(void **state)
{
	(void)state;
	struct leak *leak = create(true);
	struct snapshot *sample = a_sample();
	add_logon(sample, 0x1000, "svc", "Service", 0);
	add(leak, sample, NINE);
	snapshot_destroy(sample);
	sample = a_sample();
	add_logon(sample, 0x2000, "lab01", "RemoteInteractive", 3)->logon_time = NINE - 60 * MINUTE;
	add(leak, sample, NINE + MINUTE);
	assert_false(leak_logon(leak, 0x2000)->older);
	snapshot_destroy(sample);
	leak_destroy(leak);
}

static void a_row_that_is_listed_twice_is_one(void **state)
{
	(void)state;
	size_t count;
	struct leak *leak = create(false);
	struct snapshot *sample = a_sample();
	add_logon(sample, 0x2000, "lab01", "RemoteInteractive", 3);
	add_logon(sample, 0x2000, "lab01", "RemoteInteractive", 3);
	add(leak, sample, NINE);
	leak_logons(leak, &count);
	assert_int_equal(count, 2); /* with SYSTEM's */
	snapshot_destroy(sample);
	leak_destroy(leak);
}

/* The leaker's sample, with its leak in it or not. */
static struct snapshot *leaking(bool leaks, int64_t start)
{
	struct snapshot *sample = a_sample();
	add_process(sample, 4, "System", NINE);
	if (start)
		add_process(sample, 60, "leaker.exe", start);
	if (leaks) {
		add_logon(sample, 0x2000, "lab01", "RemoteInteractive", 3);
		struct handle *handle = snapshot_add_handle(sample);
		handle->pid = 60;
		handle->image = "leaker.exe";
		handle->type = "Token";
		handle->luid = 0x2000;
	}
	return sample;
}

/* The same of a token of winlogon's, by which only the session ID stays. */
static struct snapshot *leaking_id(bool leaks, int64_t start)
{
	struct snapshot *sample = leaking(false, start);
	if (leaks) {
		struct handle *handle = snapshot_add_handle(sample);
		handle->pid = 60;
		handle->image = "leaker.exe";
		handle->type = "Token";
		handle->luid = 0x3e7;
		handle->session_id = 3;
	}
	return sample;
}

static void take(struct leak *leak, struct snapshot *sample, int64_t time)
{
	assert_true(leak_take(leak, NULL, sample, time, time, 0));
}

static struct taken_along taken_with(
    struct snapshot *(*make)(bool leaks, int64_t start), int64_t start_then, bool exited)
{
	struct leak *leak = create(true);
	const struct given_id given = {3, NINE + MINUTE / 2, TIMESTAMP_UNKNOWN};
	struct snapshot *first = make(false, NINE), *then = make(true, NINE),
	                *now = make(false, start_then);
	struct taken_along taken;
	assert_true(snapshot_see_all(first) && snapshot_see_all(then) && snapshot_see_all(now));
	take(leak, first, NINE);
	take(leak, then, NINE + MINUTE);
	for (size_t i = 0; exited && i < now->process_count; i++)
		now->processes[i].exited = now->processes[i].pid == 60;
	take(leak, now, NINE + 2 * MINUTE);
	assert_true(leak_prove_id_ends(leak, &given, 1));
	assert_true(leak_taken_along(leak, NULL, 0, 0, &taken));
	assert_true(taken.logon_sessions + taken.session_ids == 0 ||
	            strcmp(taken.items[0].image, "leaker.exe") == 0);
	snapshot_destroy(first);
	snapshot_destroy(then);
	snapshot_destroy(now);
	free(taken.items);
	leak_destroy(leak);
	return taken; /* its numbers */
}

static void what_goes_as_its_holder_ends_is_told_from_a_release(void **state)
{
	(void)state;
	assert_int_equal(taken_with(leaking, NINE, false).logon_sessions, 0); /* it runs on */
	assert_int_equal(taken_with(leaking, 0, false).logon_sessions, 1);    /* it has ended */
	assert_int_equal(taken_with(leaking, NINE, true).logon_sessions, 1);
	/* Its process ID was given again. */
	assert_int_equal(taken_with(leaking, NINE + MINUTE, false).logon_sessions, 1);
}

static void who_held_what_came_later_is_not_seen_in_an_earlier_sample(void **state)
{
	(void)state;
	/* Handles are seen at first only; then an orphan comes and goes, and so does a process. */
	struct leak *leak = create(true);
	struct snapshot *first = leaking(false, NINE), *then = leaking(true, NINE),
	                *now = leaking(false, 0);
	struct taken_along taken;
	then->handle_count = 0;
	assert_true(snapshot_see_all(first) && snapshot_see_all(then) && snapshot_see_all(now));
	assert_true(snapshot_see(then, SECTION_HANDLES, EXTENT_ABSENT, "not read"));
	assert_true(snapshot_see(now, SECTION_HANDLES, EXTENT_ABSENT, "not read"));
	take(leak, first, NINE);
	take(leak, then, NINE + MINUTE);
	take(leak, now, NINE + 2 * MINUTE);
	assert_true(leak_taken_along(leak, NULL, 0, 0, &taken));
	assert_int_equal(taken.logon_sessions, 1);
	assert_int_equal(taken.unknown, 1);
	assert_int_equal(taken.count, 0);
	taken_along_deinit(&taken);
	snapshot_destroy(first);
	snapshot_destroy(then);
	snapshot_destroy(now);
	leak_destroy(leak);
}

static void observer_that_ends_takes_nothing_along(void **state)
{
	(void)state;
	struct snapshot *then = leaking(false, NINE), *now = leaking(false, 0);
	assert_true(snapshot_see_all(then) && snapshot_see_all(now));
	assert_int_equal(leak_process_ended(then, now), YES);
	then->observer_pid = 60;
	assert_int_equal(leak_process_ended(then, now), NO);
	snapshot_destroy(then);
	snapshot_destroy(now);
}

static void session_ids_that_come_free_as_their_holder_ends_are_told_from_a_release(void **state)
{
	(void)state;
	assert_int_equal(taken_with(leaking_id, NINE, false).session_ids, 0);
	assert_int_equal(taken_with(leaking_id, 0, false).session_ids, 1);
	assert_int_equal(taken_with(leaking_id, NINE, true).session_ids, 1);
	assert_int_equal(taken_with(leaking_id, NINE + MINUTE, false).session_ids, 1);
	assert_int_equal(taken_with(leaking, 0, false).session_ids, 0); /* with its orphan */
}

static void observers_own_logon_session_is_alive(void **state)
{
	(void)state;
	for (int own = 0; own < 2; own++) {
		struct leak *leak = create(true);
		struct snapshot *sample = a_sample();
		add_process(sample, 4, "System", NINE);
		sample->processes[0].luid = 0x3e7;
		add_logon(sample, 0x2000, "lab01", "Network", 0);
		if (own)
			sample->observer_luid = 0x2000;
		add(leak, sample, NINE);
		assert_int_equal(leak_logon(leak, 0x2000)->fate, own ? FATE_ALIVE : FATE_ORPHAN);
		snapshot_destroy(sample);
		leak_destroy(leak);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(without_times_an_earlier_logon_in_its_session_is_unsure),
	    unit_test(a_logon_before_the_one_that_made_the_session_is_of_another),
	    unit_test(what_came_after_the_first_sample_is_the_runs_whatever_its_clock_says),
	    unit_test(a_row_that_is_listed_twice_is_one),
	    unit_test(observers_own_logon_session_is_alive),
	    unit_test(what_goes_as_its_holder_ends_is_told_from_a_release),
	    unit_test(who_held_what_came_later_is_not_seen_in_an_earlier_sample),
	    unit_test(observer_that_ends_takes_nothing_along),
	    unit_test(session_ids_that_come_free_as_their_holder_ends_are_told_from_a_release),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
