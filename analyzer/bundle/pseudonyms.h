/* Other names for people, hosts and domains. Inside this folder. */
#ifndef LEAKLAB_PSEUDONYMS_H
#define LEAKLAB_PSEUDONYMS_H

#include <stdbool.h>
#include <stddef.h>

#include "bundle/secret.h"

struct pseudonyms;

/* With a fresh random key that is not stored. NULL: out of memory, or no random numbers. */
struct pseudonyms *pseudonyms_create(void);
void pseudonyms_destroy(struct pseudonyms *pseudonyms); /* NULL is allowed */

/* Makes a name known, so that it is found in prose. False only when memory is out. */
bool pseudonyms_learn(struct pseudonyms *pseudonyms, const char *name);

/* The bytes of the longest known name that the text begins with, or 0. */
size_t pseudonyms_match(struct pseudonyms *pseudonyms, const char *text);
const struct secret *pseudonyms_secret(const struct pseudonyms *pseudonyms);

/* What follows returns a new text, the caller's to free(); NULL when memory is out. */

/* For a user, domain or host, whose parts ("LAB\anna", "anna@lab.example", "rds01.lab.example:3389") are replaced one by one.
 * Names that any Windows has stay. */
char *pseudonym_of_name(struct pseudonyms *pseudonyms, const char *name);
/* Prose with known names, accounts like anna@rds01, SIDs and IP addresses replaced. */
char *pseudonym_of_prose(struct pseudonyms *pseudonyms, const char *text);
/* The same for a scenario, and the values of keys that name something of the site. */
char *pseudonym_of_scenario(struct pseudonyms *pseudonyms, const char *text);

#endif
