/* Session IDs that were free, and were not given again: only from the moment on at which a sample surely shows them free. */
#include "tests/unit/unit.h"

#include "leak/leak.h"

#define MS INT64_C(1000)

static struct snapshot *whole_sample(int64_t session)
{
	struct snapshot *snapshot = snapshot_create();
	snapshot_add_session(snapshot)->id = 0;
	if (session)
		snapshot_add_session(snapshot)->id = session;
	snapshot_add_logon_session(snapshot)->luid = 0x3e7;
	snapshot_see_all(snapshot);
	return snapshot;
}

/* How many IDs count as skipped where ID 2 is over at 1,000 ms, a sample is taken from 1,010 to `until`, and a logon that begins at `later` is
 * given ID 3. */
static int64_t skipped(int64_t until, int64_t later)
{
	const struct leak_terms terms = {.release_time = 1000 * MS, .after_logoff = NUMBER_UNKNOWN};
	const struct given_id given[] = {
	    {2, 0, 1000 * MS, 1000 * MS}, {3, later * MS, (later + 10) * MS, (later + 10) * MS}};
	struct leak *leak = leak_create(&terms);
	struct snapshot *during = whole_sample(0), *last = whole_sample(0);
	struct skipped_ids ids;
	assert_true(leak_take(leak, NULL, during, 1010 * MS, until * MS, 0));
	assert_true(leak_take(leak, NULL, last, 5000 * MS, 5010 * MS, 0));
	assert_true(leak_skipped_ids(leak, given, 2, last, &ids));
	leak_destroy(leak);
	snapshot_destroy(during);
	snapshot_destroy(last);
	return ids.skipped;
}

static void an_id_is_free_when_a_sample_that_shows_it_free_is_complete(void **state)
{
	(void)state;
	/* A twentieth of the release time is allowed for what is on its way. */
	assert_int_equal(skipped(1020, 1100), 1);
	assert_int_equal(skipped(1090, 1100), 0);
	assert_int_equal(skipped(1090, 1150), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(an_id_is_free_when_a_sample_that_shows_it_free_is_complete),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
