/* How evidence finds its reader: our own JSON starts with a brace, everything else is text of tools. */
#include "readers/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "readers/encoding.h"
#include "readers/format.h"
#include "readers/lines.h"
#include "readers/moments.h"
#include "readers/page.h"

static struct snapshot *read_text(struct span text, const char *origin, struct moments *earlier,
    const char **format, struct error *error)
{
	struct span inside = page_inside(text);
	bool json = json_looks_like(inside.text, inside.length);
	struct snapshot *snapshot = json ? snapshot_from_json(inside.text, inside.length, error)
	                                 : moments_read(text, origin, earlier, error);
	if (snapshot && format)
		*format = json ? "leaklab snapshot JSON" : snapshot->source;
	return snapshot;
}

static bool is_empty(struct span text)
{
	while (text.length && strchr(" \t\r\n", text.text[0]))
		text = span_from(text, 1);
	return text.length == 0;
}

static struct snapshot *read_bytes(const char *bytes, size_t length, const char *origin,
    struct moments *earlier, const char **format, struct error *error)
{
	struct snapshot *snapshot = NULL;
	struct span text;
	char *converted = NULL;
	if (length >= 15 && memcmp(bytes, "SQLite format 3", 15) == 0) {
		error_set(error, EXIT_USAGE,
		    "a database, not a snapshot; if it is a run file, give it to judge or show");
		goto out;
	}
	if (!encoding_open(bytes, length, &text, &converted, error))
		goto out;
	if (is_empty(text))
		error_set(
		    error, EXIT_USAGE, "empty; did the command that should have made it fail?");
	else
		snapshot = read_text(text, origin, earlier, format, error);
out:
	if (!snapshot)
		error_prefix(error, "%s", origin);
	free(converted);
	return snapshot;
}

struct snapshot *evidence_read(
    const char *bytes, size_t length, const char *origin, const char **format, struct error *error)
{
	return read_bytes(bytes, length, origin, NULL, format, error);
}

bool evidence_read_moments(const char *bytes, size_t length, const char *origin,
    struct moments *moments, const char **format, struct error *error)
{
	*moments = (struct moments){0};
	struct snapshot *last = read_bytes(bytes, length, origin, moments, format, error);
	if (last && !moments->items && !(moments->items = calloc(1, sizeof *moments->items))) {
		snapshot_destroy(last);
		last = NULL;
		error_memory(error);
	}
	if (!last)
		moments_deinit(moments);
	else
		moments->items[moments->count++].snapshot = last;
	return last;
}

char *evidence_text(const char *bytes, size_t length, struct error *error)
{
	struct span text, line;
	struct decoder decoder;
	char *converted = NULL, *out = NULL;
	size_t size = 0;
	if (!encoding_open(bytes, length, &text, &converted, error))
		return NULL;
	FILE *stream = open_memstream(&out, &size);
	bool good = stream;
	decoder_init(&decoder);
	while (good && text.length) {
		const char *end = memchr(text.text, '\n', text.length);
		const size_t taken = end ? (size_t)(end + 1 - text.text) : text.length;
		good = decoder_line(&decoder, (struct span){text.text, taken}, &line) &&
		       fwrite(line.text, 1, line.length, stream) == line.length;
		text = span_from(text, taken);
	}
	decoder_deinit(&decoder);
	if (stream && fclose(stream) != 0)
		good = false;
	free(converted);
	if (good)
		return out;
	free(out);
	error_memory(error);
	return NULL;
}
