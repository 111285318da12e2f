/* How an error's text is put together, and how it reaches people. */
#include "common/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

bool error_set(struct error *error, enum exit_code code, const char *format, ...)
{
	if (!error)
		return false;
	/* The arguments may point into the text that is about to be replaced. */
	char text[sizeof error->text];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	error->code = code;
	memcpy(error->text, text, sizeof text);
	return false;
}

bool error_memory(struct error *error)
{
	return error_set(error, EXIT_TARGET, "out of memory");
}

bool error_prefix(struct error *error, const char *format, ...)
{
	if (!error)
		return false;
	char prefix[sizeof error->text];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(prefix, sizeof prefix, format, arguments);
	va_end(arguments);
	return error_set(error, error->code, "%s: %s", prefix, error->text);
}

int error_print(const struct error *error, const char *program)
{
	fprintf(stderr, "%s: ", program);
	text_print(stderr, error->text);
	fputc('\n', stderr);
	return error->code;
}

const char *exit_code_word(enum exit_code code)
{
	return code == EXIT_CLEAN ? "CLEAN" : code == EXIT_LEAK ? "LEAK" : "INCONCLUSIVE";
}
