/* ISO 8601 and the clocks. Calendar arithmetic is our own, so that no time zone or locale has a say. */
#include "common/timestamp.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND INT64_C(1000000)

static int64_t clock_read(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * SECOND + now.tv_nsec / 1000;
}

static int64_t anchor; /* of the wall clock, in the time since the boot; 0: there is none */

int64_t timestamp_now(void)
{
	return anchor ? anchor + timestamp_monotonic() : clock_read(CLOCK_REALTIME);
}

int64_t timestamp_monotonic(void)
{
	return clock_read(CLOCK_BOOTTIME);
}

int64_t timestamp_anchor(void)
{
	if (!anchor)
		anchor = clock_read(CLOCK_REALTIME) - timestamp_monotonic();
	return anchor;
}

void timestamp_anchor_as(int64_t other)
{
	anchor = other;
}

int64_t timestamp_step(void)
{
	return clock_read(CLOCK_REALTIME) - timestamp_now();
}

int64_t timestamp_or_unknown(int64_t timestamp)
{
	return timestamp < TIMESTAMP_EARLIEST || timestamp > TIMESTAMP_LATEST ? TIMESTAMP_UNKNOWN
	                                                                      : timestamp;
}

char *timestamp_format(int64_t timestamp, char out[TIMESTAMP_TEXT])
{
	int64_t second = timestamp / SECOND;
	int64_t fraction = timestamp % SECOND;
	if (fraction < 0) {
		fraction += SECOND;
		second--;
	}
	time_t time = (time_t)second;
	struct tm tm;
	if (timestamp < TIMESTAMP_EARLIEST || timestamp > TIMESTAMP_LATEST ||
	    !gmtime_r(&time, &tm)) {
		strcpy(out, "unknown");
		return out;
	}
	/* strftime()'s %Y has fewer than four digits for years before 1000. */
	size_t length = (size_t)snprintf(out, TIMESTAMP_TEXT, "%04d", tm.tm_year + 1900);
	length += strftime(out + length, TIMESTAMP_TEXT - length, "-%m-%dT%H:%M:%S", &tm);
	snprintf(out + length, TIMESTAMP_TEXT - length, ".%06dZ", (int)fraction);
	return out;
}

/* Reads exactly `digits` digits and moves on. */
static bool read_digits(const char **text, int digits, int *out)
{
	int value = 0;
	for (int i = 0; i < digits; i++) {
		char c = (*text)[i];
		if (c < '0' || c > '9')
			return false;
		value = value * 10 + (c - '0');
	}
	*text += digits;
	*out = value;
	return true;
}

static bool read_character(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

/* Reads ".5" and the like as microseconds; further digits are dropped (FILETIME has seven). */
static bool read_fraction(const char **text, int *out)
{
	int value = 0, digits = 0;
	if (**text != '.' && **text != ',') {
		*out = 0;
		return true;
	}
	(*text)++;
	for (; **text >= '0' && **text <= '9'; (*text)++, digits++) {
		if (digits < 6)
			value = value * 10 + (**text - '0');
	}
	if (digits == 0)
		return false;
	for (; digits < 6; digits++)
		value *= 10;
	*out = value;
	return true;
}

/* Reads "Z", "+01:00", "-0530" as seconds east of UTC. */
static bool read_offset(const char **text, int *out)
{
	if (read_character(text, 'Z')) {
		*out = 0;
		return true;
	}
	int hours, minutes, sign = **text == '-' ? -1 : 1;
	if (!read_character(text, '+') && !read_character(text, '-'))
		return false;
	if (!read_digits(text, 2, &hours))
		return false;
	read_character(text, ':');
	if (!read_digits(text, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*out = sign * (hours * 3600 + minutes * 60);
	return true;
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970-01-01; years 1 to 9999. */
static int64_t days_from_date(int year, int month, int day)
{
	static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	int64_t past = year - 1;
	int64_t days = past * 365 + past / 4 - past / 100 + past / 400;
	days += before[month - 1] + day - 1 + (month > 2 && is_leap(year));
	return days - 719162;
}

static bool date_is_valid(int year, int month, int day)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	if (year < 1 || month < 1 || month > 12 || day < 1)
		return false;
	return day <= days[month - 1] + (month == 2 && is_leap(year));
}

bool timestamp_parse(const char *text, int64_t *out)
{
	int year, month, day, hour, minute, second, fraction, offset;
	if (!read_digits(&text, 4, &year) || !read_character(&text, '-') ||
	    !read_digits(&text, 2, &month) || !read_character(&text, '-') ||
	    !read_digits(&text, 2, &day))
		return false;
	if (!read_character(&text, 'T') && !read_character(&text, ' '))
		return false;
	if (!read_digits(&text, 2, &hour) || !read_character(&text, ':') ||
	    !read_digits(&text, 2, &minute) || !read_character(&text, ':') ||
	    !read_digits(&text, 2, &second))
		return false;
	if (!read_fraction(&text, &fraction) || !read_offset(&text, &offset) || *text)
		return false;
	if (!date_is_valid(year, month, day) || hour > 23 || minute > 59 || second > 60)
		return false;
	int64_t seconds =
	    days_from_date(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
	int64_t timestamp = seconds * SECOND + fraction;
	if (timestamp < TIMESTAMP_EARLIEST || timestamp > TIMESTAMP_LATEST)
		return false; /* by its offset, or a leap second */
	*out = timestamp;
	return true;
}
