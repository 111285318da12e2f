/* Knows the units in which people write durations. */
#include "common/duration.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool parse(const char *text, size_t length, int64_t *out)
{
	static const struct {
		const char *unit;
		double seconds;
	} units[] = {{"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}};
	char copy[32];
	char *end;

	if (length == 0 || length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	const double number = strtod(copy, &end);
	/* No hexadecimal and no exponents, which strtod() would take. */
	if (end == copy || end != copy + strspn(copy, "0123456789."))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(end, units[i].unit) == 0 && number * units[i].seconds < 1e9) {
			*out = (int64_t)(number * units[i].seconds * (double)SECOND + 0.5);
			return true;
		}
	return false;
}

bool duration_parse(const char *text, int64_t *out)
{
	return parse(text, strlen(text), out);
}

bool duration_parse_range(const char *text, int64_t *least, int64_t *most)
{
	const char *dots = strstr(text, "..");
	int64_t from;
	int64_t to;

	if (!parse(text, dots ? (size_t)(dots - text) : strlen(text), &from))
		return false;
	to = from;
	if (dots && (!duration_parse(dots + 2, &to) || to < from))
		return false;
	*least = from;
	*most = to;
	return true;
}

static const char *two_units(
    int64_t count, const char *large, const char *small, char out[DURATION_TEXT])
{
	if (count % 60 == 0)
		snprintf(out, DURATION_TEXT, "%" PRId64 "%s", count / 60, large);
	else
		snprintf(out, DURATION_TEXT, "%" PRId64 "%s %" PRId64 "%s", count / 60, large,
		    count % 60, small);
	return out;
}

const char *duration_format(int64_t duration, char out[DURATION_TEXT])
{
	const int64_t seconds = (duration + SECOND / 2) / SECOND, minutes = (seconds + 30) / 60;

	if (minutes >= 60)
		return two_units(minutes, "h", "m", out);
	if (seconds >= 60)
		return two_units(seconds, "m", "s", out);
	if (duration > 0 && duration < SECOND)
		snprintf(out, DURATION_TEXT, "%" PRId64 "ms", duration / 1000);
	else
		snprintf(out, DURATION_TEXT, "%.2gs", (double)duration / (double)SECOND);
	return out;
}
