/* Knows how durations are drawn: the generator, the distributions, and how these are written. */
#include "driver/scenario/scenario.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/duration.h"

/* Of a draw that is not limited, times its mean: as TPC-C (5.2.5.4) cuts its think times. */
#define MOST_MEANS 10

/* splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014 */
static uint64_t next(uint64_t *state)
{
	uint64_t mixed = (*state += UINT64_C(0x9e3779b97f4a7c15));

	mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
	return mixed ^ (mixed >> 31);
}

/* Above 0, at most 1. */
static double fraction(uint64_t *state)
{
	return (double)((next(state) >> 11) + 1) * 0x1p-53;
}

double draw_exponential(uint64_t *state)
{
	return -log(fraction(state));
}

/* Of mean 0 and standard deviation 1: Box and Muller, "A note on the generation of random normal deviates", 1958 */
static double draw_normal(uint64_t *state)
{
	const double length = sqrt(2 * draw_exponential(state));

	return length * cos(2 * M_PI * fraction(state));
}

uint64_t draw_state(uint64_t seed, uint64_t cycle, enum draw what)
{
	uint64_t of_cycle = next(&seed) + cycle;

	return next(&of_cycle) + (uint64_t)what * UINT64_C(0xd1342543de82ef95);
}

int64_t span_mean(const struct span *span)
{
	return span->distribution == DISTRIBUTION_UNIFORM ? (span->least + span->most) / 2
	                                                  : span->mean;
}

static double draw(const struct span *span, uint64_t *state)
{
	const double mean = (double)span->mean, sd = (double)span->sd;

	if (span->distribution == DISTRIBUTION_EXPONENTIAL)
		return mean * draw_exponential(state);
	if (span->distribution == DISTRIBUTION_NORMAL)
		return mean + sd * draw_normal(state);
	/* The logarithm's variance and mean that give the duration's own. */
	const double variance = log1p(sd * sd / (mean * mean));
	return exp(log(mean) - variance / 2 + sqrt(variance) * draw_normal(state));
}

int64_t span_draw(const struct span *span, uint64_t *state)
{
	if (span->distribution == DISTRIBUTION_UNIFORM)
		return span->least +
		       (int64_t)(next(state) % (uint64_t)(span->most - span->least + 1));
	return (int64_t)fmin(fmax(draw(span, state), (double)span->least), (double)span->most);
}

/* "exponential mean 10s most 60s": words in pairs behind the first. */
static bool parse_pairs(const char *pairs, struct span *span)
{
	char name[8], value[32];
	int length;

	while (sscanf(pairs, " %7s %31s%n", name, value, &length) == 2) {
		int64_t *place = strcmp(name, "mean") == 0   ? &span->mean
		                 : strcmp(name, "sd") == 0   ? &span->sd
		                 : strcmp(name, "most") == 0 ? &span->most
		                                             : NULL;
		if (!place || *place != 0 || !duration_parse(value, place) || *place == 0)
			return false;
		pairs += length;
	}
	return pairs[strspn(pairs, " ")] == '\0';
}

bool span_parse(const char *text, struct span *span)
{
	static const char *const names[] = {"uniform", "exponential", "lognormal", "normal"};
	struct span parsed = {.text = span->text};
	const size_t length = strcspn(text, " ");

	for (int i = DISTRIBUTION_EXPONENTIAL; i <= DISTRIBUTION_NORMAL; i++)
		if (strlen(names[i]) == length && strncmp(text, names[i], length) == 0)
			parsed.distribution = (enum distribution)i;
	if (parsed.distribution == DISTRIBUTION_UNIFORM) {
		if (!duration_parse_range(text, &parsed.least, &parsed.most))
			return false;
	} else {
		const bool wants_sd = parsed.distribution != DISTRIBUTION_EXPONENTIAL;
		if (!parse_pairs(text + length, &parsed) || parsed.mean == 0 ||
		    wants_sd != (parsed.sd > 0))
			return false;
		if (parsed.most == 0)
			parsed.most = MOST_MEANS * parsed.mean;
		if (parsed.most <= parsed.mean)
			return false;
	}
	*span = parsed;
	return true;
}
