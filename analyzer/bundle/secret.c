#include "bundle/secret.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

bool secret_init(struct secret *secret)
{
	return RAND_bytes(secret->key, sizeof secret->key) == 1;
}

void secret_deinit(struct secret *secret)
{
	OPENSSL_cleanse(secret->key, sizeof secret->key);
}

bool secret_digest(
    const struct secret *secret, const char *domain, const char *text, unsigned char out[32])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char *input = NULL;
	unsigned size = 0;
	const int length = asprintf(&input, "%s:%s", domain, text);
	const bool good =
	    length >= 0 && HMAC(EVP_sha256(), secret->key, sizeof secret->key,
	                       (const unsigned char *)input, (size_t)length, digest, &size);
	if (good)
		memcpy(out, digest, 32);
	if (length >= 0)
		free(input);
	return good;
}

/* Windows takes names that differ in case for one. Latin, Greek and Cyrillic letters of two bytes are folded, too. */
char *fold(const char *text, size_t length)
{
	char *folded = strndup(text, length);
	for (char *at = folded; at && *at; at++) {
		const unsigned char lead = (unsigned char)at[0], next = (unsigned char)at[1];
		const unsigned point = (lead & 0x1fu) << 6 | (next & 0x3fu);
		unsigned lower = point;
		if (lead < 0x80)
			*at = (char)tolower(lead);
		if ((lead & 0xe0) != 0xc0 || (next & 0xc0) != 0x80)
			continue;
		if ((point >= 0xc0 && point <= 0xde && point != 0xd7) ||
		    (point >= 0x391 && point <= 0x3a9) || (point >= 0x410 && point <= 0x42f))
			lower += 0x20;
		else if (point >= 0x400 && point <= 0x40f)
			lower += 0x50;
		at[0] = (char)(0xc0 | lower >> 6);
		at[1] = (char)(0x80 | (lower & 0x3f));
		at++;
	}
	return folded;
}
