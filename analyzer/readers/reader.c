/* Which formats there are, and how evidence finds its reader. */
#include "readers/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "readers/encoding.h"
#include "readers/format.h"

static const struct format *const formats[] = {
    &format_json,
};
#define FORMAT_COUNT (sizeof formats / sizeof formats[0])

static const struct format *recognise(const char *text, size_t length)
{
	const struct format *best = NULL;
	enum confidence best_confidence = CONFIDENCE_NONE;
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		enum confidence confidence = formats[i]->probe(text, length);
		if (confidence > best_confidence) {
			best = formats[i];
			best_confidence = confidence;
		}
	}
	return best;
}

static void refuse_unknown(const char *text, struct error *error)
{
	char known[256] = "";
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		size_t used = strlen(known);
		snprintf(
		    known + used, sizeof known - used, "%s%s", i ? ", " : "", formats[i]->name);
	}
	text += strspn(text, " \t\r\n\f\v");
	int shown = (int)strcspn(text, "\r\n");
	error_set(error, EXIT_USAGE,
	    "text in no known format, starting with \"%.*s\"; understood are: %s",
	    shown < 60 ? shown : 60, text, known);
}

struct snapshot *evidence_read(
    const char *bytes, size_t length, const char *origin, const char **format, struct error *error)
{
	struct snapshot *snapshot = NULL;
	char *text = NULL;
	size_t text_length = 0;
	if (length >= 16 && memcmp(bytes, "SQLite format 3", 16) == 0) {
		error_set(error, EXIT_USAGE,
		    "a database, not a snapshot; if it is a run file, give it to judge or show");
		goto out;
	}
	if (!encoding_to_utf8(bytes, length, &text, &text_length, error))
		goto out;
	if (strspn(text, " \t\r\n") == text_length) {
		error_set(
		    error, EXIT_USAGE, "empty; did the command that should have made it fail?");
		goto out;
	}
	const struct format *found = recognise(text, text_length);
	if (!found) {
		refuse_unknown(text, error);
		goto out;
	}
	snapshot = found->read(text, text_length, error);
	if (snapshot && format)
		*format = found->name;
out:
	if (!snapshot)
		error_prefix(error, "%s", origin);
	free(text);
	return snapshot;
}
