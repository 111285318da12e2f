/* Logons of accounts that were refused, in a row and not long ago, remembered from one run to the next: a domain counts them,
 * whichever run they are of, and locks the account. */
#ifndef LEAKLAB_REFUSALS_H
#define LEAKLAB_REFUSALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct refusal {
	char *
	    account; /* "domain\user", or "host\user" of an account without a domain; "user@realm" as it is */
	unsigned count;
	int64_t last;  /* timestamp */
	int64_t until; /* timestamp: from then on it is forgotten */
};

struct refusals {
	struct refusal *items;
	size_t count;
};

/* The name that an account has here; case does not matter. The caller frees it. NULL: out of memory. */
char *refusals_account(const char *host, const char *domain, const char *user);

/* All that are not forgotten. To be freed with refusals_free(), also after an error. */
bool refusals_read(struct refusals *refusals, struct error *error);
void refusals_free(struct refusals *refusals);
/* A line each, as the file has them; to free. NULL: out of memory. */
char *refusals_to_text(const struct refusals *refusals);
/* Adds those of such a text. Of an account that has some already the larger number counts. */
bool refusals_take(struct refusals *refusals, const char *text, struct error *error);
/* NULL: the account has none. */
struct refusal *refusals_find(const struct refusals *refusals, const char *account);
/* Drops those whose place has false. */
void refusals_keep(struct refusals *refusals, const bool *kept);

/* Adds one that happened just now and is to be forgotten after `window` (microseconds), or as many as make `least`. *count gets how many
 * there are in a row, those of other runs among them. Several programs may do this at once. */
bool refusals_add(
    const char *account, unsigned least, int64_t window, unsigned *count, struct error *error);
/* Forgets those of the account; NULL: of all. *count, unless NULL, gets of how many accounts. */
bool refusals_forget(const char *account, size_t *count, struct error *error);

#endif
