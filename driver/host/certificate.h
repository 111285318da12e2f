/* Whether a certificate is the host's. */
#ifndef LEAKLAB_CERTIFICATE_H
#define LEAKLAB_CERTIFICATE_H

#include "driver/host/host.h"

/* The fingerprint of a chain's first certificate, as host.certificate.pin has it. False: there is none that can be read. */
bool certificate_print(const char *pem, size_t length, char out[PRINT_TEXT]);

/* Checks the host's certificate chain (PEM, leaf first) by the policy. With CERTIFICATE_TOFU the first
 * certificate of a host is written to the file. Safe to call from several threads and processes at once. */
bool certificate_check(enum certificate_policy policy, const char *value, const char *host,
    uint16_t port, const char *pem, size_t length, struct error *error);

#endif
