/* The key under which names become pseudonyms. Inside this folder. */
#ifndef LEAKLAB_BUNDLE_SECRET_H
#define LEAKLAB_BUNDLE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct secret {
	unsigned char key[32];
};

/* A fresh random one, which is not stored. False: no random numbers. */
bool secret_init(struct secret *secret);
void secret_deinit(struct secret *secret);
/* HMAC-SHA256 of the text; `domain` keeps names, SIDs and addresses apart. False when memory is out. */
bool secret_digest(
    const struct secret *secret, const char *domain, const char *text, unsigned char out[32]);

/* The text in small letters, as it is digested; the caller's to free(). NULL when memory is out. */
char *fold(const char *text, size_t length);

#endif
