/* The other end of the control socket: the verbs that ask a running lab host. */
#ifndef LEAKLAB_LABHOST_CLIENT_H
#define LEAKLAB_LABHOST_CLIENT_H

#include <stdio.h>

#include "common/error.h"

/* Sends one request line to the lab host at `path` and copies its text to `out`, or else says what was answered. */
bool client_ask(const char *path, const char *request, FILE *out, struct error *error);

#endif
