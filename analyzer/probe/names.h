/* The owner of a token: by its logon session where LSA shows it, or else by its SID. */
#ifndef LEAKLAB_PROBE_NAMES_H
#define LEAKLAB_PROBE_NAMES_H

#include <windows.h>

#include "probe/logons.h"

/* ms, all together: the account of a deleted user is asked for at domain controllers, which may be far or gone. */
#define NAMES_TIME 3000

struct names;

/* The logons are borrowed. NULL: out of memory. */
struct names *names_create(const struct logons *logons);
void names_destroy(struct names *names); /* NULL is allowed */

/* User and domain, valid until names_destroy(); NULL: not known. A SID that has no name is given as it is. */
void names_of_token(
    struct names *names, HANDLE token, uint64_t luid, const char **user, const char **domain);
/* How many accounts were not looked up, as the time was over. */
size_t names_left_out(const struct names *names);

#endif
