/* Is this the host's certificate? */
#ifndef LEAKLAB_CERTIFICATE_H
#define LEAKLAB_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "driver/message.h"

/* Checks the host's certificate chain (PEM, leaf first) by the policy. With CERTIFICATE_TOFU the first
 * certificate of a host is written to the file. Safe to call from several threads and processes at once. */
bool certificate_check(enum certificate_policy policy, const char *value, const char *host,
    uint16_t port, const char *pem, size_t length, struct error *error);

/* "sha256:" and 64 hex digits, with or without colons and in any case, made lower-case without colons. */
bool certificate_pin_parse(const char *text, char out[72], struct error *error);

#endif
