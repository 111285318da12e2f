/* Refused logons are remembered from run to run, as a domain does, and for no longer. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver/scenario/accounts.h"
#include "driver/scenario/refusals.h"

#define MINUTE INT64_C(60000000)

static char folder[64];

static int make_state(void **state)
{
	snprintf(folder, sizeof(folder), "/tmp/leaklab-refusals-XXXXXX");
	assert_non_null(mkdtemp(folder));
	setenv("XDG_STATE_HOME", folder, 1);
	return unit_count_descriptors(state);
}

static const char *path(void)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s/leaklab/refused-logons", folder);
	return text;
}

static int remove_state(void **state)
{
	char inner[80];

	snprintf(inner, sizeof(inner), "%s/leaklab", folder);
	unlink(path());
	rmdir(inner);
	rmdir(folder);
	return unit_check_descriptors(state);
}

static unsigned count_of(const char *account)
{
	struct refusals refusals;
	struct error error;

	assert_true(refusals_read(&refusals, &error));
	const struct refusal *found = refusals_find(&refusals, account);
	const unsigned count = found ? found->count : 0;
	refusals_free(&refusals);
	return count;
}

static unsigned add(const char *account, unsigned least, int64_t window)
{
	struct error error;
	unsigned count = 0;

	assert_true(refusals_add(account, least, window, &count, &error));
	return count;
}

static void they_are_counted_by_account_whatever_the_case(void **state)
{
	(void)state;
	assert_int_equal(count_of("LAB\\lab01"), 0);
	assert_int_equal(add("LAB\\lab01", 1, MINUTE), 1);
	assert_int_equal(add("lab\\LAB01", 1, MINUTE), 2);
	assert_int_equal(add("LAB\\a name", 2, MINUTE), 2);
	assert_int_equal(count_of("lab\\lab01"), 2);
	assert_int_equal(count_of("LAB\\a name"), 2);
	assert_int_equal(count_of("LAB\\lab02"), 0);
}

static void they_are_for_their_owner_alone(void **state)
{
	char inner[80];
	struct stat status;

	(void)state;
	add("LAB\\lab01", 1, MINUTE);
	assert_int_equal(stat(path(), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	snprintf(inner, sizeof(inner), "%s/leaklab", folder);
	assert_int_equal(stat(inner, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
}

static void they_are_forgotten_when_their_window_is_over(void **state)
{
	(void)state;
	add("LAB\\lab01", 1, 20000);
	usleep(40000);
	assert_int_equal(count_of("LAB\\lab01"), 0);
	assert_int_equal(add("LAB\\lab01", 1, MINUTE), 1);
}

static void they_are_forgotten_on_request(void **state)
{
	struct error error;
	size_t count;

	(void)state;
	add("LAB\\lab01", 1, MINUTE);
	add("LAB\\lab02", 1, MINUTE);
	add("LAB\\lab03", 1, MINUTE);
	assert_true(refusals_forget("lab\\lab02", &count, &error));
	assert_int_equal(count, 1);
	assert_int_equal(count_of("LAB\\lab02"), 0);
	assert_int_equal(count_of("LAB\\lab03"), 1);
	assert_true(refusals_forget("lab\\lab02", &count, &error));
	assert_int_equal(count, 0);
	assert_true(refusals_forget(NULL, &count, &error));
	assert_int_equal(count, 2);
	assert_int_equal(count_of("LAB\\lab01"), 0);
}

static void several_programs_count_together(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++)
		if (fork() == 0) {
			struct error error;
			unsigned count;
			for (int j = 0; j < 10; j++)
				if (!refusals_add("LAB\\lab01", 1, MINUTE, &count, &error))
					_exit(1);
			_exit(0);
		}
	for (int i = 0; i < 8; i++) {
		int status;
		wait(&status);
		assert_int_equal(status, 0);
	}
	assert_int_equal(count_of("LAB\\lab01"), 80);
}

static void accounts_without_a_domain_are_their_hosts(void **state)
{
	(void)state;
	const struct {
		const char *domain, *user, *name;
	} cases[] = {{"", "a", "host\\a"}, {".", "a", "host\\a"}, {"LAB", "a", "LAB\\a"},
	    {"", "a@lab.example", "a@lab.example"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *name = refusals_account("host", cases[i].domain, cases[i].user);
		assert_string_equal(name, cases[i].name);
		free(name);
	}
}

static void damaged_file_is_told_with_its_line_and_stays(void **state)
{
	struct refusals refusals;
	struct error error;
	unsigned count;

	(void)state;
	add("LAB\\lab01", 1, MINUTE);
	FILE *file = fopen(path(), "a");
	fputs("what is this\n", file);
	fclose(file);
	assert_false(refusals_read(&refusals, &error));
	refusals_free(&refusals);
	assert_contains(error.text, "refused-logons:2: ");
	assert_false(refusals_add("LAB\\lab02", 1, MINUTE, &count, &error));
	assert_contains(error.text, "refused-logons:2: ");
}

static struct accounts *two_accounts(void)
{
	const struct scenario_accounts scenario = {
	    .users = (char *)"lab{01..02}", .domain = (char *)"LAB"};
	struct refusals remembered;
	struct error error;
	struct accounts *accounts = accounts_create(&scenario, NULL, "secret", &error);

	assert_true(accounts_recall(accounts, "host", MINUTE, NULL, &remembered, &error));
	refusals_free(&remembered);
	return accounts;
}

static void next_run_goes_on_counting(void **state)
{
	struct accounts *accounts = two_accounts();
	struct error error;
	(void)state;

	/* lab01 once, lab02 is locked. */
	assert_false(
	    accounts_give_back(accounts, accounts_take(accounts), ACCOUNT_REFUSED, &error));
	assert_true(accounts_give_back(accounts, accounts_take(accounts), ACCOUNT_BARRED, &error));
	accounts_destroy(accounts);

	accounts = two_accounts();
	assert_int_equal(accounts_usable(accounts), 1);
	struct account *account = accounts_take(accounts);
	assert_string_equal(account->user, "lab01");
	assert_null(accounts_take(accounts));
	assert_true(accounts_give_back(accounts, account, ACCOUNT_REFUSED, &error));
	accounts_destroy(accounts);

	accounts = two_accounts();
	assert_int_equal(accounts_usable(accounts), 0);
	assert_null(accounts_take(accounts));
	accounts_destroy(accounts);
}

