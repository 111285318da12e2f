/* A run that several injectors play together has parts, each in a run file of its own: the host before the load, which has the plan too; a shard of the load
 * for each injector; the host during the load; and the host afterwards. */
#ifndef LEAKLAB_PART_H
#define LEAKLAB_PART_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "runfile/runfile.h"

enum part_kind { PART_WHOLE, PART_BEFORE, PART_SHARD, PART_DURING, PART_SETTLED, PART_KIND_COUNT };
extern const char *const part_words[PART_KIND_COUNT]; /* NULL for the whole */

#define PART_ID 33   /* 128 bits in hexadecimal digits */
#define PART_HASH 65 /* SHA-256, likewise */
#define PART_WORD 128
#define PART_INJECTORS_MAX 10000

/* The clock of a machine: which boot of it, and when that was by its wall clock. Two files with the same were written by one clock. */
struct part_clock {
	char boot[PART_WORD]; /* "": not known */
	int64_t since;        /* timestamp */
};

struct run_part {
	enum part_kind kind;
	char plan[PART_ID];
	int64_t injectors;
	int64_t shard;            /* from 0; NUMBER_UNKNOWN: it is none */
	char scenario[PART_HASH]; /* hashes */
	char accounts[PART_HASH];
	char build[PART_WORD]; /* leaklab's version */
	int64_t start;         /* timestamp by the plan's clock: when the injectors begin */
	int64_t lead;          /* microseconds from the plan to it */
	struct part_clock clock;
};

/* "" where the machine does not tell. */
void part_clock_read(struct part_clock *clock);
/* Whether both are one clock, which nobody has set between them. */
bool part_clock_same(const struct part_clock *a, const struct part_clock *b);

/* What part of a run is in the file; PART_WHOLE: all of it. False: its settings are damaged. */
bool part_read(struct runfile *runfile, struct run_part *out, struct error *error);
bool part_write(struct runfile *runfile, const struct run_part *part, struct error *error);
/* "shard 3 of 8", "the host before the load". Returns text. */
const char *part_format(const struct run_part *part, char text[PART_WORD]);
/* That both belong to one run. other: what the error calls the second one. */
bool part_check(const struct run_part *plan, const struct run_part *part, const char *other,
    struct error *error);
/* SHA-256 of so many bytes. */
bool part_hash(const void *bytes, size_t length, char out[PART_HASH], struct error *error);

#endif
