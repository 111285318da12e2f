#include "tests/unit/unit.h"

#include "leak/leak.h"

static enum boot same_boot_by(const char *then, const char *now)
{
	struct snapshot *a = snapshot_create(), *b = snapshot_create();
	struct logon_session *in_a = snapshot_add_logon_session(a),
	                     *in_b = snapshot_add_logon_session(b);
	in_a->luid = in_b->luid = 0x3e7;
	in_a->logon_time_text = then;
	in_b->logon_time_text = now;
	enum boot same = leak_boot(a, b);
	snapshot_destroy(a);
	snapshot_destroy(b);
	return same;
}

static void languages_and_summer_time_are_no_other_boot(void **state)
{
	(void)state;
	static const char english[] = "9/9/2020 6:07:57 AM";
	assert_int_equal(same_boot_by(english, english), BOOT_SAME);
	assert_int_equal(same_boot_by(english, "09.09.2020 06:07:57"), BOOT_UNKNOWN);
	assert_int_equal(same_boot_by(english, "9/9/2020 7:07:57 AM"), BOOT_UNKNOWN);
	assert_int_equal(same_boot_by(english, "9/10/2020 6:07:57 AM"), BOOT_OTHER);
	assert_int_equal(same_boot_by(english, "9/9/2020 6:08:12 AM"), BOOT_OTHER);
	assert_int_equal(same_boot_by(english, "10.09.2020 06:12:00"), BOOT_OTHER);
}

static void boots_are_told_apart_by_boot_time_or_by_system_s_logon(void **state)
{
	(void)state;
	struct snapshot *a = snapshot_create(), *b = snapshot_create();
	assert_int_equal(leak_boot(a, b), BOOT_UNKNOWN);
	struct logon_session *in_a = snapshot_add_logon_session(a);
	struct logon_session *in_b = snapshot_add_logon_session(b);
	in_a->luid = in_b->luid = 0x3e5;
	assert_int_equal(leak_boot(a, b), BOOT_UNKNOWN);
	in_a->logon_time = in_b->logon_time = 5000000;
	assert_int_equal(leak_boot(a, b), BOOT_SAME);
	in_b->logon_time = 9000000;
	assert_int_equal(leak_boot(a, b), BOOT_OTHER);
	/* A boot time is what the clock says, and counts only where no logon session tells. */
	a->boot_time = b->boot_time = 1000000;
	assert_int_equal(leak_boot(a, b), BOOT_OTHER);
	in_b->luid = 0x1234;
	assert_int_equal(leak_boot(a, b), BOOT_SAME);
	b->boot_time += 121 * 1000000;
	assert_int_equal(leak_boot(a, b), BOOT_OTHER);
	snapshot_destroy(a);
	snapshot_destroy(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(boots_are_told_apart_by_boot_time_or_by_system_s_logon),
	    unit_test(languages_and_summer_time_are_no_other_boot),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
