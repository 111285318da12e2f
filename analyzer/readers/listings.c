/* Where one run of handle ends in a text and another begins: at prompts and banners; and where people left those out, at a row that cannot follow
 * the one before, as handle prints each process once, and its handles in rising order. */
#include "readers/listings.h"

#include <stdlib.h>
#include <string.h>

void listings_deinit(struct listings *listings)
{
	free(listings->seen);
	listings->seen = NULL;
}

static void begin(struct reading *reading, struct listing listing)
{
	struct listings *listings = reading->listings;
	listings->process = SIZE_MAX;
	listings->value = -1;
	listings->open = true;
	if (listings->count == LISTINGS_MOST)
		return;
	listing.first = listing.last = reading->line;
	listing.rows = 0;
	listing.quoted = reading->quoted;
	listing.mail = reading->mail;
	listings->items[listings->count++] = listing;
}

/* One without a command; in the middle of another it is one that was asked for the same. */
static void begin_unasked(struct reading *reading)
{
	const struct listings *listings = reading->listings;
	struct listing listing = {0};
	if (listings->open) {
		listing = listings->items[listings->count - 1];
		listing.parted = true;
		listing.answered = false;
	}
	begin(reading, listing);
}

static int by_text(const void *a, const void *b)
{
	const struct span *left = a, *right = b;
	const size_t length = left->length < right->length ? left->length : right->length;
	const int order = memcmp(left->text, right->text, length);
	return order ? order : (left->length > right->length) - (left->length < right->length);
}

/* Options that change nothing of what is printed. */
static bool is_empty_option(struct span word)
{
	return span_is(word, "-nobanner") || span_is(word, "-accepteula");
}

/* "rds01 -a 17c025": the words behind the program in one order and one case. */
static const char *spell(
    struct reading *reading, struct span command, struct span host, bool *failed)
{
	char text[1024];
	size_t used = 0, length = 0, count = 0;
	struct words words;
	struct span sorted[WORDS_MOST];
	words_split(&words, command);
	while (count < words.count && span_find(words.items[count].span, "handle") == SIZE_MAX)
		count++;
	/* What stands before the program, such as psexec with its host, is of the command too. */
	for (size_t i = 0; i < words.count; i++) {
		if (i != count)
			sorted[length++] = words.items[i].span;
	}
	for (size_t i = 0; i < host.length && used < sizeof text; i++)
		text[used++] = host.text[i];
	char *copy = text + used;
	for (size_t i = 0; i < length; i++) {
		struct span word = sorted[i];
		if (used + word.length + 1 >= sizeof text)
			return reading_string(reading, command, failed); /* as it is */
		for (size_t j = 0; j < word.length; j++) {
			const char c = word.text[j];
			copy[j] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20
			                 : j == 0 && c == '/' ? '-'
			                                      : c);
		}
		sorted[i] = (struct span){copy, word.length};
		copy += word.length;
		used += word.length;
	}
	qsort(sorted, length, sizeof *sorted, by_text);
	char key[sizeof text + WORDS_MOST];
	size_t end = host.length < sizeof text ? host.length : sizeof text;
	memcpy(key, text, end);
	for (size_t i = 0; i < length; i++) {
		if (is_empty_option(sorted[i]) || span_is(sorted[i], "&"))
			continue;
		key[end++] = ' ';
		memcpy(key + end, sorted[i].text, sorted[i].length);
		end += sorted[i].length;
	}
	return reading_string(reading, (struct span){key, end}, failed);
}

bool listings_command(struct reading *reading, struct span command, struct span host)
{
	bool failed = false;
	if (!reading->listings)
		return true;
	struct listing listing = {.command = reading_string(reading, command, &failed)};
	listing.asked = spell(reading, command, host, &failed);
	if (!failed)
		begin(reading, listing);
	return !failed;
}

void listings_end(struct reading *reading)
{
	if (reading->listings)
		reading->listings->open = false;
}

void listings_banner(struct reading *reading)
{
	const struct listings *listings = reading->listings;
	if (listings && listings->open && listings->items[listings->count - 1].answered)
		listings_end(reading);
}

static bool mark_seen(struct listings *listings, size_t process)
{
	if (process >= listings->seen_count) {
		const size_t count = (process + 1) * 2;
		uint32_t *larger = realloc(listings->seen, count * sizeof *larger);
		if (!larger)
			return false;
		memset(larger + listings->seen_count, 0,
		    (count - listings->seen_count) * sizeof *larger);
		listings->seen = larger;
		listings->seen_count = count;
	}
	listings->seen[process] = (uint32_t)listings->count;
	return true;
}

bool listings_process(struct reading *reading, size_t process)
{
	struct listings *listings = reading->listings;
	if (!listings)
		return true;
	const bool again =
	    process < listings->seen_count && listings->seen[process] == listings->count;
	if (!listings->open || again)
		begin_unasked(reading);
	listings->process = process;
	listings->value = -1;
	listings_answer(reading);
	return process == SIZE_MAX || mark_seen(listings, process);
}

bool listings_row(struct reading *reading, size_t process, int64_t value)
{
	struct listings *listings = reading->listings;
	if (!listings)
		return true;
	if ((!listings->open || process != listings->process) &&
	    !listings_process(reading, process))
		return false;
	if (value <= listings->value) {
		begin_unasked(reading);
		listings->process = process;
		if (process != SIZE_MAX && !mark_seen(listings, process))
			return false;
	}
	listings->value = value;
	listings_answer(reading);
	return true;
}

void listings_line(struct reading *reading)
{
	struct listings *listings = reading->listings;
	if (!listings || !listings->open)
		return;
	listings->items[listings->count - 1].last = reading->line;
	listings->items[listings->count - 1].rows++;
}

void listings_answer(struct reading *reading)
{
	struct listings *listings = reading->listings;
	if (listings && listings->open)
		listings->items[listings->count - 1].answered = true;
}
