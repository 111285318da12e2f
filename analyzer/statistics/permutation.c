#include "statistics/permutation.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DIVISIONS_MOST 20000

static double divisions(size_t all, size_t chosen)
{
	double count = 1;

	for (size_t i = 0; i < chosen; i++)
		count *= (double)(all - i) / (double)(i + 1);
	return count;
}

/* Goes on to the next choice of `count` out of `all` in places, in lexical order. False after the last. */
static bool next_choice(size_t *places, size_t count, size_t all)
{
	for (size_t i = count; i-- > 0;) {
		if (places[i] < all - count + i) {
			places[i]++;
			for (size_t j = i + 1; j < count; j++)
				places[j] = places[j - 1] + 1;
			return true;
		}
	}
	return false;
}

/* A random choice, as the first places of a shuffle. */
static void draw_choice(size_t *places, size_t *pool, size_t count, size_t all, uint64_t *state)
{
	for (size_t i = 0; i < count; i++) {
		*state ^= *state << 13;
		*state ^= *state >> 7;
		*state ^= *state << 17;
		const size_t other = i + (size_t)(*state % (all - i)), swap = pool[i];
		places[i] = pool[i] = pool[other];
		pool[other] = swap;
	}
}

static double sum_of(const double *values, const size_t *places, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += values[places[i]];
	return sum;
}

/* The sums of those called `before` tell the order of the differences: the sum of all stays. */
static double share_as_large(
    const double *values, size_t all, size_t count, double observed, size_t *places, size_t *pool)
{
	const bool exact = divisions(all, count) <= DIVISIONS_MOST;
	uint64_t state = 0x2545f4914f6cdd1d;
	double tried = 0, larger = 0;

	for (size_t i = 0; i < all; i++)
		pool[i] = i;
	for (size_t i = 0; i < count; i++)
		places[i] = i;
	do {
		if (!exact)
			draw_choice(places, pool, count, all, &state);
		tried++;
		larger += sum_of(values, places, count) >= observed - 1e-12;
	} while (exact ? next_choice(places, count, all) : tried < DIVISIONS_MOST);
	/* Drawn divisions: the one that was seen is one of those that are possible. */
	return exact ? larger / tried : (larger + 1) / (tried + 1);
}

double permutation_chance(
    const double *now, size_t now_count, const double *before, size_t before_count)
{
	const size_t all = now_count + before_count;
	double *values = malloc(all * sizeof *values);
	size_t *places = malloc(2 * all * sizeof *places);
	double observed = 0, chance = 1;

	if (values && places && now_count > 0 && before_count > 0) {
		memcpy(values, before, before_count * sizeof *values);
		memcpy(values + before_count, now, now_count * sizeof *values);
		for (size_t i = 0; i < before_count; i++)
			observed += before[i];
		chance = share_as_large(values, all, before_count, observed, places, places + all);
	}
	free(values);
	free(places);
	return chance;
}
