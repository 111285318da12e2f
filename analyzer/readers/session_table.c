/* Only the session ID can be found for sure: it is right-aligned below its heading. What stands before it is recognised by where
 * it starts, because each of name and user may be missing; what stands behind it is the state. */
#include "readers/session_table.h"

#include <string.h>

#include "readers/session_cells.h"
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

/* One tab from heading to heading: where blanks were made into tabs, there are several, or blanks beside them. */
static bool is_tabbed(struct span line)
{
	size_t tabs = 0;
	line = span_trim(line);
	for (size_t i = 0; i < line.length; i++) {
		tabs += line.text[i] == '\t';
		if (i && strchr(" \t", line.text[i]) && strchr(" \t", line.text[i - 1]))
			return false;
	}
	return tabs >= 2;
}

#define TABBED 64 /* columns of a cell, more than a cell has */

static void split_words(struct words *words, struct span line, bool tabbed)
{
	words_split_tabbed(words, line, tabbed ? TABBED : 8);
}

/* Where the headings begin: behind marks of quotation, and behind a label if a known heading stands there with another one before the ID.
 * SIZE_MAX: nowhere. */
static size_t find_first(const struct words *words, size_t id, size_t *label)
{
	size_t first = 0;
	while (first < id && words->items[first].span.length <= 2 &&
	       span_has_only(words->items[first].span, "#>|'\"*/;-"))
		first++;
	*label = first;
	if (first + 2 > id || heading_of(words_join(words, first, id - 1)) != HEADING_UNKNOWN)
		return first + 2 > id ? SIZE_MAX : first;
	for (size_t i = first + 1; i + 2 <= id; i++) {
		if (heading_of(words_join(words, i, id - 1)) != HEADING_UNKNOWN)
			return i;
	}
	return first;
}

static bool is_single(const struct words *words, size_t first, size_t id)
{
	for (size_t i = first + 1; i <= id; i++) {
		if (words->items[i].gap > 1)
			return false;
	}
	return true;
}

static void keep(char *out, size_t size, const struct words *words, size_t first, size_t end)
{
	struct span span = first < end ? words_join(words, first, end - 1) : (struct span){0};
	if (span.length && span.length < size)
		memcpy(out, span.text, span.length);
}

bool session_table_heading(struct session_columns *columns, struct span line)
{
	struct words words;
	struct session_columns found = {.tabbed = is_tabbed(line)};
	size_t id = 0, label = 0, second;
	if (line.length > 400)
		return false;
	split_words(&words, line, found.tabbed);
	for (size_t i = 0; i < words.count; i++) {
		if (is_id_heading(words.items[i].span))
			id = i;
	}
	const size_t first = find_first(&words, id, &label);
	if (first == SIZE_MAX || id + 1 >= words.count ||
	    !is_capital(words_join(&words, first, words.count - 1)))
		return false;
	for (second = first + 1; second < id && words.items[second].gap < 2; second++)
		;
	/* A name that fills its column leaves one blank before the next heading. */
	if (second == id)
		second = id - 1;
	enum heading heading = heading_of(words_join(&words, first, id - 1));
	found.name = words.items[first].column;
	found.second = words.items[second].column;
	found.id = words.items[id].column;
	found.id_end = found.id + 2;
	if (id + 2 < words.count)
		found.type = words.items[id + 2].column;
	if (id + 3 < words.count)
		found.device = words.items[id + 3].column;
	found.single = heading != HEADING_UNKNOWN && is_single(&words, first, id);
	/* quser's second column is at 22 or 23, qwinsta's at 19 or 27. */
	int width = found.second - found.name;
	found.user_first =
	    heading == HEADING_USER || (heading == HEADING_UNKNOWN && width >= 20 && width <= 24);
	keep(found.quote, sizeof found.quote, &words, 0, label);
	keep(found.label, sizeof found.label, &words, label, first);
	*columns = found;
	return true;
}

/* The words of a row, and which of them are its cells. */
struct row {
	struct words words;
	size_t id; /* its word */
	int shift; /* by so many columns it stands left of its heading */
	struct span first, second;
};

static bool is_id(const struct words *words, size_t at)
{
	int64_t id;
	return span_decimal(words->items[at].span, &id);
}

/* The only number with a state behind it; SIZE_MAX: there is none, or several. */
static size_t find_number(const struct words *words)
{
	size_t found = SIZE_MAX;
	for (size_t i = 0; i + 1 < words->count; i++) {
		if (!is_id(words, i) || !state_in_english(words->items[i + 1].span))
			continue;
		if (found != SIZE_MAX)
			return SIZE_MAX;
		found = i;
	}
	return found;
}

