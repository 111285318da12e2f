/* Knows how a part of a run says in its file what it is a part of. */
#include "runfile/part.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include "common/timestamp.h"

/* Steps that keep clocks together are smaller. */
#define CLOCK_STEP 1000000

const char *const part_words[PART_KIND_COUNT] = {
    [PART_BEFORE] = "before",
    [PART_SHARD] = "shard",
    [PART_DURING] = "during",
    [PART_SETTLED] = "settled",
};

/* ---- the machine's clock ---- */

void part_clock_read(struct part_clock *clock)
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	struct timespec up;
	*clock = (struct part_clock){.since = TIMESTAMP_UNKNOWN};
	if (file && clock_gettime(CLOCK_BOOTTIME, &up) == 0 &&
	    fgets(clock->boot, sizeof clock->boot, file))
		clock->since = timestamp_now() - up.tv_sec * 1000000 - up.tv_nsec / 1000;
	clock->boot[strcspn(clock->boot, "\n")] = '\0';
	if (file)
		fclose(file);
}

bool part_clock_same(const struct part_clock *a, const struct part_clock *b)
{
	return a->boot[0] && strcmp(a->boot, b->boot) == 0 && a->since != TIMESTAMP_UNKNOWN &&
	       b->since != TIMESTAMP_UNKNOWN && llabs(a->since - b->since) <= CLOCK_STEP;
}

/* ---- settings ---- */

struct reading {
	struct runfile *runfile;
	const char *wrong; /* the first setting that is missing or damaged */
};

static void read_text(struct reading *reading, const char *key, char *out, size_t size)
{
	char *text = runfile_get(reading->runfile, key);
	if (text && strlen(text) < size)
		strcpy(out, text);
	else if (!reading->wrong)
		reading->wrong = key;
	free(text);
}

static int64_t read_number(struct reading *reading, const char *key)
{
	int64_t number = NUMBER_UNKNOWN;
	if (!runfile_get_number(reading->runfile, key, &number) && !reading->wrong)
		reading->wrong = key;
	return number;
}

static int64_t read_time(struct reading *reading, const char *key)
{
	char text[TIMESTAMP_TEXT] = "";
	int64_t time = TIMESTAMP_UNKNOWN;
	read_text(reading, key, text, sizeof text);
	if (!timestamp_parse(text, &time) && !reading->wrong)
		reading->wrong = key;
	return time;
}

static enum part_kind kind_of(const char *word)
{
	int kind = 1;
	while (kind < PART_KIND_COUNT && strcmp(part_words[kind], word) != 0)
		kind++;
	return kind < PART_KIND_COUNT ? (enum part_kind)kind : PART_WHOLE;
}

bool part_read(struct runfile *runfile, struct run_part *out, struct error *error)
{
	struct reading reading = {.runfile = runfile};
	struct run_part part = {.shard = NUMBER_UNKNOWN, .start = TIMESTAMP_UNKNOWN};
	char *word = runfile_get(runfile, "part");
	if (!word) {
		*out = part;
		return true;
	}
	part.kind = kind_of(word);
	free(word);
	if (part.kind == PART_WHOLE)
		reading.wrong = "part";
	read_text(&reading, "plan.id", part.plan, sizeof part.plan);
	read_text(&reading, "plan.scenario", part.scenario, sizeof part.scenario);
	read_text(&reading, "plan.accounts", part.accounts, sizeof part.accounts);
	read_text(&reading, "plan.build", part.build, sizeof part.build);
	part.injectors = read_number(&reading, "plan.injectors");
	part.start = read_time(&reading, "plan.start");
	part.lead = read_number(&reading, "plan.lead");
	if (part.kind == PART_SHARD)
		part.shard = read_number(&reading, "shard");
	read_text(&reading, "clock.boot", part.clock.boot, sizeof part.clock.boot);
	part.clock.since =
	    part.clock.boot[0] ? read_time(&reading, "clock.since") : TIMESTAMP_UNKNOWN;
	if (!reading.wrong && (part.injectors < 1 || part.injectors > PART_INJECTORS_MAX))
		reading.wrong = "plan.injectors";
	if (!reading.wrong && part.kind == PART_SHARD &&
	    (part.shard < 0 || part.shard >= part.injectors))
		reading.wrong = "shard";
	if (reading.wrong)
		return error_set(error, EXIT_TARGET,
		    "damaged run file: it is a part of a run, and its setting %s is none",
		    reading.wrong);
	*out = part;
	return true;
}

