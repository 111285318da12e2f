/* Knows from where to where each number of a scenario may be. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/scenario/caps.h"
#include "driver/scenario/check.h"

/* "#" in a key stands for the number of a list's entry. */
static const struct whole {
	const char *key;
	uint64_t least, most;
	const char *cap; /* why there is no larger one */
} wholes[] = {
    {"accounts.password_fd", 3, 1023, NULL}, /* standard input is no place for it */
    {"load.slots", 1, SESSIONS_MAX, "sessions at once, a hard cap"},
    {"load.cycles", 1, CYCLES_MAX, "cycles a run, a hard cap"},
    {"load.steps.#.slots", 1, SESSIONS_MAX, "sessions at once, a hard cap"},
    {"load.steps.#.cycles", 1, CYCLES_MAX, "cycles a run, a hard cap"},
    {"load.reconnects", 0, RECONNECTS_MAX, "of a cycle, a hard cap"}, /* 0: none */
    {"load.seed", 0, UINT64_MAX, NULL},                               /* 0: a new one each time */
    {"load.workers", 0, WORKERS_MAX, "a hard cap"},                   /* 0: the driver chooses */
    {"limits.failures", 1, CYCLES_MAX, NULL},
    {"observe_every", 0, CYCLES_MAX, NULL}, /* 0: no samples during the load */
    {"verify_ids", 0, SESSIONS_MAX, "sessions at once, a hard cap"}, /* 0: not done */
    {"controls.negative.cycles", 1, CYCLES_MAX, "cycles a run, a hard cap"},
    {"controls.positive.cycles", 1, CYCLES_MAX, "cycles a run, a hard cap"},
};

static const struct fraction {
	const char *key;
	double least, most;
	bool or_zero;
	const char *cap;
} fractions[] = {
    {"load.rate", RATE_MIN, RATE_MAX, true, "logons a second, a hard cap"}, /* 0: a closed load */
    {"load.steps.#.rate", RATE_MIN, RATE_MAX, false, "logons a second, a hard cap"},
    {"limits.error_rate", 0, 1, false, NULL}, /* 0: no limit */
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static bool is_key(const char *pattern, const char *key)
{
	while (*pattern && *key) {
		const size_t digits = *pattern == '#' ? strspn(key, "0123456789") : 0;
		if (digits == 0 && *pattern != *key)
			return false;
		key += digits ? digits : 1;
		pattern++;
	}
	return *pattern == *key;
}

static const struct whole *find_whole(const char *key)
{
	for (size_t i = 0; i < COUNT(wholes); i++)
		if (is_key(wholes[i].key, key))
			return &wholes[i];
	return NULL;
}

static const struct fraction *find_fraction(const char *key)
{
	for (size_t i = 0; i < COUNT(fractions); i++)
		if (is_key(fractions[i].key, key))
			return &fractions[i];
	return NULL;
}

bool number_wanted(const char *key, char out[NUMBER_TEXT])
{
	const struct whole *whole = find_whole(key);
	const struct fraction *fraction = find_fraction(key);

	if (whole)
		snprintf(out, NUMBER_TEXT, "a number from %" PRIu64 " to %" PRIu64, whole->least,
		    whole->most);
	else if (fraction)
		snprintf(out, NUMBER_TEXT, "a number from %g to %g%s", fraction->least,
		    fraction->most, fraction->or_zero ? ", or 0" : "");
	return whole || fraction;
}

/* -1, 0, 1: below, inside, beyond; none of them: it is no number. Digits only: a leading 0 would make it octal. */
#define NO_NUMBER 2

static int weigh_whole(const struct whole *whole, const char *text)
{
	const bool negative = text[0] == '-';
	const char *digits = text + negative;
	const size_t length = strlen(digits);
	uint64_t value = 0;
	bool overflow = false;

	if (length == 0 || strspn(digits, "0123456789") != length ||
	    (digits[0] == '0' && length > 1))
		return NO_NUMBER;
	for (const char *at = digits; *at; at++)
		overflow |= __builtin_mul_overflow(value, 10, &value) ||
		            __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value);
	if (negative || (!overflow && value < whole->least))
		return -1;
	return overflow || value > whole->most;
}

static int weigh_fraction(const struct fraction *fraction, const char *text)
{
	const char *digits = text + (text[0] == '-');
	const size_t length = strlen(digits);
	char *end;

	if (length == 0 || strspn(digits, "0123456789.") != length)
		return NO_NUMBER;
	const double value = strtod(text, &end);
	if (*end)
		return NO_NUMBER;
	if (value == 0 && fraction->or_zero)
		return 0;
	return value < fraction->least ? -1 : value > fraction->most;
}

bool number_valid(const char *key, const char *text, const char **cap)
{
	const struct whole *whole = find_whole(key);
	const struct fraction *fraction = find_fraction(key);
	const int weight = whole      ? weigh_whole(whole, text)
	                   : fraction ? weigh_fraction(fraction, text)
	                              : NO_NUMBER;

	*cap = weight != 1 ? NULL : whole ? whole->cap : fraction->cap;
	return weight == 0;
}
