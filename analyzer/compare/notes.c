/* Sentences are kept in the order they were found in. */
#include "compare/inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"

static void add(
    struct notes *notes, char ***items, size_t *count, const char *format, va_list arguments)
{
	char text[512];
	vsnprintf(text, sizeof text, format, arguments);
	for (size_t i = 0; i < *count; i++) {
		if (strcmp((*items)[i], text) == 0)
			return; /* as it is for each pair of moments */
	}
	if (!array_reserve(items, *count, sizeof **items) || !((*items)[*count] = strdup(text)))
		notes->failed = true;
	else
		(*count)++;
}

void note_reason(struct notes *notes, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	add(notes, &notes->comparison->reasons, &notes->comparison->reason_count, format,
	    arguments);
	va_end(arguments);
}

void note_limit(struct notes *notes, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	add(notes, &notes->comparison->limits, &notes->comparison->limit_count, format, arguments);
	va_end(arguments);
}
