/* A scenario for a real host, as `leaklab init` writes it. */
#ifndef LEAKLAB_INIT_H
#define LEAKLAB_INIT_H

#include <stdbool.h>
#include <stdint.h>

struct init_answers {
	const char *name; /* of the scenario */
	const char *host;
	const char *users, *domain; /* domain "": accounts of the host itself */
	const char *password_env;
	const char *pin;      /* NULL: the certificate of the first connection is remembered */
	const char *admin;    /* who observes by ssh, "admin@rds01"; NULL: nobody does so */
	const char *observer; /* a program that stays, instead; NULL: none */
	uint64_t slots, cycles;
};

/* The text, the caller's to free(). NULL: out of memory. */
char *init_text(const struct init_answers *answers);

/* The verb "init". */
int init_main(int argc, char **argv);

#endif
