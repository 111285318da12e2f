/* How names are found in prose, between pseudonyms.c and prose.c. Inside this folder. */
#ifndef LEAKLAB_PROSE_H
#define LEAKLAB_PROSE_H

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "bundle/pseudonyms.h"

static inline bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* The text in small letters; the caller's to free(). NULL when memory is out. */
char *fold(const char *text, size_t length);
/* HMAC-SHA256 of the text; `domain` keeps names, SIDs and addresses apart. False when memory is out. */
bool pseudonym_digest(
    struct pseudonyms *pseudonyms, const char *domain, const char *text, unsigned char out[32]);
/* The bytes of the longest known name that the text begins with, or 0. */
size_t pseudonyms_match(struct pseudonyms *pseudonyms, const char *text);

/* The bytes of the IPv4 or IPv6 address that the text begins with, or 0. */
size_t address_length(const char *text);
/* Loopback and unspecified addresses stay. False only when memory is out. */
bool print_address(struct pseudonyms *pseudonyms, FILE *out, const char *text, size_t length);

#endif
