/* The lab host's own TLS key and certificate, made anew each time. */
#ifndef LEAKLAB_LABHOST_CERTIFICATE_H
#define LEAKLAB_LABHOST_CERTIFICATE_H

#include <stdbool.h>

#include "common/error.h"

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

#endif
