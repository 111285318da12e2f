/* A run with its reports in one archive, for sending. The door of this folder. */
#ifndef LEAKLAB_BUNDLE_H
#define LEAKLAB_BUNDLE_H

#include <stdbool.h>

#include "common/error.h"

/* Writes a .tar.gz with a copy of the run file, all reports of it and SHA256SUMS. With `pseudonymise`, names of users,
 * domains and hosts, SIDs and addresses are replaced throughout, the same by the same; nothing turns that back. On failure
 * nothing is left. */
bool bundle_write(
    const char *run, const char *target, bool replace, bool pseudonymise, struct error *error);

#endif
