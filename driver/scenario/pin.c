/* Knows how the prints of certificates are written. */
#include "driver/scenario/scenario.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define PIN_TEXT 72 /* "sha256:", 64 digits, NUL */

static bool parse_pin(const char *text, char out[PIN_TEXT], struct error *error)
{
	char digits[PIN_TEXT] = "sha256:";
	size_t used = 7;

	if (strncmp(text, "sha256:", 7) == 0) {
		for (const char *at = text + 7; *at; at++) {
			if (*at == ':')
				continue;
			if (!isxdigit((unsigned char)*at) || used == PIN_TEXT - 1) {
				used = 0;
				break;
			}
			digits[used++] = (char)tolower((unsigned char)*at);
		}
	}
	if (used != 7 + 64)
		return error_set(error, EXIT_USAGE,
		    "certificate pin \"%.80s\": must be sha256: and 64 hex digits (openssl x509 "
		    "-noout "
		    "-fingerprint -sha256 prints them)",
		    text);
	digits[used] = '\0';
	memcpy(out, digits, used + 1);
	return true;
}

bool certificate_pins_parse(const char *text, char *out, size_t size, struct error *error)
{
	static const char between[] = " ,\t\r\n";
	size_t used = 0;

	out[0] = '\0';
	for (text += strspn(text, between); *text || used == 0; text += strspn(text, between)) {
		char one[PIN_TEXT * 2] = "", pin[PIN_TEXT];
		const size_t length = strcspn(text, between);

		snprintf(one, sizeof(one), "%.*s", (int)length, text);
		if (!parse_pin(one, pin, error))
			return false;
		if (used + sizeof(pin) + 1 > size)
			return error_set(error, EXIT_USAGE,
			    "certificate pins: more than %zu; use a CA (host.certificate.ca)",
			    size / PIN_TEXT);
		used += (size_t)snprintf(out + used, size - used, "%s%s", used ? " " : "", pin);
		text += length;
	}
	return true;
}
