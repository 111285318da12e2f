/* "2026-03-05T11:46:09.808", "3/5/2026 11:46:09 AM", "05.03.2026 11:46:09": which of two numbers is the day shows when it is above 12. */
#include "readers/event_dates.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct date {
	int first, second, year, hour, minute, seconds;
	char fraction[8];
	bool year_first;
};

static bool take_digits(const char **text, int most, int *out)
{
	int value = 0, digits = 0;
	for (; digits < most && isdigit((unsigned char)**text); digits++, (*text)++)
		value = value * 10 + (**text - '0');
	*out = value;
	return digits > 0;
}

static bool take_one_of(const char **text, const char *characters)
{
	if (!**text || !strchr(characters, **text))
		return false;
	++*text;
	return true;
}

static bool read_day(const char **text, struct date *date)
{
	const char *start = *text;
	int parts[3];
	for (int i = 0; i < 3; i++) {
		if ((i && !take_one_of(text, "-/.")) || !take_digits(text, 4, &parts[i]))
			return false;
	}
	date->year_first = parts[0] > 31;
	date->year = parts[date->year_first ? 0 : 2];
	date->first = parts[date->year_first ? 1 : 0];
	date->second = parts[date->year_first ? 2 : 1];
	return date->year >= 1000 && start < *text;
}

/* "AM" and "PM" of a clock of twelve hours. */
static bool read_half(const char *text, struct date *date)
{
	const bool morning = strcasecmp(text, "AM") == 0, evening = strcasecmp(text, "PM") == 0;
	if (!*text)
		return true;
	if ((!morning && !evening) || date->hour < 1 || date->hour > 12)
		return false;
	date->hour = date->hour % 12 + (evening ? 12 : 0);
	return true;
}

static bool read_date(const char *text, struct date *date)
{
	size_t length = 0;
	*date = (struct date){0};
	if (!read_day(&text, date))
		return false;
	take_one_of(&text, ",");
	if (!take_one_of(&text, " T"))
		return false;
	if (!take_digits(&text, 2, &date->hour) || !take_one_of(&text, ":") ||
	    !take_digits(&text, 2, &date->minute))
		return false;
	if (take_one_of(&text, ":") && !take_digits(&text, 2, &date->seconds))
		return false;
	if (take_one_of(&text, ".")) {
		for (; isdigit((unsigned char)*text); text++) {
			if (length < 6)
				date->fraction[length++] = *text;
		}
	}
	take_one_of(&text, " ");
	return read_half(text, date);
}

static int64_t time_of(const struct date *date, bool day_first)
{
	char text[64];
	int64_t time;
	const int month = day_first ? date->second : date->first,
	          day = day_first ? date->first : date->second;
	snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%sZ", date->year, month, day,
	    date->hour, date->minute, date->seconds, *date->fraction ? date->fraction : "0");
	return timestamp_parse(text, &time) ? time : TIMESTAMP_UNKNOWN;
}

static bool is_pending(const struct log_event *event)
{
	return event->logged_text && event->logged == TIMESTAMP_UNKNOWN;
}

void event_dates_resolve(struct log_event *events, size_t count)
{
	struct date date;
	bool day_first = false, month_first = false;
	for (size_t i = 0; i < count; i++) {
		if (!is_pending(&events[i]) || !read_date(events[i].logged_text, &date) ||
		    date.year_first)
			continue;
		day_first |= date.first > 12;
		month_first |= date.second > 12;
	}
	const bool known = day_first != month_first;
	for (size_t i = 0; i < count; i++) {
		if (!is_pending(&events[i]) || !read_date(events[i].logged_text, &date) ||
		    !(known || date.year_first || date.first == date.second))
			continue;
		events[i].logged_local = time_of(&date, day_first && !date.year_first);
		if (events[i].logged_local != TIMESTAMP_UNKNOWN)
			events[i].logged_text = NULL;
	}
}
