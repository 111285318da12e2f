/* How a rate is written: a decimal number from 0 to 1, in any locale the same. */
#include "judge/rate.h"

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
