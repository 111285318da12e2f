/* leaklab-labhost-server, which is the verb `serve`, and what its command line comes to. */
#ifndef LEAKLAB_LABHOST_SERVE_H
#define LEAKLAB_LABHOST_SERVE_H

#include "labhost/rdp.h"

#define SESSIONS_AT_ONCE 2000 /* a hard cap: this is a lab, on one machine */

struct serve_options {
	const char *dir; /* NULL: a new one */
	const char *domain;
	const char *host_name;
	size_t accounts;
	const char *passwords_of; /* accounts.csv of another lab host; NULL: they have their own */
	unsigned lockout;
	bool lab; /* may listen where others can reach it */
	struct model_options model;
	struct rdp_server_options rdp;
};

/* Ends the program with a usage error, or after --help. The texts are borrowed from argv. */
void serve_options_parse(struct serve_options *out, int argc, char **argv);

/* The name that clients are told in NTLM's CHALLENGE, borrowed. To be called before the first thread. */
void computer_name_set(const char *name);

#endif
