/* Only the session ID can be found for sure: it is right-aligned below its heading. What stands before it is recognised by where
 * it starts, because each of name and user may be missing; what stands behind it is the state. */
#include "readers/session_table.h"

#include <string.h>

#include "readers/words.h"

static bool is_id_heading(struct span word)
{
	return word.length >= 2 && word.length <= 3 && memcmp(word.text, "ID", 2) == 0 &&
	       (word.length == 2 || word.text[2] == '.');
}

/* Headings are in capitals where the script has such. */
static bool is_capital(struct span line)
{
	for (size_t i = 0; i < line.length; i++) {
		if ((line.text[i] >= 'a' && line.text[i] <= 'z') ||
		    (line.text[i] >= '0' && line.text[i] <= '9'))
			return false;
	}
	return true;
}

bool session_table_heading(struct session_columns *columns, struct span line)
{
	struct words words;
	struct session_columns found = {0};
	size_t id = 0, first = 0, second;
	if (line.length > 400 || !is_capital(line))
		return false;
	words_split(&words, line);
	for (size_t i = 0; i < words.count; i++) {
		if (is_id_heading(words.items[i].span))
			id = i;
	}
	while (first < id && words.items[first].span.length <= 2 &&
	       span_has_only(words.items[first].span, "#>|'\"*/;-"))
		first++;
	for (second = first + 1; second < id && words.items[second].gap < 2; second++)
		;
	if (id < first + 2 || second > id || id + 1 >= words.count)
		return false;
	/* A name that fills its column leaves one blank before the next heading. */
	if (second == id)
		second = id - 1;
	enum heading heading = heading_of(words_join(&words, first, id - 1));
	found.name = words.items[first].column;
	found.second = words.items[second].column;
	found.id = words.items[id].column;
	found.id_end = found.id + 2;
	/* quser's second column is at 22 or 23, qwinsta's at 19 or 27. */
	int width = found.second - found.name;
	found.user_first =
	    heading == HEADING_USER || (heading == HEADING_UNKNOWN && width >= 20 && width <= 24);
	if (first) {
		struct span quote = words_join(&words, 0, first - 1);
		if (quote.length < sizeof found.quote)
			memcpy(found.quote, quote.text, quote.length);
	}
	*columns = found;
	return true;
}

/* The word that is the session ID: below its heading, or else a number with a word behind it that is none. Rows of some hosts
 * do not stand below their headings; then those of all rows end in one column, `list` knows which. */
static size_t find_id(
    const struct session_columns *columns, struct session_list *list, const struct words *words)
{
	int64_t id;
	for (size_t i = 0; i < words->count; i++) {
		if (words->items[i].end == columns->id_end &&
		    span_decimal(words->items[i].span, &id))
			return i;
	}
	for (size_t i = 0; i < words->count; i++) {
		const struct word *word = &words->items[i];
		if (word->column < columns->id_end && word->end > columns->id &&
		    span_decimal(word->span, &id))
			return i;
	}
	/* A user may be a number, so the last one counts. */
	size_t found = SIZE_MAX;
	for (size_t i = 0; i + 1 < words->count; i++) {
		if (words->items[i].gap >= 2 && span_decimal(words->items[i].span, &id) &&
		    !(words->items[i + 1].span.text[0] >= '0' &&
		        words->items[i + 1].span.text[0] <= '9') &&
		    (state_in_english(words->items[i + 1].span) || found == SIZE_MAX))
			found = i;
	}
	if (found == SIZE_MAX)
		return SIZE_MAX;
	const int end = words->items[found].end;
	if (list->id_end && list->id_end != end)
		return SIZE_MAX;
	return found;
}

/* A WinStation's name has no blanks in it, which tells a row of qwinsta from a sentence; and every session has a state. */
static bool is_row(
    const struct session_columns *columns, const struct words *words, size_t id, struct span first)
{
	if (id + 1 >= words->count)
		return false;
	return columns->user_first ? id > 0
	                           : !first.length || !memchr(first.text, ' ', first.length);
}

/* What is before the ID as the first and the second column; either may be empty. */
static void split(const struct session_columns *columns, const struct words *words, size_t id,
    struct span *first, struct span *second)
{
	*first = *second = (struct span){0};
	if (id == 0)
		return;
	size_t at = 1;
	while (at < id && words->items[at].gap < 2)
		at++;
	for (size_t i = 1; at == id && i < id; i++) {
		if (words->items[i].column == columns->second)
			at = i;
	}
	if (at < id) {
		*first = words_join(words, 0, at - 1);
		*second = words_join(words, at, id - 1);
		return;
	}
	int width = columns->second - columns->name;
	if (words->items[0].column - columns->name < width / 2)
		*first = words_join(words, 0, id - 1);
	else
		*second = words_join(words, 0, id - 1);
}

/* The words of a row without the quote before it and without the marker of the own session. */
static void split_row(const struct session_columns *columns, struct words *words, struct span line)
{
	size_t quote = strlen(columns->quote);
	words_split(words, line);
	if (quote && words->count && words->items[0].span.length >= quote &&
	    memcmp(words->items[0].span.text, columns->quote, quote) == 0 &&
	    words->items[0].column < columns->name) {
		memmove(words->items, words->items + 1, --words->count * sizeof words->items[0]);
	}
	while (words->count && strchr(">'", words->items[0].span.text[0])) {
		struct word *word = &words->items[0];
		if (word->span.length == 1) {
			memmove(words->items, words->items + 1,
			    --words->count * sizeof words->items[0]);
		} else {
			word->span = span_from(word->span, 1);
			word->column++;
		}
	}
}

enum taken session_table_row(struct reading *reading, struct span line)
{
	struct session_lists *lists = reading->sessions;
	const struct session_columns *columns = &lists->columns;
	struct words words;
	struct span first, second;
	int64_t id;
	bool failed = false;
	if (line.length > 1000)
		return TAKEN_NOT;
	split_row(columns, &words, line);
	size_t at = find_id(columns, &lists->list, &words);
	if (at == SIZE_MAX || !span_decimal(words.items[at].span, &id) || id > INT32_MAX)
		return TAKEN_NOT;
	split(columns, &words, at, &first, &second);
	if (!is_row(columns, &words, at, first))
		return TAKEN_NOT;
	struct session *session = snapshot_add_session(reading->snapshot);
	if (!session)
		return TAKEN_FAILED;
	if (columns->user_first && !first.length) {
		first = second;
		second = (struct span){0};
	}
	session->id = id;
	session->name = reading_string(reading, columns->user_first ? second : first, &failed);
	session->user = reading_string(reading, columns->user_first ? first : second, &failed);
	struct span state = words.items[at + 1].span;
	const char *english = state_in_english(state);
	session->state = reading_string(reading, english ? span_of(english) : state, &failed);
	/* quser: state, idle time, logon time. */
	if (columns->user_first && at + 3 < words.count)
		session->logon_time_text =
		    reading_string(reading, words_join(&words, at + 3, words.count - 1), &failed);
	lists->any = true;
	lists->all |= !columns->user_first;
	session_lists_row(reading, session);
	lists->list.id_end = words.items[at].end;
	return failed ? TAKEN_FAILED : TAKEN_ROW;
}
