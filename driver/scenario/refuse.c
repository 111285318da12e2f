/* Knows how a value that a scenario may not have is reported: with its place in the file, or the --set that it comes from. */
#include "driver/scenario/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool is_of(const char *override, const char *key)
{
	const size_t length = strcspn(override, "=");

	return key && strlen(key) == length && strncmp(override, key, length) == 0;
}

static bool refuse(const struct check *check, int node, const char *key, const char *text)
{
	const struct yaml_place place = yaml_tree_place(check->tree, node);
	const char *colon = key ? ": " : "";

	if (!key)
		key = "";
	if (!place.override)
		return error_set(check->error, EXIT_USAGE, "%s:%zu:%zu: %s%s%s", check->path,
		    place.line, place.column, key, colon, text);
	if (is_of(place.override, key))
		key = colon = "";
	return error_set(
	    check->error, EXIT_USAGE, "--set %s: %s%s%s", place.override, key, colon, text);
}

bool check_refuse(const struct check *check, const char *key, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return refuse(check, yaml_tree_nearest(check->tree, key), key, text);
}

bool check_refuse_node(
    const struct check *check, int node, const char *key, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return refuse(check, node, key, text);
}
