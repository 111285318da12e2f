/* How cells are quoted: RFC 4180, with any separator. */
#include "readers/csv_line.h"

#include <string.h>

struct cutting {
	struct span rest;
	char separator;
	struct text_buffer *scratch; /* of cells with quotes in them */
	bool failed;
};

/* A cell without its quotes; of two quotes within it one is meant. */
static enum cut cut_quoted(struct cutting *cutting, struct span *cell)
{
	struct span inner = span_from(cutting->rest, 1);
	size_t end = 0, copied = 0;
	const size_t start = cutting->scratch->length;
	bool doubled = false;
	for (;; end += 2) {
		const char *quote =
		    inner.length > end ? memchr(inner.text + end, '"', inner.length - end) : NULL;
		if (!quote)
			return CUT_GOES_ON;
		end = (size_t)(quote - inner.text);
		if (end + 1 == inner.length || inner.text[end + 1] != '"')
			break;
		doubled = true;
		cutting->failed |=
		    !buffer_add(cutting->scratch, inner.text + copied, end + 1 - copied);
		copied = end + 2;
	}
	if (doubled) {
		cutting->failed |= !buffer_add(cutting->scratch, inner.text + copied, end - copied);
		*cell =
		    (struct span){cutting->scratch->text + start, cutting->scratch->length - start};
	} else {
		*cell = (struct span){inner.text, end};
	}
	cutting->rest = span_from(inner, end + 1);
	return CUT_WHOLE;
}

static enum cut cut_cell(struct cutting *cutting, struct span *cell)
{
	if (cutting->rest.length && cutting->rest.text[0] == '"')
		return cut_quoted(cutting, cell);
	const char *end = cutting->rest.length
	                      ? memchr(cutting->rest.text, cutting->separator, cutting->rest.length)
	                      : NULL;
	*cell = (struct span){
	    cutting->rest.text, end ? (size_t)(end - cutting->rest.text) : cutting->rest.length};
	cutting->rest = span_from(cutting->rest, cell->length);
	return cell->length && memchr(cell->text, '"', cell->length) ? CUT_WRONG : CUT_WHOLE;
}

enum cut csv_cut(struct text_buffer *scratch, struct span line, char separator, struct span *cells,
    size_t most, size_t *count)
{
	struct cutting cutting = {.rest = line, .separator = separator, .scratch = scratch};
	/* Room at once, so that cells in it stay where they are. */
	cutting.scratch->length = 0;
	cutting.failed = !buffer_add(cutting.scratch, line.text, line.length);
	cutting.scratch->length = 0;
	for (*count = 0;;) {
		struct span cell;
		const enum cut cut = cut_cell(&cutting, &cell);
		if (cut != CUT_WHOLE)
			return cut;
		if (*count < most)
			cells[*count] = cell;
		++*count;
		if (cutting.rest.length == 0)
			return cutting.failed ? CUT_WRONG : CUT_WHOLE;
		if (cutting.rest.text[0] != separator)
			return CUT_WRONG;
		cutting.rest = span_from(cutting.rest, 1);
	}
}
