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

/* What a binary fraction makes of 0 and of 1 is these. */
#define NOISE 1e-12

const char *percent_format(double rate, char out[PERCENT_TEXT])
{
	const bool is_some = rate > NOISE, is_not_all = rate < 1 - NOISE;
	if (is_some && rate < 0.00005)
		return strcpy(out, "<0.01");
	if (is_not_all && rate >= 0.99995)
		return strcpy(out, ">99.99");
	if (is_some && rate < 0.001)
		snprintf(out, PERCENT_TEXT, "%.2g", rate * 100);
	else if (is_not_all && rate >= 0.9995)
		snprintf(out, PERCENT_TEXT, "%.2f", rate * 100);
	else
		snprintf(out, PERCENT_TEXT, "%.1f", rate * 100);
	size_t length = strlen(out);
	if (length > 2 && strcmp(out + length - 2, ".0") == 0)
		out[length - 2] = '\0';
	return out;
}

const char *rate_format(double rate, char out[PERCENT_TEXT])
{
	const bool is_not_all = rate < 1 - NOISE;
	if (is_not_all && rate >= 0.99995)
		return strcpy(out, ">0.9999");
	snprintf(out, PERCENT_TEXT, is_not_all && rate >= 0.9995 ? "%.4g" : "%.3g",
	    rate < NOISE ? 0 : rate);
	return out;
}
