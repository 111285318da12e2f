/* yajl's events as jansson's values. */
#include "evidence/json_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "common/array.h"

#define DEPTH_MOST 100

struct level {
	json_t *value; /* an object or a list, the root's or of what is around it */
	char *key;     /* of the value that comes next */
	bool taken;    /* its rows are */
	size_t rows;
};

struct stream {
	const struct json_rows *rows;
	struct level levels[DEPTH_MOST];
	size_t depth;
	json_t *root;
	const char *wrong; /* what yajl does not know to be */
	bool refused;      /* a row was, with an error */
	struct error *error;
};

static int fail(struct stream *stream, const char *wrong)
{
	stream->wrong = wrong;
	return 0;
}

/* A row of a list whose rows are taken is in no list. */
static bool is_row(const struct stream *stream)
{
	return stream->depth && stream->levels[stream->depth - 1].taken;
}

static int take_row(struct stream *stream, json_t *row)
{
	struct level *list = &stream->levels[stream->depth - 1];
	const bool good = stream->rows->row(
	    stream->rows->data, stream->levels[stream->depth - 2].key, list->rows++, row);
	json_decref(row);
	stream->refused = !good;
	return good;
}

/* Takes the value over, which belongs where the text is. */
static int put(struct stream *stream, json_t *value)
{
	struct level *level = stream->depth ? &stream->levels[stream->depth - 1] : NULL;
	int bad = 0;
	if (!value)
		return fail(stream, "out of memory");
	if (!level)
		stream->root = value;
	else if (json_is_array(level->value))
		bad = json_array_append_new(level->value, value);
	else if (json_object_get(level->value, level->key)) {
		json_decref(value);
		return fail(stream, "a key that the object has already");
	} else
		bad = json_object_set_new(level->value, level->key, value);
	return bad ? fail(stream, "out of memory") : 1;
}

static int scalar(struct stream *stream, json_t *value)
{
	if (value && is_row(stream))
		return take_row(stream, value);
	return put(stream, value);
}

static int on_null(void *data)
{
	return scalar(data, json_null());
}

static int on_boolean(void *data, int value)
{
	return scalar(data, json_boolean(value));
}

static int on_number(void *data, const char *text, size_t length)
{
	char copy[64];
	if (length >= sizeof copy)
		return fail(data, "a number that is too long");
	memcpy(copy, text, length);
	copy[length] = '\0';
	errno = 0;
	if (strpbrk(copy, ".eE"))
		return scalar(data, json_real(strtod(copy, NULL)));
	const long long value = strtoll(copy, NULL, 10);
	return errno ? fail(data, "an integer that is too large")
	             : scalar(data, json_integer(value));
}

static int on_string(void *data, const unsigned char *text, size_t length)
{
	if (length && memchr(text, '\0', length))
		return fail(data, "\\u0000, which no text may have");
	return scalar(data, json_stringn((const char *)text, length));
}

static int on_key(void *data, const unsigned char *text, size_t length)
{
	struct stream *stream = data;
	struct level *level = &stream->levels[stream->depth - 1];
	if (length && memchr(text, '\0', length))
		return fail(stream, "\\u0000, which no key may have");
	free(level->key);
	level->key = strndup((const char *)text, length);
	return level->key ? 1 : fail(stream, "out of memory");
}

/* Goes into a new object or list. */
static int enter(struct stream *stream, json_t *value)
{
	if (stream->depth == DEPTH_MOST) {
		json_decref(value);
		return fail(stream, "too many values within values");
	}
	const bool taken =
	    stream->depth == 1 && json_is_array(value) && stream->levels[0].key &&
	    stream->rows->wants(stream->rows->data, stream->levels[0].value, stream->levels[0].key);
	/* A row is nobody's until it is whole. */
	if (!is_row(stream) && !put(stream, value))
		return 0;
	stream->levels[stream->depth++] = (struct level){.value = value, .taken = taken};
	return 1;
}

static int on_object(void *data)
{
	return enter(data, json_object());
}

static int on_array(void *data)
{
	return enter(data, json_array());
}

static int on_end(void *data)
{
	struct stream *stream = data;
	struct level *level = &stream->levels[--stream->depth];
	json_t *value = level->value;
	free(level->key);
	level->key = NULL;
	return is_row(stream) ? take_row(stream, value) : 1;
}

static void set_error(
    const struct stream *stream, yajl_handle parser, const char *text, size_t length)
{
	const size_t at = yajl_get_bytes_consumed(parser);
	int line = 1;
	size_t start = 0;
	for (size_t i = 0; i < at && i < length; i++) {
		line += text[i] == '\n';
		if (text[i] == '\n')
			start = i + 1;
	}
	unsigned char *words =
	    stream->wrong ? NULL : yajl_get_error(parser, 0, (const unsigned char *)text, length);
	/* "parse error: ...\n" */
	if (words)
		words[strcspn((char *)words, "\n")] = '\0';
	error_set(stream->error, EXIT_USAGE, "JSON, line %d, column %zu: %s", line,
	    (at > start ? at - start : 0) + 1, words ? (char *)words : stream->wrong);
	if (words)
		yajl_free_error(parser, words);
}

/* What is not yet in the tree is a row. */
static void drop(struct stream *stream)
{
	for (size_t i = 0; i < stream->depth; i++) {
		free(stream->levels[i].key);
		if (i && stream->levels[i - 1].taken)
			json_decref(stream->levels[i].value);
	}
	json_decref(stream->root);
}

json_t *json_stream_load(
    const char *text, size_t length, const struct json_rows *rows, struct error *error)
{
	static const yajl_callbacks callbacks = {
	    .yajl_null = on_null,
	    .yajl_boolean = on_boolean,
	    .yajl_number = on_number,
	    .yajl_string = on_string,
	    .yajl_start_map = on_object,
	    .yajl_map_key = on_key,
	    .yajl_end_map = on_end,
	    .yajl_start_array = on_array,
	    .yajl_end_array = on_end,
	};
	struct stream *stream = calloc(1, sizeof *stream);
	yajl_handle parser = stream ? yajl_alloc(&callbacks, NULL, stream) : NULL;
	json_t *root = NULL;
	if (!parser) {
		free(stream);
		error_memory(error);
		return NULL;
	}
	stream->rows = rows;
	stream->error = error;
	if (yajl_parse(parser, (const unsigned char *)text, length) == yajl_status_ok &&
	    yajl_complete_parse(parser) == yajl_status_ok)
		root = stream->root;
	else if (!stream->refused)
		set_error(stream, parser, text, length);
	if (!root)
		drop(stream);
	yajl_free(parser);
	free(stream);
	return root;
}
