/* Commas, indentation and what has to be escaped. */
#include "dump/answer/json_writer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "evidence/snapshot.h"

static void indent(struct json_writer *writer)
{
	fputc('\n', writer->out);
	for (int i = 0; i < writer->depth; i++)
		fputc(' ', writer->out);
}

static void next(struct json_writer *writer)
{
	if (!writer->first)
		fputc(',', writer->out);
	indent(writer);
	writer->first = false;
}

/* Most texts are names and numbers that need no look at each character. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
			return false;
	return true;
}

static void put_string(struct json_writer *writer, const char *text)
{
	if (is_plain(text)) {
		fputc('"', writer->out);
		fputs(text, writer->out);
		fputc('"', writer->out);
		return;
	}
	char *safe = strdup(text);
	fputc('"', writer->out);
	if (safe)
		text_make_safe(safe);
	for (const char *at = safe ? safe : "?"; *at; at++) {
		if (*at == '"' || *at == '\\')
			fputc('\\', writer->out);
		fputc(*at, writer->out);
	}
	fputc('"', writer->out);
	free(safe);
}

static void key(struct json_writer *writer, const char *name)
{
	next(writer);
	if (!name)
		return;
	fputc('"', writer->out);
	fputs(name, writer->out);
	fputs("\": ", writer->out);
}

void write_open(struct json_writer *writer, const char *name, char bracket)
{
	key(writer, name);
	fputc(bracket, writer->out);
	writer->first = true;
	writer->depth++;
}

void write_close(struct json_writer *writer, char bracket)
{
	writer->depth--;
	if (!writer->first)
		indent(writer);
	fputc(bracket, writer->out);
	writer->first = false;
}

void write_string(struct json_writer *writer, const char *name, const char *text)
{
	if (!text)
		return;
	key(writer, name);
	put_string(writer, text);
}

void write_number(struct json_writer *writer, const char *name, int64_t value)
{
	if (value == NUMBER_UNKNOWN)
		return;
	key(writer, name);
	fprintf(writer->out, "%" PRId64, value);
}

void write_unknown(struct json_writer *writer, const char *name)
{
	key(writer, name);
	fputs("null", writer->out);
}

void write_number_seen(struct json_writer *writer, const char *name, uint64_t value, bool is_seen)
{
	if (is_seen || value == 0)
		write_number(writer, name, (int64_t)value);
	else
		write_unknown(writer, name);
}

void write_boolean(struct json_writer *writer, const char *name, bool value)
{
	key(writer, name);
	fputs(value ? "true" : "false", writer->out);
}

void write_address(struct json_writer *writer, const char *name, uint64_t value)
{
	char text[24];
	snprintf(text, sizeof text, "0x%" PRIx64, value);
	write_string(writer, name, text);
}
