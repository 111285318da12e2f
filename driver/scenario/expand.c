/* Knows how a variable is written in a scenario's text. */
#include "driver/scenario/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *expand(const char *text, struct error *error)
{
	char *out = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&out, &size);
	char name[64];

	if (!stream) {
		error_memory(error);
		return NULL;
	}
	for (const char *at = text; *at;) {
		const char *end = at[0] == '$' && at[1] == '{' ? strchr(at, '}') : NULL;
		if (!end) {
			fputc(*at++, stream);
			continue;
		}
		snprintf(name, sizeof(name), "%.*s", (int)(end - at - 2), at + 2);
		const char *value = getenv(name);
		if (!value) {
			error_set(error, EXIT_USAGE,
			    "\"%s\": ${%s} is not known; it comes from the environment or from a "
			    "stage program's "
			    "name=value line",
			    text, name);
			fclose(stream);
			free(out);
			return NULL;
		}
		fputs(value, stream);
		at = end + 1;
	}
	if (fclose(stream) != 0) {
		error_memory(error);
		free(out);
		return NULL;
	}
	return out;
}
