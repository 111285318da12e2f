/* How a rate is written: as a decimal number from 0 to 1, in any locale the same, and for people as a percentage. */
#include "judge/rate.h"

#include <stdio.h>
#include <string.h>

bool rate_parse(const char *text, double *out)
{
	/* strtod follows the locale, and takes "inf", "0x1" and blanks. */
	double value = 0, unit = 1;
	int digits = 0;
	for (; *text >= '0' && *text <= '9'; text++, digits++)
		value = value * 10 + (*text - '0');
	if (*text == '.') {
		for (text++; *text >= '0' && *text <= '9'; text++, digits++) {
			value = value * 10 + (*text - '0');
			unit *= 10;
		}
	}
	if (*text || digits < 1 || digits > 15 || value > unit)
		return false;
	*out = value / unit;
	return true;
}

const char *percent_format(double rate, char out[PERCENT_TEXT])
{
	if (rate >= 0.00005 && rate < 0.001) /* less is nothing to read */
		snprintf(out, PERCENT_TEXT, "%.2g", rate * 100);
	else
		snprintf(out, PERCENT_TEXT, "%.1f", rate * 100);
	size_t length = strlen(out);
	if (length > 2 && strcmp(out + length - 2, ".0") == 0)
		out[length - 2] = '\0';
	return out;
}