static void logon_that_succeeds_resets_the_count(void **state)
{
	struct accounts *accounts = two_accounts();
	struct error error;
	(void)state;

	for (int i = 0; i < 2; i++) {
		struct account *one = accounts_take(accounts);
		struct account *other = accounts_take(accounts);
		assert_false(accounts_give_back(
		    accounts, one, i ? ACCOUNT_ACCEPTED : ACCOUNT_REFUSED, &error));
		assert_false(accounts_give_back(accounts, other, ACCOUNT_UNTRIED, &error));
		assert_int_equal(count_of("LAB\\lab01"), i ? 0 : 1);
	}
	accounts_destroy(accounts);
}

static void state_that_cannot_be_kept_is_told(void **state)
{
	struct accounts *accounts = two_accounts();
	struct error error;
	(void)state;

	setenv("XDG_STATE_HOME", "/dev/null", 1);
	accounts_give_back(accounts, accounts_take(accounts), ACCOUNT_REFUSED, &error);
	assert_contains(error.text, "/dev/null/leaklab cannot be made");
	accounts_destroy(accounts);
}

#define WITH_STATE(test) cmocka_unit_test_setup_teardown(test, make_state, remove_state)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_STATE(they_are_counted_by_account_whatever_the_case),
	    WITH_STATE(they_are_for_their_owner_alone),
	    WITH_STATE(they_are_forgotten_when_their_window_is_over),
	    WITH_STATE(they_are_forgotten_on_request),
	    WITH_STATE(several_programs_count_together),
	    WITH_STATE(accounts_without_a_domain_are_their_hosts),
	    WITH_STATE(damaged_file_is_told_with_its_line_and_stays),
	    WITH_STATE(next_run_goes_on_counting),
	    WITH_STATE(logon_that_succeeds_resets_the_count),
	    WITH_STATE(state_that_cannot_be_kept_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