/* The same, or else the last number with a word behind it that is none. */
static size_t find_any_number(const struct words *words)
{
	size_t found = SIZE_MAX, stated = 0;
	for (size_t i = 0; i + 1 < words->count; i++) {
		const bool state = state_in_english(words->items[i + 1].span);
		if (!is_id(words, i) || (words->items[i].gap < 2 && !(i == 0 && state)) ||
		    (words->items[i + 1].span.text[0] >= '0' &&
		        words->items[i + 1].span.text[0] <= '9'))
			continue;
		stated += state;
		if (state || found == SIZE_MAX)
			found = i;
	}
	return stated > 1 ? SIZE_MAX : found;
}

static bool is_near(int a, int b)
{
	return a >= b - 1 && a <= b + 1;
}

/* True if the row, moved so that its ID stands below its heading, begins where a cell does: blanks before it were lost, or a label stands
 * before the heading only. */
static bool is_moved(const struct session_columns *columns, const struct row *row)
{
	const int start = row->words.items[0].column + row->shift;
	return row->shift > 0 &&
	       (row->id == 0 || is_near(start, columns->name) || is_near(start, columns->second));
}

/* Finds the word that is the session ID: below its heading, or else a number with a word behind it that is none. Rows of some hosts do not stand
 * below their headings; then those of all rows end in one column, `list` knows which. */
static bool find_id(
    const struct session_columns *columns, const struct session_list *list, struct row *row)
{
	const struct words *words = &row->words;
	size_t found = SIZE_MAX;
	for (size_t i = 0; i < words->count && found == SIZE_MAX; i++) {
		if (words->items[i].end == columns->id_end && is_id(words, i))
			found = i;
	}
	for (size_t i = 0; i < words->count && found == SIZE_MAX; i++) {
		const struct word *word = &words->items[i];
		if (word->column < columns->id_end && word->end > columns->id && is_id(words, i))
			found = i;
	}
	const bool below = found != SIZE_MAX;
	/* A cell that was left out between tabs cannot be told. */
	if (!below && !columns->tabbed)
		found = find_any_number(words);
	if (found == SIZE_MAX)
		return false;
	row->id = found;
	row->shift = columns->tabbed ? 0 : columns->id_end - words->items[found].end;
	return below || !list->id_end || list->id_end == words->items[found].end ||
	       is_moved(columns, row);
}

/* What is before the ID as the first and the second column; either may be empty. False if which of them it is cannot be told. */
static bool split(const struct session_columns *columns, struct row *row)
{
	const struct words *words = &row->words;
	const size_t id = row->id;
	size_t at = 1;
	if (id == 0)
		return true;
	while (at < id && words->items[at].gap < 2)
		at++;
	for (size_t i = 1; at == id && i < id; i++) {
		if (words->items[i].column == columns->second)
			at = i;
	}
	if (at < id) {
		row->first = words_join(words, 0, at - 1);
		row->second = words_join(words, at, id - 1);
		return true;
	}
	const struct span cell = words_join(words, 0, id - 1);
	const int start = words->items[0].column, width = columns->second - columns->name;
	bool is_first = start - columns->name < width / 2;
	if (row->shift > 0 && !columns->user_first) {
		if (!is_moved(columns, row))
			return false;
		is_first = is_near(start + row->shift, columns->name);
	}
	*(is_first ? &row->first : &row->second) = cell;
	return true;
}

/* Where one blank stands between headings, a row has no columns: what is before the ID is told by what it looks like. */
static bool split_single(const struct session_columns *columns, struct row *row)
{
	const struct words *words = &row->words;
	const size_t id = row->id;
	if (columns->user_first) {
		if (id == 0)
			return false;
		const bool named = id > 1 && cell_is_station(words->items[id - 1].span);
		if (id > 1 && !named)
			return false;
		row->first = words_join(words, 0, id - 1 - named);
		row->second = named ? words->items[id - 1].span : (struct span){0};
		return true;
	}
	if (id && !cell_is_station(words->items[0].span))
		return false;
	row->first = id ? words->items[0].span : (struct span){0};
	row->second = id > 1 ? words_join(words, 1, id - 1) : (struct span){0};
	return true;
}

/* A row does not begin left of its heading: something else stands before it. */
static bool begins_left(const struct session_columns *columns, const struct row *row)
{
	return row->shift <= 0 && row->words.items[0].column < columns->name - 1;
}

static bool find_cells(
    const struct session_columns *columns, const struct session_list *list, struct row *row)
{
	if (columns->single && (row->id = find_number(&row->words)) != SIZE_MAX)
		return split_single(columns, row);
	return !columns->single && find_id(columns, list, row) && !begins_left(columns, row) &&
	       split(columns, row);
}

