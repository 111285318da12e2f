/* Knows the settings that limit a verdict, their defaults, and which values they may have. */
#include "judge/limits.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/snapshot.h"
#include "judge/rate.h"

static const struct limit {
	const char *key;
	size_t offset; /* in struct limits */
	double usual;
	bool open; /* 0 and 1 themselves are out: no number of cycles excludes a rate of 0 */
} known[] = {
    {"judge.smallest_rate", offsetof(struct limits, smallest_rate), 0.1, true},
    {"judge.max_failed", offsetof(struct limits, max_failed), 0.5, false},
    {"judge.growth", offsetof(struct limits, growth), 0.1, true},
};
#define KNOWN_COUNT (sizeof known / sizeof known[0])

static bool limit_parse(
    const struct limit *limit, const char *text, double *out, struct error *error)
{
	double value;

	if (!rate_parse(text, &value) || (limit->open && (value <= 0 || value >= 1)))
		return error_set(error, EXIT_USAGE, "%s: \"%s\" should be a number %s", limit->key,
		    text, limit->open ? "between 0 and 1, such as 0.05" : "from 0 to 1");
	*out = value;
	return true;
}

bool limit_valid(const char *key, const char *value, struct error *error)
{
	double ignored;

	for (size_t i = 0; i < KNOWN_COUNT; i++)
		if (strcmp(known[i].key, key) == 0)
			return limit_parse(&known[i], value, &ignored, error);
	return error_set(error, EXIT_USAGE, "%s: no such limit; there are %s, %s and %s", key,
	    known[0].key, known[1].key, known[2].key);
}

double limit_value(const char *key, const char *text)
{
	struct error ignored;

	for (size_t i = 0; i < KNOWN_COUNT; i++) {
		double value = known[i].usual;
		if (strcmp(known[i].key, key) == 0)
			return !text || limit_parse(&known[i], text, &value, &ignored) ? value
			                                                               : NAN;
	}
	return NAN;
}

static bool setting_is(struct runfile *runfile, const char *key, const char *value)
{
	char *text = runfile_get(runfile, key);
	bool equal = text && strcmp(text, value) == 0;
	free(text);
	return equal;
}

static bool setting_is_true(struct runfile *runfile, const char *key)
{
	char *text = runfile_get(runfile, key);
	bool yes = text && *text && strcmp(text, "false") != 0 && strcmp(text, "no") != 0 &&
	           strcmp(text, "0") != 0;
	free(text);
	return yes;
}

/* Seconds as a time in microseconds, or NUMBER_UNKNOWN. */
static int64_t read_seconds(struct runfile *runfile, const char *key)
{
	char *text = runfile_get(runfile, key);
	char *end;
	const double seconds = text ? strtod(text, &end) : 0;
	const bool good = text && end != text && seconds > 0 && seconds < 1e9;
	free(text);
	return good ? (int64_t)(seconds * 1e6) : NUMBER_UNKNOWN;
}

static int64_t read_count(struct runfile *runfile, const char *key)
{
	char *text = runfile_get(runfile, key);
	char *end;
	const double count = text ? strtod(text, &end) : 0;
	const bool good = text && end != text && count >= 1 && count < 1e15;

	free(text);
	return good ? (int64_t)count : NUMBER_UNKNOWN;
}

/* Of a run that several injectors played: what is not said of it would count as good. */
static bool read_shards(struct limits *limits, struct runfile *runfile, struct error *error)
{
	if (!runfile_is_set(runfile, "plan.id"))
		return true;
	limits->unordered = setting_is(runfile, "shards.order", "unknown");
	const bool order_known = limits->unordered || setting_is(runfile, "shards.order", "known");
	if (order_known && runfile_get_number(runfile, "shards.missing", &limits->shards_missing) &&
	    runfile_get_number(runfile, "shards.cycles_missing", &limits->cycles_missing) &&
	    limits->shards_missing >= 0 && limits->cycles_missing >= 0)
		return true;
	return error_set(error, EXIT_TARGET,
	    "damaged run file: several injectors played the run, and it does not say whether all of it is there: make it again (leaklab merge)");
}

/* A run that was begun and has no end is one of a driver that was killed, or that is still at it. False: memory is out. */
static bool find_cut(struct limits *limits, struct runfile *runfile)
{
	char *started = runfile_get(runfile, "started"),
	     *finished = runfile_get(runfile, "finished");
	const char *cut = setting_is_true(runfile, "interrupted") ? "stopped by hand"
	                  : started && !finished
	                      ? "not finished (leaklab run was killed, or is still at it)"
	                      : NULL;

	free(started);
	free(finished);
	limits->cut_short = runfile_get(runfile, "ended-early");
	if (limits->cut_short || !cut)
		return true;
	limits->cut_short = strdup(cut);
	return limits->cut_short != NULL;
}

bool limits_read(struct limits *limits, struct runfile *runfile, struct error *error)
{
	*limits = (struct limits){0};
	for (size_t i = 0; i < KNOWN_COUNT; i++) {
		double *out = (double *)((char *)limits + known[i].offset);
		char *text = runfile_get(runfile, known[i].key);
		bool good = true;

		*out = known[i].usual;
		if (text)
			good = limit_parse(&known[i], text, out, error);
		free(text);
		if (!good)
			return false;
	}
	limits->exclusive = setting_is_true(runfile, "host.exclusive");
	limits->settled = setting_is(runfile, "settled", "quiet");
	limits->timed_out = setting_is(runfile, "settled", "timeout");
	limits->release_time = read_seconds(runfile, "settle.release");
	limits->environment_failed = setting_is(runfile, "ended-early.code", "4");
	limits->decided = runfile_get(runfile, "load.decided");
	limits->allow_partial = setting_is_true(runfile, "allow-partial");
	limits->cycles_planned = read_count(runfile, "load.cycles");
	return read_shards(limits, runfile, error) &&
	       (find_cut(limits, runfile) || error_memory(error));
}

void limits_deinit(struct limits *limits)
{
	free(limits->decided);
	free(limits->cut_short);
}
