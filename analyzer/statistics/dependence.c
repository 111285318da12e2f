#include "statistics/dependence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL 0.01
#define TESTS 3
#define ORDERS 1999 /* random ones; fewer where there are very many cycles, */
#define ORDERS_LEAST 599
#define STEPS_MOST 40e6 /* so that they take no longer than this */

/* ---- the number of runs ---- */

static double log_choose(double n, double k)
{
	int sign;

	if (k < 0 || k > n)
		return -INFINITY;
	return lgamma_r(n + 1, &sign) - lgamma_r(k + 1, &sign) - lgamma_r(n - k + 1, &sign);
}

/* P(so few runs or fewer | k hits in n). */
static double chance_of_runs(double n, double k, size_t runs)
{
	const double all = log_choose(n, k);
	double sum = 0;

	for (size_t i = 2; i <= runs; i++) {
		const size_t pairs = i / 2;
		const double half = (double)pairs;
		if (i % 2 == 0)
			sum += 2 * exp(log_choose(k - 1, half - 1) +
			               log_choose(n - k - 1, half - 1) - all);
		else
			sum +=
			    exp(log_choose(k - 1, half) + log_choose(n - k - 1, half - 1) - all) +
			    exp(log_choose(k - 1, half - 1) + log_choose(n - k - 1, half) - all);
	}
	return fmin(sum, 1);
}

static size_t count_runs(const bool *hits, size_t count)
{
	size_t runs = count > 0;

	for (size_t i = 1; i < count; i++)
		runs += hits[i] != hits[i - 1];
	return runs;
}

/* ---- against random orders ---- */

struct course {
	const size_t *account;
	size_t count, accounts;
	double rate;
	double *of_account; /* cycles of each */
	double *found;      /* hits of each: work space */
};

/* How far the cumulated hits are from the mean's line at most. */
static double cumulated(const struct course *course, const bool *hits)
{
	double sum = 0, most = 0;

	for (size_t i = 0; i < course->count; i++) {
		sum += hits[i] - course->rate;
		most = fmax(most, fabs(sum));
	}
	return most;
}

static double chi_square(const struct course *course, const bool *hits)
{
	double sum = 0;

	memset(course->found, 0, course->accounts * sizeof *course->found);
	for (size_t i = 0; i < course->count; i++)
		course->found[course->account[i]] += hits[i];
	for (size_t i = 0; i < course->accounts; i++) {
		const double expected = course->rate * course->of_account[i];
		if (expected > 0)
			sum += pow(course->found[i] - expected, 2) / expected;
	}
	return sum;
}

/* xorshift64: the same course is judged the same each time. */
static size_t draw(uint64_t *state, size_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (size_t)(*state % below);
}

static void shuffle(bool *hits, size_t count, uint64_t *state)
{
	for (size_t i = count; i > 1; i--) {
		const size_t other = draw(state, i);
		const bool kept = hits[i - 1];
		hits[i - 1] = hits[other];
		hits[other] = kept;
	}
}

/* The shares of orders that are as far from even as the course; the course itself is one of them. */
static bool compare_with_orders(
    const struct course *course, const bool *hits, double *by_time, double *by_account)
{
	const double fair = STEPS_MOST / (double)course->count;
	const size_t orders = (size_t)fmin(ORDERS, fmax(ORDERS_LEAST, fair));
	const double sum = cumulated(course, hits), square = chi_square(course, hits);
	uint64_t state = 0x9e3779b97f4a7c15;
	size_t sums = 1, squares = 1;
	bool *order = malloc(course->count * sizeof *order);

	if (!order)
		return false;
	memcpy(order, hits, course->count * sizeof *order);
	for (size_t i = 0; i < orders; i++) {
		shuffle(order, course->count, &state);
		sums += cumulated(course, order) >= sum - 1e-9;
		squares += course->accounts > 1 && chi_square(course, order) >= square - 1e-9;
	}
	free(order);
	*by_time = (double)sums / (double)(orders + 1);
	*by_account = course->accounts > 1 ? (double)squares / (double)(orders + 1) : 1;
	return true;
}

/* ---- where ---- */

/* The part with the most hits beyond the mean. */
static void find_part(struct dependence *out, const struct course *course, const bool *hits)
{
	double sum = 0, most = 0;
	size_t first = 0;

	for (size_t i = 0; i < course->count; i++) {
		if (sum <= 0) {
			sum = 0;
			first = i;
		}
		sum += hits[i] - course->rate;
		if (sum > most) {
			most = sum;
			out->first = first;
			out->last = i;
		}
	}
	for (size_t i = out->first; i <= out->last; i++)
		out->hits += hits[i];
	out->tries = (int64_t)(out->last - out->first + 1);
}

static void find_account(struct dependence *out, const struct course *course, const bool *hits)
{
	double most = 0;

	chi_square(course, hits);
	for (size_t i = 0; i < course->accounts; i++) {
		const double beyond = course->found[i] - course->rate * course->of_account[i];
		if (beyond <= most)
			continue;
		most = beyond;
		out->account = i;
		out->hits = (int64_t)course->found[i];
		out->tries = (int64_t)course->of_account[i];
	}
}

bool dependence_find(
    struct dependence *out, const bool *hits, const size_t *account, size_t count, size_t accounts)
{
	size_t found = 0;
	double by_time, by_account;

	*out = (struct dependence){.chance = 1};
	for (size_t i = 0; i < count; i++)
		found += hits[i];
	if (found == 0 || found == count)
		return true;
	struct course course = {
	    account, count, accounts, (double)found / (double)count, NULL, NULL};
	course.of_account = calloc(2 * accounts, sizeof *course.of_account);
	if (!course.of_account)
		return false;
	course.found = course.of_account + accounts;
	for (size_t i = 0; i < count; i++)
		course.of_account[account[i]]++;
	const double by_runs =
	    chance_of_runs((double)count, (double)found, count_runs(hits, count));
	const bool good = compare_with_orders(&course, hits, &by_time, &by_account);
	if (good) {
		by_time = fmin(by_time, by_runs);
		out->chance = fmin(1, TESTS * fmin(by_time, by_account));
		if (out->chance <= LEVEL)
			out->kind = by_account < by_time ? DEPENDENCE_ACCOUNT : DEPENDENCE_TIME;
		if (out->kind == DEPENDENCE_ACCOUNT)
			find_account(out, &course, hits);
		else if (out->kind == DEPENDENCE_TIME)
			find_part(out, &course, hits);
	}
	free(course.of_account);
	return good;
}
