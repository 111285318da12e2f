/* The command lines of run and check. */
#ifndef LEAKLAB_OPTIONS_H
#define LEAKLAB_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/monitor/monitor.h"
#include "driver/scenario/scenario.h"

#define OVERRIDES_MAX 64
#define HOST_OVERRIDE "host.address="

struct arguments {
	const char *scenario;
	const char *output;
	char *overrides[OVERRIDES_MAX];
	size_t override_count;
	const char *resume; /* a run file to go on with */
	uint64_t more;      /* cycles, when going on */
	char host[300];     /* --host, as --set takes it */
	bool host_named;    /* by --host, or by --set */
	bool json;
	bool allow_partial;
	bool force;
	bool list;    /* the shipped scenarios */
	bool connect; /* check: by a preflight */
	enum scenario_preflight preflight;
	struct monitor_options monitor;
	bool playing; /* "run", not "check" */
};

/* Fills them; argv[0] is the program's and the verb's name together. Ends the program with a usage error, or after --help. */
void options_parse(struct arguments *arguments, bool playing, int argc, char **argv);

#endif
