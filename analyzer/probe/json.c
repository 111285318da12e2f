#include "probe/json.h"

#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "windows/win32.h"

#define UNITS_PER_SECOND 10000000 /* FILETIME's: 100 ns */

static void write_string(struct json *json, const char *text)
{
	wchar_t *wide = utf16(text);

	fputc('"', json->out);
	for (const wchar_t *at = wide; at && *at; at++) {
		if (*at == L'"' || *at == L'\\')
			fprintf(json->out, "\\%c", (char)*at);
		else if (*at < 0x20 || *at > 0x7e)
			fprintf(json->out, "\\u%04x", (unsigned)*at);
		else
			fputc((char)*at, json->out);
	}
	fputc('"', json->out);
	free(wide);
}

static void new_line(const struct json *json)
{
	if (json->compact)
		return;
	fputc('\n', json->out);
	for (unsigned i = 0; i < json->depth; i++)
		fputc(' ', json->out);
}

static void write_key(struct json *json, const char *key)
{
	if (json->depth > 0) {
		if (json->more[json->depth - 1])
			fputc(',', json->out);
		json->more[json->depth - 1] = true;
		new_line(json);
	}
	if (key) {
		write_string(json, key);
		fputs(": ", json->out);
	}
}

void json_begin(struct json *json, const char *key, char open)
{
	write_key(json, key);
	fputc(open, json->out);
	json->more[json->depth] = false;
	json->close[json->depth++] = open == '{' ? '}' : ']';
}

void json_end(struct json *json)
{
	json->depth--;
	if (json->more[json->depth])
		new_line(json);
	fputc(json->close[json->depth], json->out);
	if (json->depth == 0)
		fputc('\n', json->out);
}

void json_text(struct json *json, const char *key, const char *text)
{
	if (!text)
		return;
	write_key(json, key);
	write_string(json, text);
}

void json_number(struct json *json, const char *key, int64_t number)
{
	write_key(json, key);
	fprintf(json->out, "%lld", (long long)number);
}

void json_yes_no(struct json *json, const char *key, bool value)
{
	write_key(json, key);
	fputs(value ? "true" : "false", json->out);
}

void json_luid(struct json *json, const char *key, uint64_t luid)
{
	write_key(json, key);
	fprintf(json->out, "\"%08x:%08x\"", (unsigned)(luid >> 32), (unsigned)luid);
}

void json_time(struct json *json, const char *key, int64_t time)
{
	const FILETIME file_time = {(DWORD)time, (DWORD)(time >> 32)};
	SYSTEMTIME system;

	/* INT64_MAX stands for "never". */
	if (time <= 0 || time == INT64_MAX || !FileTimeToSystemTime(&file_time, &system))
		return;
	write_key(json, key);
	fprintf(json->out, "\"%04u-%02u-%02uT%02u:%02u:%02u.%06uZ\"", system.wYear, system.wMonth,
	    system.wDay, system.wHour, system.wMinute, system.wSecond,
	    (unsigned)(time % UNITS_PER_SECOND / 10));
}
