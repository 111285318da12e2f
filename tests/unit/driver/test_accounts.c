#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/scenario/accounts.h"

static struct accounts *create(const struct scenario_accounts *scenario, struct error *error)
{
	char *password;
	struct accounts *accounts = NULL;

	if (password_fetch(scenario, &password, error))
		accounts = accounts_create(scenario, NULL, password, error);
	password_wipe(password);
	return accounts;
}

static struct accounts *from_csv(const char *text, const char *password_env, struct error *error)
{
	char *directory = unit_directory();
	char *path = strdup(unit_path(directory, "accounts.csv"));
	const struct scenario_accounts scenario = {
	    .csv = path, .domain = (char *)"LAB", .password_env = (char *)password_env};
	struct accounts *accounts;

	unit_write_file(path, text, strlen(text));
	accounts = create(&scenario, error);
	free(path);
	unit_remove_directory(directory);
	return accounts;
}

static struct accounts *from_pattern(const char *users, struct error *error)
{
	const struct scenario_accounts scenario = {
	    .users = (char *)users, .password_env = (char *)"LEAKLAB_TEST_PW"};

	setenv("LEAKLAB_TEST_PW", "secret", 1);
	return create(&scenario, error);
}

static void pattern_keeps_leading_zeros(void **state)
{
	struct error error;
	struct accounts *accounts = from_pattern("load{008..011}x", &error);

	(void)state;
	assert_non_null(accounts);
	assert_int_equal(accounts_count(accounts), 4);
	assert_string_equal(accounts_at(accounts, 0)->user, "load008x");
	assert_string_equal(accounts_at(accounts, 3)->user, "load011x");
	assert_string_equal(accounts_at(accounts, 3)->password, "secret");
	accounts_destroy(accounts);
}

static void pattern_that_is_none_is_refused(void **state)
{
	static const char *const wrong[] = {
	    "a{1..}", "a{3..1}", "a{1-3}", "a}", "a{1..2}{1..2}", "a{1..9999999}", "{"};
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_null(from_pattern(wrong[i], &error));
		assert_int_equal(error.code, EXIT_USAGE);
	}
}

static void password_variable_is_gone_from_the_environment(void **state)
{
	struct error error;
	struct accounts *accounts = from_pattern("a", &error);

	(void)state;
	assert_null(getenv("LEAKLAB_TEST_PW"));
	accounts_destroy(accounts);
}

static void missing_password_source_is_named(void **state)
{
	const struct scenario_accounts scenario = {
	    .users = (char *)"a", .password_env = (char *)"LEAKLAB_TEST_NONE"};
	const struct scenario_accounts file = {
	    .users = (char *)"a", .password_file = (char *)"/nonexistent/pw"};
	struct error error;

	(void)state;
	assert_null(create(&scenario, &error));
	assert_contains(error.text, "LEAKLAB_TEST_NONE");
	assert_null(create(&file, &error));
	assert_contains(error.text, "/nonexistent/pw");
	assert_int_equal(error.code, EXIT_USAGE);
}

static void password_comes_from_a_descriptor(void **state)
{
	struct scenario_accounts scenario = {.users = (char *)"a"};
	struct error error;
	struct accounts *accounts;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "from fd\r\nnot this", 17), 17);
	scenario.password_fd = ends[0];
	accounts = create(&scenario, &error); /* the other end may stay open */
	close(ends[1]);
	assert_non_null(accounts);
	assert_string_equal(accounts_at(accounts, 0)->password, "from fd");
	accounts_destroy(accounts);
}

static void csv_has_quotes_and_a_default_domain(void **state)
{
	struct error error;
	struct accounts *accounts = from_csv(
	    "user,domain,password\r\nanna,,\"p,w\"\"x\"\n# no\n\nbert,OTHER,pw\n", NULL, &error);

	(void)state;
	assert_non_null(accounts);
	assert_int_equal(accounts_count(accounts), 2);
	assert_string_equal(accounts_at(accounts, 0)->domain, "LAB");
	assert_string_equal(accounts_at(accounts, 0)->password, "p,w\"x");
	assert_string_equal(accounts_at(accounts, 1)->domain, "OTHER");
	accounts_destroy(accounts);
}

static void expect_two(const char *text)
{
	struct error error = {0};
	struct accounts *accounts = from_csv(text, NULL, &error);

	if (!accounts)
		fail_msg("%s: %s", text, error.text);
	assert_int_equal(accounts_count(accounts), 2);
	struct account *first = accounts_take(accounts);
	assert_string_equal(first->user, "anna");
	assert_string_equal(first->domain, "LAB");
	assert_string_equal(first->password, "x");
	accounts_destroy(accounts);
}

static void csv_is_read_as_windows_tools_write_it(void **state)
{
	(void)state;
	expect_two("\xef\xbb\xbfuser,domain,password\r\nanna,LAB,x\r\nbert,LAB,x\r\n");
	expect_two("\xef\xbb\xbf"
	           "anna,LAB,x\nbert,LAB,x\n");
	expect_two(
	    "#TYPE System.Management.Automation.PSCustomObject\r\n\"user\",\"domain\",\"password\"\r\n"
	    "\"anna\",\"LAB\",\"x\"\r\n\"bert\",\"LAB\",\"x\"\r\n");
	expect_two("Password,User\nx,anna\nx,bert\n");
}

