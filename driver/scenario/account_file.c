/* Knows the file that accounts are kept in: CSV (RFC 4180), with or without a heading, and what Windows' own tools make of it. */
#include "driver/scenario/account_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Splits off the next CSV field in place (RFC 4180 quoting). Returns false at the end of the line. */
static bool next_field(char **rest, char **field)
{
	char *in = *rest;
	char *out = in;

	if (!in)
		return false;
	*field = in;
	if (*in == '"') {
		for (in++; *in && (*in != '"' || in[1] == '"'); in++) {
			if (*in == '"')
				in++;
			*out++ = *in;
		}
		in += *in == '"';
	} else {
		while (*in && *in != ',')
			*out++ = *in++;
	}
	*rest = *in == ',' ? in + 1 : NULL;
	*out = '\0';
	return true;
}

enum column { COLUMN_USER, COLUMN_DOMAIN, COLUMN_PASSWORD, COLUMNS };
static const char *const columns[COLUMNS] = {"user", "domain", "password"};

/* An account file while it is read. */
struct account_file {
	const char *domain, *password; /* where the file has none */
	size_t number;                 /* of the line */
	size_t places[COLUMNS];        /* of the columns, from 0; COLUMNS: it is not there */
	bool begun;                    /* the first line that counts is over */
	account_add *add;
	void *data;
};

/* Returns how many fields there are, at most COLUMNS + 1. */
static size_t split(char *line, char *fields[COLUMNS + 1])
{
	char *rest = line;
	size_t count = 0;

	while (count <= COLUMNS && next_field(&rest, &fields[count]))
		count++;
	return count;
}

static bool take_heading(
    struct account_file *file, char *const *fields, size_t count, struct error *error)
{
	for (size_t i = 0; i < COLUMNS; i++)
		file->places[i] = COLUMNS;
	for (size_t i = 0; i < count; i++) {
		size_t column = 0;
		while (column < COLUMNS && strcasecmp(fields[i], columns[column]) != 0)
			column++;
		if (column == COLUMNS)
			return error_set(error, EXIT_USAGE,
			    "there is no column \"%.40s\": they are user, domain and password",
			    fields[i]);
		file->places[column] = i;
	}
	return true;
}

static bool is_heading(char *const *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(fields[i], columns[COLUMN_USER]) == 0)
			return true;
	return false;
}

static const char *field_of(const struct account_file *file, char *const *fields, size_t count,
    enum column column, const char *otherwise)
{
	const size_t place = file->places[column];

	return place < count && *fields[place] ? fields[place] : otherwise;
}

/* What Windows allows in no account name ("User name formats", sAMAccountName): a separator of another kind, for one. */
static bool check_user(const char *user, struct error *error)
{
	const char *wrong = strpbrk(user, "\"[]:;|=+*?<>\t");

	/* What follows may be a password. */
	return !wrong ||
	       error_set(error, EXIT_USAGE,
	           "account \"%.*s\": no account name has '%c' in it; the fields user,domain,password are separated by commas",
	           (int)(wrong - user), user, *wrong == '\t' ? ' ' : *wrong);
}

static bool add_line(struct account_file *file, char *line, struct error *error)
{
	char *fields[COLUMNS + 1];
	const size_t count = split(line, fields);
	const bool is_first = !file->begun;

	file->begun = true;
	if (count > COLUMNS)
		return error_set(
		    error, EXIT_USAGE, "more than the three fields user,domain,password");
	if (is_first && is_heading(fields, count))
		return take_heading(file, fields, count, error);
	const char *user = field_of(file, fields, count, COLUMN_USER, "");
	const char *password = field_of(file, fields, count, COLUMN_PASSWORD, file->password);
	if (!check_user(user, error))
		return false;
	if (!password)
		return error_set(error, EXIT_USAGE,
		    "no password in the line and no other password source given");
	return file->add(file->data, user,
	    field_of(file, fields, count, COLUMN_DOMAIN, file->domain), password, error);
}

/* The line's own characters: without the mark of UTF-8 that Windows puts before the first. */
static char *strip(char *line)
{
	line[strcspn(line, "\r\n")] = '\0';
	return strncmp(line, "\xef\xbb\xbf", 3) == 0 ? line + 3 : line;
}

static bool take_line(struct account_file *file, char *line, size_t length, struct error *error)
{
	if (length >= 2 && file->number == 1 &&
	    (memcmp(line, "\xff\xfe", 2) == 0 || memcmp(line, "\xfe\xff", 2) == 0))
		return error_set(error, EXIT_USAGE,
		    "is UTF-16: save it as UTF-8 (Export-Csv -NoTypeInformation -Encoding UTF8)");
	if (memchr(line, '\0', length))
		return error_set(error, EXIT_USAGE, "is not text");
	char *text = strip(line);
	/* Remarks, and what PowerShell puts first: #TYPE System.Management.Automation.PSCustomObject */
	if (*text == '\0' || *text == '#')
		return true;
	return add_line(file, text, error);
}

bool account_file_read(const char *path, const char *domain, const char *password, account_add *add,
    void *data, struct error *error)
{
	struct account_file file = {
	    .domain = domain, .password = password, .places = {0, 1, 2}, .add = add, .data = data};
	FILE *stream = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	bool done = true;
	ssize_t length;

	if (!stream)
		return error_set(error, EXIT_USAGE,
		    "account file %s: %s; make it, or correct accounts.csv", path, strerror(errno));
	while (done && (length = getline(&line, &size, stream)) >= 0) {
		file.number++;
		done = take_line(&file, line, (size_t)length, error) ||
		       error_prefix(error, "%s:%zu", path, file.number);
	}
	if (done && ferror(stream))
		done = error_set(error, EXIT_USAGE, "account file %s: %s", path, strerror(errno));
	if (line)
		explicit_bzero(line, size);
	free(line);
	fclose(stream);
	return done;
}
