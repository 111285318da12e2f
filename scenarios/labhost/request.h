/* The lines of the control socket: a verb, and fields "key=value" with percent-encoded values. */
#ifndef LEAKLAB_LABHOST_REQUEST_H
#define LEAKLAB_LABHOST_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define REQUEST_FIELDS 8

struct request {
	const char *verb;
	struct {
		const char *key;
		const char *value;
	} fields[REQUEST_FIELDS];
	int count;
};

/* Takes the line apart in place; the request borrows it. */
bool request_parse(char *line, struct request *out);
/* NULL if the request has no such field. */
const char *request_text(const struct request *request, const char *key);
bool request_number(const struct request *request, const char *key, uint32_t *out);

/* Writes " key=value". */
void field_write(FILE *out, const char *key, const char *value);

#endif