static bool put_number(
    struct runfile *runfile, const char *key, int64_t number, struct error *error)
{
	char text[32];
	snprintf(text, sizeof text, "%" PRId64, number);
	return runfile_set(runfile, key, text, error);
}

static bool put_time(struct runfile *runfile, const char *key, int64_t time, struct error *error)
{
	char text[TIMESTAMP_TEXT];
	return runfile_set(runfile, key, timestamp_format(time, text), error);
}

bool part_write(struct runfile *runfile, const struct run_part *part, struct error *error)
{
	return runfile_set(runfile, "part", part_words[part->kind], error) &&
	       runfile_set(runfile, "plan.id", part->plan, error) &&
	       runfile_set(runfile, "plan.scenario", part->scenario, error) &&
	       runfile_set(runfile, "plan.accounts", part->accounts, error) &&
	       runfile_set(runfile, "plan.build", part->build, error) &&
	       put_number(runfile, "plan.injectors", part->injectors, error) &&
	       put_time(runfile, "plan.start", part->start, error) &&
	       put_number(runfile, "plan.lead", part->lead, error) &&
	       (part->kind != PART_SHARD || put_number(runfile, "shard", part->shard, error)) &&
	       runfile_set(runfile, "clock.boot", part->clock.boot, error) &&
	       (!part->clock.boot[0] || put_time(runfile, "clock.since", part->clock.since, error));
}

const char *part_format(const struct run_part *part, char text[PART_WORD])
{
	static const char *const phrases[PART_KIND_COUNT] = {
	    [PART_WHOLE] = "a whole run",
	    [PART_BEFORE] = "the host before the load, with the plan",
	    [PART_DURING] = "the host during the load",
	    [PART_SETTLED] = "the host after the load",
	};
	if (part->kind == PART_SHARD)
		snprintf(text, PART_WORD, "shard %" PRId64 " (of 0 to %" PRId64 ")", part->shard,
		    part->injectors - 1);
	else
		snprintf(text, PART_WORD, "%s", phrases[part->kind]);
	return text;
}

bool part_check(const struct run_part *plan, const struct run_part *part, const char *other,
    struct error *error)
{
	if (strcmp(plan->plan, part->plan) != 0)
		return error_set(error, EXIT_USAGE,
		    "%s is of another plan (%.8s, not %.8s): parts of different runs do not make one run",
		    other, part->plan, plan->plan);
	if (strcmp(plan->build, part->build) != 0)
		return error_set(error, EXIT_USAGE,
		    "%s was made by leaklab %s and the plan by %s: use one build on all machines",
		    other, part->build, plan->build);
	if (strcmp(plan->scenario, part->scenario) != 0)
		return error_set(error, EXIT_USAGE,
		    "%s has another scenario than the plan: give all parts the same file and the same --set",
		    other);
	if (strcmp(plan->accounts, part->accounts) != 0)
		return error_set(error, EXIT_USAGE,
		    "%s has other accounts than the plan: give all parts the same ones, in the same order",
		    other);
	if (plan->injectors != part->injectors)
		return error_set(error, EXIT_USAGE,
		    "%s is for %" PRId64 " injectors, and the plan for %" PRId64, other,
		    part->injectors, plan->injectors);
	return true;
}

bool part_hash(const void *bytes, size_t length, char out[PART_HASH], struct error *error)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;
	if (!EVP_Digest(bytes, length, digest, &size, EVP_sha256(), NULL) || size != 32)
		return error_set(error, EXIT_TARGET, "SHA-256 is not available");
	for (unsigned i = 0; i < size; i++)
		snprintf(out + 2 * (size_t)i, 3, "%02x", digest[i]);
	return true;
}
