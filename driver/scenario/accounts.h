/* The test accounts: who may log on next, who must not any more, and the password that all share. */
#ifndef LEAKLAB_ACCOUNTS_H
#define LEAKLAB_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "driver/scenario/scenario.h"

/* After so many refusals in a row of one account it is left alone: domains lock accounts after a few. */
#define ACCOUNT_REFUSALS_MAX 2

/* What a cycle says of its account's credentials. */
enum account_outcome {
	ACCOUNT_ACCEPTED,
	ACCOUNT_UNTRIED, /* the cycle failed before, or for another reason */
	ACCOUNT_REFUSED,
	ACCOUNT_BARRED, /* locked, disabled or expired: a further try can only do harm */
};

struct account {
	char *user;
	char *domain; /* "" if none */
	char *password;
	unsigned refusals; /* authentication failures in a row */
	bool
	    busy; /* one account never has two cycles at once: a host would join them in one session */
	bool stopped;
};

struct accounts;
struct refusals;

/* Makes accounts from a pattern or CSV. password may be NULL: then it comes from the scenario's password file, or from
 * the CSV. ${...} in file names is expanded; they lead from the folder (NULL: the current one). */
struct accounts *accounts_create(const struct scenario_accounts *scenario, const char *folder,
    const char *password, struct error *error);
void accounts_destroy(struct accounts *accounts); /* wipes the passwords; NULL is allowed */

size_t accounts_count(const struct accounts *accounts);
const struct account *accounts_at(const struct accounts *accounts, size_t index);
/* Only those stay that are the injector's; before any is taken. */
bool accounts_keep_share(struct accounts *accounts, const struct share *share, struct error *error);
/* How many may still be used. */
size_t accounts_usable(const struct accounts *accounts);

/* From now on refusals are counted together with those of other runs, see refusals.h: those that are remembered count, and accounts with
 * too many are stopped. host: where accounts without a domain are. window: microseconds after which one is forgotten. others: what another
 * machine remembers, as refusals_to_text() has it; NULL: none. `remembered` gets those of these accounts, to be freed with refusals_free(). False: nothing is remembered, the error says why. */
bool accounts_recall(struct accounts *accounts, const char *host, int64_t window,
    const char *others, struct refusals *remembered, struct error *error);

/* The account that has rested longest; NULL if all are busy or stopped. It is busy from now on. */
struct account *accounts_take(struct accounts *accounts);
/* Gives it back. Returns true if that stopped the account. unremembered gets the reason (else no text) why other runs will not know. */
bool accounts_give_back(struct accounts *accounts, struct account *account,
    enum account_outcome outcome, struct error *unremembered);

#define PASSWORD_MAX 255 /* bytes */

/* If the scenario takes it from an environment variable (which is unset then; it is asked for at a terminal if it is not set) or a descriptor (which is closed); else
 * *password becomes NULL. To be called before any other program is started: it must not inherit them. */
bool password_fetch(const struct scenario_accounts *scenario, char **password, struct error *error);

/* The first line of a file. Its name is as in accounts_create(). */
char *password_from_file(const char *name, const char *folder, struct error *error);

void password_wipe(char *password); /* overwrites and frees it; NULL is allowed */

#endif
