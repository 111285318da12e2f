/* What a serving lab host makes for its clients at each start, and the private folder that it lies in. */
#ifndef LEAKLAB_LABHOST_CREDENTIALS_H
#define LEAKLAB_LABHOST_CREDENTIALS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* The lab's accounts: who exists, with what password, and who is locked out. Passwords are made here, live in memory
 * and in one private file, and nowhere else. */
#define ACCOUNT_NAME_SIZE 32
#define ACCOUNT_PASSWORD_SIZE 25
#define ACCOUNT_SID_SIZE 64

struct account {
	char user[ACCOUNT_NAME_SIZE];
	char password[ACCOUNT_PASSWORD_SIZE];
	char sid[ACCOUNT_SID_SIZE];
	atomic_uint failures; /* wrong passwords in a row */
	atomic_bool profile;  /* the host has one of it */
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

/* Takes the passwords of another lab host's accounts, by the file that it has written: they are one farm. */
bool accounts_share(struct accounts *accounts, const char *path, struct error *error);

/* As NTLM compares: without regard to case. The domain may be empty, and the user may be "user@domain". */
struct account *accounts_find(
    const struct accounts *accounts, const char *user, const char *domain);

bool account_locked(const struct accounts *accounts, const struct account *account);
/* What came of an attempt; a success forgets the failures. */
void account_attempted(struct account *account, bool success);
/* Whether the account logs on for the first time: its profile is made then. */
bool account_makes_profile(struct account *account);
/* True if the password is the account's; takes the same time for all wrong ones of a length. */
bool account_password_is(const struct account *account, const char *password);

/* The lab host's own TLS key and certificate. */
struct certificate {
	char *certificate_pem;
	char *key_pem;
	char fingerprint[65]; /* SHA-256 of the DER form, lower-case hex */
};

/* A self-signed RSA certificate for host_name and the loopback names, good for a year. */
bool certificate_init(struct certificate *certificate, const char *host_name, struct error *error);
void certificate_deinit(struct certificate *certificate);

/* Writes both as PEM files with mode 0600. */
bool certificate_write(const struct certificate *certificate, const char *certificate_path,
    const char *key_path, struct error *error);

/* The folder of a serving lab host: who may see into it, what lies in it, and that it is gone afterwards. */
struct stage {
	char *path; /* absolute */
	char *control;
	char *accounts;
	char *certificate;
	char *key;
	char *lock;
	int lock_fd;
	bool fresh; /* made here */
};

/* Uses `path`, which must belong to this user, is made private, and serves no other lab host; or else makes a new folder inside
 * $LEAKLAB_STAGE or the folder for temporary files. */
bool stage_init(struct stage *stage, const char *path, struct error *error);
/* Removes the files, and the folder if it was made here. */
void stage_deinit(struct stage *stage);

#endif
