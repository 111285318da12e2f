/* JSON that is written as it goes: names of members, or NULL in arrays. Inside this folder. */
#ifndef LEAKLAB_ANSWER_JSON_WRITER_H
#define LEAKLAB_ANSWER_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Where the next value goes. */
struct json_writer {
	FILE *out;
	bool first; /* of its object or array */
	int depth;
};

void write_open(struct json_writer *writer, const char *name, char bracket);
void write_close(struct json_writer *writer, char bracket);
/* What is not known is left out. */
void write_string(struct json_writer *writer, const char *name, const char *text);
void write_number(struct json_writer *writer, const char *name, int64_t value);
/* What the dump would tell, had all of it been read. */
void write_unknown(struct json_writer *writer, const char *name);
/* A number that says who holds something, where that was seen. */
void write_number_seen(struct json_writer *writer, const char *name, uint64_t value, bool is_seen);
void write_boolean(struct json_writer *writer, const char *name, bool value);
/* Addresses are strings: readers that keep numbers as floating point would lose bits. */
void write_address(struct json_writer *writer, const char *name, uint64_t value);

#endif
