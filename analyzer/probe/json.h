/* JSON on its way out, piece by piece; all text leaves as ASCII. Knows no content. */
#ifndef LEAKLAB_PROBE_JSON_H
#define LEAKLAB_PROBE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH 8

struct json {
	FILE *out;
	bool compact; /* on one line */
	unsigned depth;
	bool more[JSON_DEPTH]; /* something was written there already */
	char close[JSON_DEPTH];
};

/* `key` is NULL within an array and for the whole. `open` is '{' or '['. */
void json_begin(struct json *json, const char *key, char open);
void json_end(struct json *json);
void json_text(
    struct json *json, const char *key, const char *text); /* UTF-8; NULL: nothing is written */
void json_number(struct json *json, const char *key, int64_t number);
void json_yes_no(struct json *json, const char *key, bool value);
void json_luid(struct json *json, const char *key, uint64_t luid);
/* 100 ns since 1601, as FILETIME has it; 0 or less: nothing is written. */
void json_time(struct json *json, const char *key, int64_t time);

#endif
