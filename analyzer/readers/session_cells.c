/* What may stand in the cells of qwinsta and quser: text that cannot be a session's was glued to a row, or is a statement around it. */
#include "readers/session_cells.h"

#include <string.h>

#include "readers/words.h"

#define STATE_MOST 10 /* characters of the longest that is known, "Подключено" */
#define TYPE_MOST 12

static bool is_letter(char c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (unsigned char)c >= 0x80;
}

static bool has_only(struct span cell, const char *others, bool digits)
{
	for (size_t i = 0; i < cell.length; i++) {
		const char c = cell.text[i];
		if (!is_letter(c) && !(digits && c >= '0' && c <= '9') && !strchr(others, c))
			return false;
	}
	return true;
}

bool cell_may_be_station(struct span cell)
{
	return has_only(cell, "#-._", true);
}

bool cell_is_station(struct span cell)
{
	return cell_may_be_station(cell) &&
	       (memchr(cell.text, '#', cell.length) || span_is(cell, "console") ||
	           span_is(cell, "services") || span_starts(cell, "rdp-") ||
	           span_starts(cell, "ica-"));
}

/* A page's escape that is not known. */
static bool has_escape(struct span cell)
{
	const char *and = memchr(cell.text, '&', cell.length);
	return and&&memchr(and, ';', cell.length - (size_t)(and-cell.text));
}

/* SAM refuses these characters; "<user>" stands for a name that its owner did not want to show. */
bool cell_may_be_user(struct span cell)
{
	if (!cell.length)
		return true;
	if (cell.text[0] == '<' &&
	    memchr(cell.text, '>', cell.length) == cell.text + cell.length - 1)
		return true;
	for (size_t i = 0; i < cell.length; i++) {
		if (strchr("\"|;=*?<>,", cell.text[i]))
			return false;
	}
	return !has_escape(cell);
}

bool cell_may_be_state(struct span cell)
{
	size_t characters = 0;
	if (state_in_english(cell))
		return true;
	for (size_t i = 0; i < cell.length; i++)
		characters += ((unsigned char)cell.text[i] & 0xc0) != 0x80;
	return cell.length && is_letter(cell.text[0]) && has_only(cell, ".", false) &&
	       characters <= STATE_MOST;
}

static bool is_near(int a, int b)
{
	return b && a >= b - 1 && a <= b + 1;
}

/* Windows' drivers by name; what stands below its heading may be another's. */
static bool may_be_type(const struct session_columns *columns, const struct word *word, int shift)
{
	static const char *const drivers[] = {
	    "wdcon", "rdpwd", "wdtshare", "wdica", "tcpip", "tdtcp"};
	for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++) {
		if (span_is(word->span, drivers[i]))
			return true;
	}
	return (is_near(word->column + shift, columns->type) ||
	           is_near(word->column + shift, columns->device)) &&
	       word->span.length <= TYPE_MOST && is_letter(word->span.text[0]) &&
	       cell_may_be_station(word->span) && !cell_is_station(word->span);
}

/* "1:05  14.02.2026 08:12": idle time and logon time, with one blank within. */
static bool are_times(const struct words *words, size_t first)
{
	int64_t id;
	for (size_t i = first; i < words->count; i++) {
		const struct word *word = &words->items[i];
		if (i > first + 1 && word->gap > 1)
			return false;
		if (cell_is_station(word->span) ||
		    (i + 1 < words->count && span_decimal(word->span, &id) &&
		        state_in_english(words->items[i + 1].span)))
			return false;
	}
	return words->count - first <= 8;
}

bool cells_end_row(
    const struct session_columns *columns, const struct words *words, size_t state, int shift)
{
	if (columns->user_first)
		return are_times(words, state + 1);
	for (size_t i = state + 1; i < words->count; i++) {
		if (!may_be_type(columns, &words->items[i], shift))
			return false;
	}
	return words->count <= state + 3;
}
