/* Knows how accounts are made, found and locked out. */
#include "labhost/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <unistd.h>

#include "labhost/memory.h"

#define FIRST_RID 1104 /* RIDs below 1000 are built in; a domain's own begin a little above */

static bool random_fill(void *out, size_t size, struct error *error)
{
	if (getrandom(out, size, 0) != (ssize_t)size)
		return error_set(
		    error, EXIT_TARGET, "getting %zu random bytes: %s", size, strerror(errno));
	return true;
}

/* Letters and digits that cannot be mistaken for each other or need quoting, 32 of them: 5 bits each. The first
 * four make sure that each class which a password policy asks for is there. */
static bool password_make(char out[ACCOUNT_PASSWORD_SIZE], struct error *error)
{
	static const char alphabet[] = "abcdefghjkmnpqrstuvwxyz123456789";
	unsigned char random[ACCOUNT_PASSWORD_SIZE];

	if (!random_fill(random, sizeof(random), error))
		return false;
	memcpy(out, "Lk7-", 4);
	for (size_t i = 4; i < ACCOUNT_PASSWORD_SIZE - 1; i++)
		out[i] = alphabet[random[i] % 32];
	out[ACCOUNT_PASSWORD_SIZE - 1] = '\0';
	explicit_bzero(random, sizeof(random));
	return true;
}

struct accounts *accounts_create(
    const char *domain, size_t count, unsigned lockout, struct error *error)
{
	struct accounts *accounts = memory_zeroed(1, sizeof(*accounts));
	uint32_t authority[3];

	accounts->domain = memory_text(domain);
	accounts->accounts = memory_zeroed(count, sizeof(struct account));
	accounts->count = count;
	accounts->lockout = lockout;
	if (!random_fill(authority, sizeof(authority), error))
		goto fail;
	for (size_t i = 0; i < count; i++) {
		struct account *account = &accounts->accounts[i];

		snprintf(account->user, sizeof(account->user), "lab%02zu", i + 1);
		snprintf(account->sid, sizeof(account->sid), "S-1-5-21-%u-%u-%u-%zu", authority[0],
		    authority[1], authority[2], FIRST_RID + i);
		if (!password_make(account->password, error))
			goto fail;
	}
	return accounts;
fail:
	accounts_destroy(accounts);
	return NULL;
}

void accounts_destroy(struct accounts *accounts)
{
	if (!accounts)
		return;
	explicit_bzero(accounts->accounts, accounts->count * sizeof(struct account));
	free(accounts->accounts);
	free(accounts->domain);
	free(accounts);
}

bool accounts_write(const struct accounts *accounts, const char *path, struct error *error)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	FILE *file = fd < 0 || fchmod(fd, 0600) != 0 ? NULL : fdopen(fd, "w");

	if (!file) {
		error_set(
		    error, EXIT_TARGET, "writing the accounts to %s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	fputs("user,domain,password\n", file);
	for (size_t i = 0; i < accounts->count; i++)
		fprintf(file, "%s,%s,%s\n", accounts->accounts[i].user, accounts->domain,
		    accounts->accounts[i].password);
	const bool bad = ferror(file);
	if (fclose(file) != 0 || bad)
		return error_set(
		    error, EXIT_TARGET, "writing the accounts to %s: %s", path, strerror(errno));
	return true;
}

static bool take_password(struct accounts *accounts, char *line)
{
	char *user = strtok(line, ",\n"), *domain = strtok(NULL, ",\n"),
	     *password = strtok(NULL, ",\n");
	struct account *account = password ? accounts_find(accounts, user, domain) : NULL;

	return account && (size_t)snprintf(account->password, sizeof(account->password), "%s",
	                      password) < sizeof(account->password);
}

bool accounts_share(struct accounts *accounts, const char *path, struct error *error)
{
	FILE *file = fopen(path, "re");
	char line[256];
	size_t taken = 0;

	if (!file)
		return error_set(error, EXIT_USAGE, "--passwords-of %s: %s", path, strerror(errno));
	for (bool heading = true; fgets(line, sizeof(line), file); heading = false)
		taken += !heading && take_password(accounts, line);
	fclose(file);
	explicit_bzero(line, sizeof(line));
	return taken == accounts->count ||
	       error_set(error, EXIT_USAGE,
	           "--passwords-of %s: it has %zu of the %zu accounts: give both lab hosts the same --accounts and "
	           "--domain",
	           path, taken, accounts->count);
}

struct account *accounts_find(const struct accounts *accounts, const char *user, const char *domain)
{
	const char *at = strchr(user, '@');
	const size_t length = at ? (size_t)(at - user) : strlen(user);

	if (at) {
		if (strcasecmp(at + 1, accounts->domain) != 0)
			return NULL;
	} else if (*domain && strcasecmp(domain, accounts->domain) != 0) {
		return NULL;
	}
	for (size_t i = 0; i < accounts->count; i++) {
		struct account *account = &accounts->accounts[i];

		if (strlen(account->user) == length &&
		    strncasecmp(account->user, user, length) == 0)
			return account;
	}
	return NULL;
}

bool account_locked(const struct accounts *accounts, const struct account *account)
{
	return accounts->lockout > 0 && atomic_load(&account->failures) >= accounts->lockout;
}

void account_attempted(struct account *account, bool success)
{
	if (success)
		atomic_store(&account->failures, 0);
	else
		atomic_fetch_add(&account->failures, 1);
}

bool account_makes_profile(struct account *account)
{
	return !atomic_exchange(&account->profile, true);
}

bool account_password_is(const struct account *account, const char *password)
{
	unsigned char difference = 0;

	if (strlen(password) != strlen(account->password))
		return false;
	for (size_t i = 0; account->password[i]; i++)
		difference |= (unsigned char)(account->password[i] ^ password[i]);
	return difference == 0;
}
