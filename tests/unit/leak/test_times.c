#include "tests/unit/unit.h"

#include "leak/leak.h"

/* The release time by a sample that states it in seconds. */
static int64_t stated(int64_t seconds)
{
	const struct leak_terms terms = {
	    .release_time = NUMBER_UNKNOWN, .after_logoff = NUMBER_UNKNOWN};
	struct leak *leak = leak_create(&terms);
	struct snapshot *sample = snapshot_create();
	sample->release_time = seconds;
	assert_true(leak_add(leak, sample, 0, 0));
	const int64_t release_time = leak_release_time(leak);
	snapshot_destroy(sample);
	leak_destroy(leak);
	return release_time;
}

static void release_time_is_what_the_sample_states(void **state)
{
	(void)state;
	assert_int_equal(stated(NUMBER_UNKNOWN), RELEASE_TIME);
	assert_int_equal(stated(2), 2000000);
}

static void stated_nonsense_proves_no_leak(void **state)
{
	(void)state;
	assert_int_equal(stated(-5), RELEASE_TIME);
	assert_int_equal(stated(INT64_MAX), INT64_C(1000000000) * 1000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(release_time_is_what_the_sample_states),
	    unit_test(stated_nonsense_proves_no_leak),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
