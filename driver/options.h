/* The command lines of run, check and observe. */
#ifndef LEAKLAB_OPTIONS_H
#define LEAKLAB_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/monitor/monitor.h"
#include "driver/part.h"
#include "driver/scenario/scenario.h"

#define OVERRIDES_MAX 64
#define HOST_OVERRIDE "host.address="

enum driver_verb { VERB_RUN, VERB_CHECK, VERB_OBSERVE };

struct arguments {
	enum driver_verb verb;
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
	enum part_kind part; /* of a run that several injectors play; PART_WHOLE: all of it */
	const char *plan;    /* file of the plan */
	int64_t injectors, shard, lead; /* NUMBER_UNKNOWN: not given */
	bool until_done;
};

/* Fills them; argv[0] is the program's and the verb's name together. Ends the program with a usage error, or after --help. */
void options_parse(struct arguments *arguments, enum driver_verb verb, int argc, char **argv);

#endif