/* Every session has a state, and nothing of another row stands in or behind its cells. */
static bool is_row(const struct session_columns *columns, const struct row *row)
{
	const size_t state = row->id + 1;
	const struct span name = columns->user_first ? row->second : row->first,
	                  user = columns->user_first ? row->first : row->second;
	return state < row->words.count && cell_may_be_state(row->words.items[state].span) &&
	       cell_may_be_station(name) && cell_may_be_user(user) &&
	       (!columns->user_first || row->id > 0) &&
	       cells_end_row(columns, &row->words, state, row->shift);
}

static void drop_words(struct words *words, size_t count)
{
	words->count -= count;
	memmove(words->items, words->items + count, words->count * sizeof words->items[0]);
}

/* Drops the first characters of the first word, which are ASCII. */
static void cut_word(struct words *words, size_t count)
{
	struct word *word = &words->items[0];
	word->span = span_from(word->span, count);
	word->column += (int)count;
	if (!word->span.length)
		drop_words(words, 1);
}

/* Two times of one form are labels of one kind. */
static bool same_form(struct span span, const char *label)
{
	for (size_t i = 0; i < span.length; i++) {
		const bool digits = span.text[i] >= '0' && span.text[i] <= '9' && label[i] >= '0' &&
		                    label[i] <= '9';
		if (!digits && span.text[i] != label[i])
			return false;
	}
	return true;
}

/* The label that stands before the heading, if it is before the row, too. */
static void drop_label(struct words *words, const char *label)
{
	const size_t length = strlen(label);
	for (size_t i = 0; length && i + 1 < words->count; i++) {
		const struct span before = words_join(words, 0, i);
		if (before.length == length && same_form(before, label)) {
			drop_words(words, i + 1);
			return;
		}
	}
}

/* The words of a row without the quote or label before it and without the marker of the own session. */
static void split_row(const struct session_columns *columns, struct words *words, struct span line)
{
	size_t quote = strlen(columns->quote);
	split_words(words, line, columns->tabbed);
	if (quote && words->count && span_starts(words->items[0].span, columns->quote) &&
	    words->items[0].column < columns->name)
		cut_word(words, quote);
	drop_label(words, columns->label);
	bool literal = false;
	while (words->count && strchr(">'", words->items[0].span.text[0])) {
		literal |= words->items[0].span.text[0] == '\'';
		cut_word(words, 1);
	}
	if (literal && words->count > 1 && span_is(words->items[words->count - 1].span, "'"))
		words->count--;
}

static enum taken add_session(struct reading *reading, const struct row *row)
{
	struct session_lists *lists = reading->sessions;
	const bool user_first = lists->columns.user_first;
	const struct words *words = &row->words;
	struct span name = user_first ? row->second : row->first,
	            user = user_first ? row->first : row->second;
	const size_t state = row->id + 1;
	bool failed = false;
	struct session *session = snapshot_add_session(reading->snapshot);
	if (!session)
		return TAKEN_FAILED;
	span_decimal(words->items[row->id].span, &session->id);
	session->name = reading_string(reading, name, &failed);
	session->user = reading_string(reading, user, &failed);
	const char *english = state_in_english(words->items[state].span);
	session->state =
	    reading_string(reading, english ? span_of(english) : words->items[state].span, &failed);
	/* quser: state, idle time, logon time. */
	if (user_first && state + 2 < words->count)
		session->logon_time_text = reading_string(
		    reading, words_join(words, state + 2, words->count - 1), &failed);
	lists->any = true;
	lists->all |= !user_first;
	session_lists_row(reading, session);
	lists->list.id_end = words->items[row->id].end;
	return failed ? TAKEN_FAILED : TAKEN_ROW;
}

enum taken session_table_row(struct reading *reading, struct span line)
{
	struct session_lists *lists = reading->sessions;
	const struct session_columns *columns = &lists->columns;
	struct row row = {0};
	int64_t id;
	if (line.length > 1000)
		return TAKEN_NOT;
	split_row(columns, &row.words, line);
	if (!row.words.count || !find_cells(columns, &lists->list, &row))
		return TAKEN_NOT;
	/* quser prints a user before every session. */
	if (columns->user_first && !row.first.length) {
		row.first = row.second;
		row.second = (struct span){0};
	}
	if (!span_decimal(row.words.items[row.id].span, &id) || id > INT32_MAX ||
	    !is_row(columns, &row))
		return TAKEN_NOT;
	return add_session(reading, &row);
}
