/* The lab's accounts: who exists, with what password, and who is locked out. Passwords are made here, live in memory
 * and in one private file, and nowhere else. */
#ifndef LEAKLAB_LABHOST_ACCOUNTS_H
#define LEAKLAB_LABHOST_ACCOUNTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

#define ACCOUNT_NAME_SIZE 32
#define ACCOUNT_PASSWORD_SIZE 25
#define ACCOUNT_SID_SIZE 64

struct account {
	char user[ACCOUNT_NAME_SIZE];
	char password[ACCOUNT_PASSWORD_SIZE];
	char sid[ACCOUNT_SID_SIZE];
	atomic_uint failures; /* wrong passwords in a row */
};

struct accounts {
	char *domain;
	struct account *accounts;
	size_t count;
	unsigned lockout; /* that many failures lock an account; 0: never */
};

/* lab01, lab02 ... with random passwords. */
struct accounts *accounts_create(
    const char *domain, size_t count, unsigned lockout, struct error *error);
void accounts_destroy(struct accounts *accounts); /* NULL is allowed */

/* Writes "user,domain,password" with a heading, mode 0600. */
bool accounts_write(const struct accounts *accounts, const char *path, struct error *error);

/* As NTLM compares: without regard to case. The domain may be empty, and the user may be "user@domain". */
struct account *accounts_find(
    const struct accounts *accounts, const char *user, const char *domain);

bool account_locked(const struct accounts *accounts, const struct account *account);
/* What came of an attempt; a success forgets the failures. */
void account_attempted(struct account *account, bool success);
/* True if the password is the account's; takes the same time for all wrong ones of a length. */
bool account_password_is(const struct account *account, const char *password);

#endif
