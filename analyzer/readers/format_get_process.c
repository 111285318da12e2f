/* PowerShell's tables of processes: Get-Process, with -IncludeUserName, or with properties selected. Numbers may stand
 * away from their rules where people edited a copy; then their order tells. */

#include "readers/process_list.h"

enum { NAME, ID, HANDLES, SESSION, USER, PROPERTY_COUNT };
static const char *const headings[PROPERTY_COUNT][2] = {
    [NAME] = {"ProcessName", "Name"},
    [ID] = {"Id", "ProcessId"},
    [HANDLES] = {"Handles", "HandleCount"},
    [SESSION] = {"SI", "SessionId"},
    [USER] = {"UserName", "UserName"},
};

static size_t column_of(const struct ruled *ruled, int property)
{
	size_t column = ruled_table_column(ruled, headings[property][0]);
	return column != SIZE_MAX ? column : ruled_table_column(ruled, headings[property][1]);
}

static bool begins(struct reading *reading, struct span line)
{
	struct ruled ruled;
	if (!ruled_table_learn(&ruled, reading->heading, line, '-') ||
	    column_of(&ruled, NAME) == SIZE_MAX || column_of(&ruled, ID) == SIZE_MAX)
		return false;
	reading->processes->ruled = ruled;
	return true;
}

static bool is_number(struct span word)
{
	return word.length > 0 && span_has_only(word, "0123456789.,");
}

/* A name may have a blank in it; behind two begins another row. */
static bool is_one_name(const struct words *words, size_t first)
{
	for (size_t i = first + 1; i < words->count; i++) {
		if (words->items[i].gap > 1)
			return false;
	}
	return !ruled_cell_is_cut(words_join(words, first, words->count - 1));
}

/* By order: as many numbers as there are columns before the name, or one less, as CPU is empty for some. */
static bool read_by_order(const struct ruled *ruled, struct span line, struct span cells[])
{
	struct words words;
	size_t numbers = 0, cpu = ruled_table_column(ruled, "CPU(s)");
	size_t wanted = column_of(ruled, NAME);
	words_split(&words, line);
	while (numbers < words.count && is_number(words.items[numbers].span))
		numbers++;
	if (wanted + 1 != ruled->count || numbers == words.count)
		return false;
	bool empty = cpu < wanted && numbers + 1 == wanted;
	if ((numbers != wanted && !empty) || !is_one_name(&words, numbers))
		return false;
	for (int i = 0; i < PROPERTY_COUNT; i++) {
		size_t column = column_of(ruled, i);
		if (i == NAME)
			cells[i] = words_join(&words, numbers, words.count - 1);
		else if (column < wanted)
			cells[i] = words.items[column - (empty && column > cpu)].span;
	}
	return true;
}

/* Below the rules. */
static bool read_by_place(const struct ruled *ruled, struct span line, struct span cells[])
{
	struct ruled_row row;
	if (!ruled_table_row(ruled, line, &row))
		return false;
	for (int i = 0; i < PROPERTY_COUNT; i++) {
		const size_t column = column_of(ruled, i);
		if (column != SIZE_MAX && row.doubtful[column])
			return false;
		cells[i] = column == SIZE_MAX ? (struct span){0} : row.cells[column];
	}
	return true;
}

static enum taken take(struct reading *reading, struct span line)
{
	const struct ruled *ruled = &reading->processes->ruled;
	struct span cells[PROPERTY_COUNT] = {0};
	int64_t pid, number;
	bool failed = false;
	if (line.length > 1000 || !ruled->count)
		return TAKEN_NOT;
	const bool ordered =
	    column_of(ruled, USER) == SIZE_MAX && read_by_order(ruled, line, cells);
	if (!ordered && !read_by_place(ruled, line, cells))
		return TAKEN_NOT;
	if (!cells[NAME].length || !span_decimal(cells[ID], &pid))
		return TAKEN_NOT;
	if (column_of(ruled, HANDLES) != SIZE_MAX && !span_decimal(cells[HANDLES], &number))
		return TAKEN_NOT;
	struct process *process = reading_process(reading, pid);
	if (!process)
		return TAKEN_FAILED;
	process->image = reading_string(reading, cells[NAME], &failed);
	if (cells[HANDLES].length)
		process->handle_count = number;
	if (cells[USER].length)
		process->user = reading_string(reading, cells[USER], &failed);
	if (span_decimal(cells[SESSION], &number))
		process->session_id = number;
	reading_lists_processes(reading);
	return failed ? TAKEN_FAILED : TAKEN_ROW;
}

const struct line_format format_get_process = {
    .name = "Get-Process",
    .section = &section_processes,
    .begins = begins,
    .take = take,
};
