/* How evidence finds its reader: our own JSON starts with a brace, everything else is text of tools. */
#include "readers/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "readers/encoding.h"
#include "readers/evtx.h"
#include "readers/format.h"
#include "readers/lines.h"
#include "readers/moments.h"
#include "readers/page.h"

static bool add(void *data, struct snapshot *snapshot)
{
	struct moments *moments = data;
	if (!array_reserve(&moments->items, moments->count, sizeof *moments->items)) {
		snapshot_destroy(snapshot);
		return false;
	}
	moments->items[moments->count++] = (struct moment){.snapshot = snapshot};
	return true;
}

/* Our own JSON: one snapshot, or a list of them. */
static bool read_json(struct span text, struct moments *moments, struct error *error)
{
	if (snapshots_are_several(text.text, text.length))
		return snapshots_from_json(text.text, text.length, add, moments, error);
	struct snapshot *snapshot = snapshot_from_json(text.text, text.length, error);
	return snapshot && (add(moments, snapshot) || error_memory(error));
}

static bool read_text(struct span text, const char *origin, bool mapped, bool last_only,
    struct moments *moments, const char **format, struct error *error)
{
	const struct span inside = page_inside(text);
	const bool json = json_looks_like(inside.text, inside.length);
	if (!(json ? read_json(inside, moments, error)
	           : moments_read(text, origin, mapped, last_only, moments, error)))
		return false;
	if (format)
		*format = json ? "leaklab snapshot JSON"
		               : moments->items[moments->count - 1].snapshot->source;
	return true;
}

static bool is_empty(struct span text)
{
	while (text.length && strchr(" \t\r\n", text.text[0]))
		text = span_from(text, 1);
	return text.length == 0;
}

static bool read_bytes(const char *bytes, size_t length, const char *origin, bool mapped,
    bool last_only, struct moments *moments, const char **format, struct error *error)
{
	struct span text;
	char *converted = NULL;
	bool good = false;
	*moments = (struct moments){0};
	if (length >= 15 && memcmp(bytes, "SQLite format 3", 15) == 0)
		error_set(error, EXIT_USAGE,
		    "a database, not a snapshot; if it is a run file, give it to judge or show");
	else if (length >= sizeof EVTX_SIGNATURE &&
	         memcmp(bytes, EVTX_SIGNATURE, sizeof EVTX_SIGNATURE) == 0)
		error_set(error, EXIT_USAGE,
		    "an event log (.evtx), which is read from a file of its own only: name the file");
	else if (!encoding_open(bytes, length, mapped, &text, &converted, error))
		;
	else if (is_empty(text))
		error_set(
		    error, EXIT_USAGE, "empty; did the command that should have made it fail?");
	else
		good = read_text(
		    text, origin, mapped && !converted, last_only, moments, format, error);
	if (!good) {
		error_prefix(error, "%s", origin);
		moments_deinit(moments);
	}
	free(converted);
	return good;
}

struct snapshot *evidence_read(
    const char *bytes, size_t length, const char *origin, const char **format, struct error *error)
{
	struct moments moments;
	struct snapshot *last = NULL;
	if (!read_bytes(bytes, length, origin, false, true, &moments, format, error))
		return NULL;
	if (moments_are_of_one(&moments, error))
		last = moments_take_last(&moments);
	else
		error_prefix(error, "%s", origin);
	moments_deinit(&moments);
	return last;
}

bool evidence_read_moments(const char *bytes, size_t length, const char *origin,
    struct moments *moments, const char **format, struct error *error)
{
	return read_bytes(bytes, length, origin, false, false, moments, format, error);
}

bool evidence_read_mapped(const char *bytes, size_t length, const char *origin,
    struct moments *moments, const char **format, struct error *error)
{
	return read_bytes(bytes, length, origin, true, false, moments, format, error);
}

char *evidence_text(const char *bytes, size_t length, struct error *error)
{
	struct span text, line;
	struct decoder decoder;
	char *converted = NULL, *out = NULL;
	size_t size = 0;
	if (!encoding_open(bytes, length, false, &text, &converted, error))
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
