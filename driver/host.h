/* The host's address: read, and found to answer. */
#ifndef LEAKLAB_HOST_H
#define LEAKLAB_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

#define RDP_PORT 3389

/* "host", "host:port", "[v6]:port" */
bool host_parse(const char *address, char host[256], uint16_t *port, struct error *error);

/* Resolves the name and opens (and closes) a TCP connection, so that a wrong address is told before anything else. */
bool host_probe(const char *host, uint16_t port, int64_t timeout, struct error *error);

#endif
