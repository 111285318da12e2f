/* What the requests of the control socket do. */
#ifndef LEAKLAB_LABHOST_VERBS_H
#define LEAKLAB_LABHOST_VERBS_H

#include <stdio.h>

#include "labhost/control_client.h"
#include "labhost/lab.h"

struct verb_context {
	struct lab *lab; /* locked */
	struct control_client *client;
	FILE *out;
	bool rebooted; /* out: every client's process has gone */
};

/* Answers one request line. */
void verb_answer(struct verb_context *context, char *line);

#endif
