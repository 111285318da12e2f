/* JSON of any tool, as ConvertTo-Json, osquery and others write it: an object, a list of them, or one behind the other. It is parsed as it
 * comes, line by line (yajl), so that a long one takes no memory. */
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "readers/object.h"
#include "readers/table.h"

struct json {
	yajl_handle parser;
	struct objects objects;
	int64_t arrays; /* that are open */
};

static int on_scalar(struct reading *reading, struct span text)
{
	return object_value(&reading->table->json->objects, text);
}

static int on_null(void *data)
{
	return on_scalar(data, (struct span){"", 0});
}

static int on_boolean(void *data, int value)
{
	return on_scalar(data, span_of(value ? "true" : "false"));
}

static int on_number(void *data, const char *text, size_t length)
{
	return on_scalar(data, (struct span){text, length});
}

static int on_string(void *data, const unsigned char *text, size_t length)
{
	return on_scalar(data, (struct span){(const char *)text, length});
}

static int on_object(void *data)
{
	struct reading *reading = data;
	return object_begin(reading, &reading->table->json->objects);
}

static int on_key(void *data, const unsigned char *text, size_t length)
{
	struct reading *reading = data;
	return object_name(
	    &reading->table->json->objects, (struct span){(const char *)text, length});
}

static int on_object_end(void *data)
{
	struct reading *reading = data;
	return object_end(reading, &reading->table->json->objects);
}

static int on_array(void *data)
{
	struct reading *reading = data;
	reading->table->json->arrays++;
	return 1;
}

static int on_array_end(void *data)
{
	struct reading *reading = data;
	reading->table->json->arrays--;
	return 1;
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_object,
    .yajl_map_key = on_key,
    .yajl_end_map = on_object_end,
    .yajl_start_array = on_array,
    .yajl_end_array = on_array_end,
};

static bool is_open(const struct reading *reading)
{
	const struct json *json = reading->table->json;
	return json && (json->arrays || json->objects.depth);
}

static void destroy(struct reading *reading)
{
	struct json *json = reading->table->json;
	if (!json)
		return;
	if (json->parser)
		yajl_free(json->parser);
	objects_deinit(&json->objects);
	free(json);
	reading->table->json = NULL;
}

static bool start(struct reading *reading)
{
	struct json *json = reading->table->json;
	if (!json)
		json = reading->table->json = calloc(1, sizeof *json);
	if (!json)
		return false;
	if (json->parser)
		yajl_free(json->parser);
	json->arrays = 0;
	json->parser = yajl_alloc(&callbacks, NULL, reading);
	return json->parser && yajl_config(json->parser, yajl_allow_multiple_values, 1);
}

/* Takes what is of the text up to the end of the line. */
static enum taken feed(struct reading *reading, struct span line)
{
	struct json *json = reading->table->json;
	if (yajl_parse(json->parser, (const unsigned char *)line.text, line.length) ==
	        yajl_status_ok &&
	    yajl_parse(json->parser, (const unsigned char *)"\n", 1) == yajl_status_ok)
		return TAKEN_FRAME;
	return objects_give_up(reading, &json->objects, line) && start(reading) ? TAKEN_FRAME
	                                                                        : TAKEN_FAILED;
}

/* The text ends in the middle of an object. */
static bool ends(struct reading *reading)
{
	struct json *json = reading->table->json;
	return !is_open(reading) ||
	       (objects_give_up(reading, &json->objects, span_of("(the text ends here)")) &&
	           start(reading));
}

/* "[", "{", or one of them with what may follow it; "[rds01]: PS C:\>" and "{code}" are none. */
static bool may_begin(struct span line)
{
	struct span rest = span_trim(line);
	bool any = false;
	while (rest.length && (rest.text[0] == '[' || rest.text[0] == '{')) {
		rest = span_trim(span_from(rest, 1));
		any = true;
	}
	return any && (!rest.length || rest.text[0] == '"' || rest.text[0] == '}');
}

static bool begins(struct reading *reading, struct span line)
{
	(void)line;
	return may_begin(reading->raw) && start(reading) &&
	       feed(reading, reading->raw) == TAKEN_FRAME;
}

static enum taken take(struct reading *reading, struct span line)
{
	(void)line;
	return is_open(reading) || may_begin(reading->raw) ? feed(reading, reading->raw)
	                                                   : TAKEN_NOT;
}

const struct line_format format_objects = {
    .section = &section_tables,
    .begins = begins,
    .take = take,
    .open = is_open,
    .ends = ends,
    .destroy = destroy,
};
