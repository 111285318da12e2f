#include "labhost/request.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool decode(char *text)
{
	char *out = text;

	for (const char *in = text; *in; in++) {
		if (*in != '%') {
			*out++ = *in;
			continue;
		}
		const int high = hex_digit(in[1]);
		const int low = high < 0 ? -1 : hex_digit(in[2]);
		if (low < 0 || (high == 0 && low == 0))
			return false;
		*out++ = (char)(high * 16 + low);
		in += 2;
	}
	*out = '\0';
	return true;
}

bool request_parse(char *line, struct request *out)
{
	struct request request = {0};
	char *rest = line;

	request.verb = strsep(&rest, " ");
	if (!*request.verb)
		return false;
	while (rest) {
		char *value = strsep(&rest, " ");
		const char *key = strsep(&value, "=");

		if (!value || !*key || request.count == REQUEST_FIELDS || !decode(value))
			return false;
		request.fields[request.count].key = key;
		request.fields[request.count++].value = value;
	}
	*out = request;
	return true;
}

const char *request_text(const struct request *request, const char *key)
{
	for (int i = 0; i < request->count; i++)
		if (strcmp(request->fields[i].key, key) == 0)
			return request->fields[i].value;
	return NULL;
}

bool request_number(const struct request *request, const char *key, uint32_t *out)
{
	const char *text = request_text(request, key);
	char *end;

	if (!text || !isdigit((unsigned char)*text))
		return false;
	errno = 0;
	const unsigned long number = strtoul(text, &end, 10);
	if (errno || *end || number > UINT32_MAX)
		return false;
	*out = (uint32_t)number;
	return true;
}

void field_write(FILE *out, const char *key, const char *value)
{
	fprintf(out, " %s=", key);
	for (const char *c = value; *c; c++)
		if (*c > ' ' && *c < 0x7f && *c != '%')
			putc(*c, out);
		else
			fprintf(out, "%%%02X", (unsigned char)*c);
}
