/* IP addresses in prose. Inside this folder. */
#ifndef LEAKLAB_BUNDLE_ADDRESS_H
#define LEAKLAB_BUNDLE_ADDRESS_H

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "bundle/secret.h"

/* What words and names are made of. */
static inline bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* The bytes of the IPv4 or IPv6 address that the text begins with, or 0. */
size_t address_length(const char *text);
/* Loopback and unspecified addresses stay. False only when memory is out. */
bool print_address(const struct secret *secret, FILE *out, const char *text, size_t length);

#endif
