/* Knows how a value that a scenario may not have is reported: with its place in the text. */
#include "driver/scenario/check.h"

#include <stdarg.h>
#include <stdio.h>

bool check_refuse(const struct check *check, const char *key, const char *format, ...)
{
	char text[512];
	size_t line;
	size_t column;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	yaml_tree_locate(check->tree, key, &line, &column);
	return error_set(
	    check->error, EXIT_USAGE, "%s:%zu:%zu: %s: %s", check->path, line, column, key, text);
}
