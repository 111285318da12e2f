/* Who may log on to the lab host, and when an account is locked. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "labhost/credentials.h"

static struct accounts *some_accounts(unsigned lockout)
{
	struct error error;
	struct accounts *accounts = accounts_create("LAB", 3, lockout, &error);

	assert_non_null(accounts);
	return accounts;
}

static void names_are_found_as_ntlm_compares_them(void **state)
{
	struct accounts *accounts = some_accounts(5);
	(void)state;

	struct account *account = accounts_find(accounts, "lab02", "LAB");
	assert_non_null(account);
	assert_ptr_equal(accounts_find(accounts, "LAB02", "lab"), account);
	assert_ptr_equal(accounts_find(accounts, "lab02", ""), account);
	assert_ptr_equal(accounts_find(accounts, "lab02@lab", ""), account);
	assert_null(accounts_find(accounts, "lab02", "OTHER"));
	assert_null(accounts_find(accounts, "lab02@other", "LAB"));
	assert_null(accounts_find(accounts, "lab04", "LAB"));
	assert_null(accounts_find(accounts, "lab0", "LAB"));
	accounts_destroy(accounts);
}

static void failures_in_a_row_lock_an_account(void **state)
{
	struct accounts *accounts = some_accounts(2);
	struct account *account = &accounts->accounts[0];
	(void)state;

	account_attempted(account, false);
	assert_false(account_locked(accounts, account));
	account_attempted(account, false);
	assert_true(account_locked(accounts, account));
	assert_false(account_locked(accounts, &accounts->accounts[1]));
	accounts_destroy(accounts);
}

static void success_forgets_the_failures(void **state)
{
	struct accounts *accounts = some_accounts(2);
	struct account *account = &accounts->accounts[0];
	(void)state;

	account_attempted(account, false);
	account_attempted(account, true);
	account_attempted(account, false);
	assert_false(account_locked(accounts, account));
	accounts_destroy(accounts);
}

static void lockout_of_0_never_locks(void **state)
{
	struct accounts *accounts = some_accounts(0);
	(void)state;

	for (int i = 0; i < 100; i++)
		account_attempted(&accounts->accounts[0], false);
	assert_false(account_locked(accounts, &accounts->accounts[0]));
	accounts_destroy(accounts);
}

static void passwords_differ_and_are_checked_whole(void **state)
{
	struct accounts *accounts = some_accounts(0);
	const char *password = accounts->accounts[0].password;
	char shorter[ACCOUNT_PASSWORD_SIZE];
	(void)state;

	assert_string_not_equal(password, accounts->accounts[1].password);
	assert_true(account_password_is(&accounts->accounts[0], password));
	assert_false(account_password_is(&accounts->accounts[1], password));
	memcpy(shorter, password, sizeof(shorter));
	shorter[strlen(shorter) - 1] = '\0';
	assert_false(account_password_is(&accounts->accounts[0], shorter));
	accounts_destroy(accounts);
}

static void file_is_private(void **state)
{
	struct accounts *accounts = some_accounts(0);
	char *directory = unit_directory();
	const char *path = unit_path(directory, "accounts.csv");
	struct error error;
	struct stat status;
	char line[128];
	(void)state;

	assert_true(accounts_write(accounts, path, &error));
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	assert_string_equal(line, "user,domain,password\n");
	assert_non_null(fgets(line, sizeof(line), file));
	assert_int_equal(strncmp(line, "lab01,LAB,", 10), 0);
	fclose(file);
	unit_remove_directory(directory);
	accounts_destroy(accounts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(names_are_found_as_ntlm_compares_them),
	    unit_test(failures_in_a_row_lock_an_account),
	    unit_test(success_forgets_the_failures),
	    unit_test(lockout_of_0_never_locks),
	    unit_test(passwords_differ_and_are_checked_whole),
	    unit_test(file_is_private),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