static void csv_that_is_another_format_makes_no_accounts(void **state)
{
	struct error error;
	(void)state;

	assert_null(from_csv("user;domain;password\nanna;LAB;x\n", NULL, &error));
	assert_non_null(strstr(error.text, "separated by commas"));
	assert_null(from_csv("anna;LAB;hushhush\n", NULL, &error));
	assert_null(strstr(error.text, "hushhush"));
	assert_null(from_csv("user,domain,password,mail\nanna,LAB,x,y\n", NULL, &error));
	assert_null(from_csv("user,mail\nanna,y\n", NULL, &error));
	assert_non_null(strstr(error.text, "no column \"mail\""));
	assert_null(from_csv("\xff\xfeu", NULL, &error));
	assert_non_null(strstr(error.text, "UTF-16"));
}

static void bad_csv_line_is_told_by_number_without_its_password(void **state)
{
	struct error error;

	(void)state;
	assert_null(from_csv("user,domain,password\nanna,LAB,hushhush,4\n", NULL, &error));
	assert_contains(error.text, ":2");
	assert_null(strstr(error.text, "hushhush"));
	assert_null(from_csv("anna\n", NULL, &error));
	assert_contains(error.text, "no password");
	assert_null(from_csv("user,domain,password\n", NULL, &error));
	assert_contains(error.text, "no accounts");
}

static void account_listed_twice_is_refused_whatever_its_case(void **state)
{
	struct error error;

	(void)state;
	assert_null(from_csv("anna,LAB,x\nbert,LAB,x\nANNA,lab,x\n", NULL, &error));
	assert_contains(error.text, "listed twice");
	accounts_destroy(from_csv("anna,LAB,x\nanna,OTHER,x\n", NULL, &error));
}

static struct error unremembered;

static void two_refusals_in_a_row_stop_an_account(void **state)
{
	struct error error;
	struct accounts *accounts = from_pattern("a", &error);
	struct account *account = accounts_take(accounts);

	(void)state;
	assert_null(accounts_take(accounts));
	assert_false(accounts_give_back(accounts, account, ACCOUNT_REFUSED, &unremembered));
	assert_ptr_equal(accounts_take(accounts), account);
	assert_false(accounts_give_back(accounts, account, ACCOUNT_ACCEPTED, &unremembered));
	for (int i = 0; i < 5; i++) {
		assert_ptr_equal(accounts_take(accounts), account);
		assert_false(accounts_give_back(
		    accounts, account, i == 2 ? ACCOUNT_REFUSED : ACCOUNT_UNTRIED, &unremembered));
	}
	assert_ptr_equal(accounts_take(accounts), account);
	assert_true(accounts_give_back(accounts, account, ACCOUNT_REFUSED, &unremembered));
	assert_null(accounts_take(accounts));
	assert_int_equal(accounts_usable(accounts), 0);
	accounts_destroy(accounts);
}

static void locked_account_is_stopped_at_once(void **state)
{
	struct error error;
	struct accounts *accounts = from_pattern("a{1..2}", &error);
	struct account *account = accounts_take(accounts);

	(void)state;
	assert_true(accounts_give_back(accounts, account, ACCOUNT_BARRED, &unremembered));
	assert_int_equal(accounts_usable(accounts), 1);
	assert_ptr_not_equal(accounts_take(accounts), account);
	accounts_destroy(accounts);
}

static void account_that_rested_longest_comes_next(void **state)
{
	struct error error;
	struct accounts *accounts = from_pattern("a{1..3}", &error);
	struct account *first = accounts_take(accounts);
	struct account *second = accounts_take(accounts);

	(void)state;
	accounts_give_back(accounts, second, ACCOUNT_ACCEPTED, &unremembered);
	accounts_give_back(accounts, first, ACCOUNT_ACCEPTED, &unremembered);
	assert_string_equal(accounts_take(accounts)->user, "a3");
	assert_string_equal(accounts_take(accounts)->user, "a2");
	assert_string_equal(accounts_take(accounts)->user, "a1");
	accounts_destroy(accounts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(pattern_keeps_leading_zeros),
	    unit_test(pattern_that_is_none_is_refused),
	    unit_test(password_variable_is_gone_from_the_environment),
	    unit_test(missing_password_source_is_named),
	    unit_test(password_comes_from_a_descriptor),
	    unit_test(csv_has_quotes_and_a_default_domain),
	    unit_test(csv_is_read_as_windows_tools_write_it),
	    unit_test(csv_that_is_another_format_makes_no_accounts),
	    unit_test(bad_csv_line_is_told_by_number_without_its_password),
	    unit_test(account_listed_twice_is_refused_whatever_its_case),
	    unit_test(two_refusals_in_a_row_stop_an_account),
	    unit_test(locked_account_is_stopped_at_once),
	    unit_test(account_that_rested_longest_comes_next),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
