/* A file of accounts. */
#ifndef LEAKLAB_ACCOUNT_FILE_H
#define LEAKLAB_ACCOUNT_FILE_H

#include <stdbool.h>

#include "common/error.h"

/* Strings are valid during the call. Its false ends the reading. */
typedef bool account_add(
    void *data, const char *user, const char *domain, const char *password, struct error *error);

/* Calls add for each account. domain and password (NULL: there is none) stand for what a line leaves out. False: the error names file and
 * line, and no password. */
bool account_file_read(const char *path, const char *domain, const char *password, account_add *add,
    void *data, struct error *error);

#endif
