#include "tests/unit/unit.h"

#include "evidence/identity.h"

static void accounts_are_the_same_in_every_spelling(void **state)
{
	(void)state;
	assert_true(account_same("lab01", "LAB", "LAB01", "lab.example"));
	assert_true(account_same("lab01", NULL, "lab01", "LAB"));
	assert_true(account_same("lab01@lab.example", NULL, "lab01", "LAB"));
	assert_true(account_same("LAB\\lab01", NULL, "lab01", "LAB"));
	assert_false(account_same("lab01", "LAB", "lab01", "OTHER"));
	assert_false(account_same("lab1", "LAB", "lab10", "LAB"));
	assert_false(account_same("", "LAB", "", "LAB"));
	assert_false(account_same(NULL, NULL, NULL, NULL));
	assert_true(account_same("lab.example\\lab01", NULL, "lab01", "LAB"));
}

static void only_whole_names_tell_two_accounts_apart(void **state)
{
	(void)state;
	assert_false(account_may_be("lab1", "LAB", "lab10", "LAB"));
	assert_false(account_may_be("lab01", "LAB", "lab01", "OTHER"));
	assert_true(account_may_be(NULL, NULL, "lab01", "LAB"));
	assert_true(account_may_be("", NULL, "lab01", "LAB"));
	assert_true(
	    account_may_be("averyveryverylongnam", NULL, "averyveryverylongname.indeed", "LAB"));
	assert_true(account_may_be("avery...", NULL, "averylongname", "LAB"));
	assert_true(account_may_be("j\xef\xbf\xbdrg", NULL, "j\xc3\xb6rg", "LAB"));
}

static void domain_that_may_be_spelled_otherwise_tells_no_users_apart(void **state)
{
	(void)state;
	assert_true(account_user_may_be("lab01@corp.example", "LAB\\LAB01"));
	assert_true(account_user_may_be(NULL, "lab01"));
	assert_true(account_user_may_be("averyveryverylongnam", "averyveryverylongname.indeed"));
	assert_false(account_user_may_be("lab01", "lab02"));
}

static void plain_user_is_one_that_was_surely_printed_as_it_is(void **state)
{
	(void)state;
	assert_true(account_user_is_plain("lab01@corp.example.with.a.long.name"));
	assert_false(account_user_is_plain("averyveryverylongnam"));
	assert_false(account_user_is_plain("avery..."));
	assert_false(account_user_is_plain("j\xef\xbf\xbdrg"));
	assert_false(account_user_is_plain(""));
	assert_false(account_user_is_plain(NULL));
}

static void hosts_are_the_same_with_and_without_domain(void **state)
{
	(void)state;
	assert_true(host_same("RDS01", "rds01.lab.example"));
	assert_true(host_same(NULL, "rds01"));
	assert_false(host_same("RDS01", "RDS011"));
	assert_false(host_same("RDS01", "RDS02"));
}

static void boots_are_the_same_within_two_minutes(void **state)
{
	(void)state;
	assert_true(boot_same(5000000, 5900000));
	assert_true(boot_same(TIMESTAMP_UNKNOWN, 5000000));
	assert_true(boot_same(5000000, 125000000));
	assert_false(boot_same(5000000, 126000000));
}

static void logon_times_are_compared_where_both_are_known(void **state)
{
	(void)state;
	struct logon_session a = {.logon_time = 5000000}, b = a;
	assert_int_equal(logon_time_same(&a, &b), YES);
	b.logon_time = 9000000;
	assert_int_equal(logon_time_same(&a, &b), NO);
	b.logon_time = TIMESTAMP_UNKNOWN;
	assert_int_equal(logon_time_same(&a, &b), YES_NO_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(accounts_are_the_same_in_every_spelling),
	    unit_test(only_whole_names_tell_two_accounts_apart),
	    unit_test(domain_that_may_be_spelled_otherwise_tells_no_users_apart),
	    unit_test(plain_user_is_one_that_was_surely_printed_as_it_is),
	    unit_test(hosts_are_the_same_with_and_without_domain),
	    unit_test(boots_are_the_same_within_two_minutes),
	    unit_test(logon_times_are_compared_where_both_are_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
