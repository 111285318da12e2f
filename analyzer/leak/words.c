/* How findings of the leak rule are put to people, by whichever way they come. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "leak/leak.h"

__attribute__((format(printf, 3, 4))) static void append(
    char *out, size_t size, const char *format, ...)
{
	const size_t used = strlen(out);
	va_list arguments;
	va_start(arguments, format);
	if (used < size)
		vsnprintf(out + used, size - used, format, arguments);
	va_end(arguments);
}

const char *process_words(
    const char *image, int64_t pid, const char *services, char out[PROCESS_WORDS])
{
	const char *name = image ? image : "a process without a name";
	if (pid == NUMBER_UNKNOWN)
		snprintf(out, PROCESS_WORDS, "%.100s", name);
	else
		snprintf(out, PROCESS_WORDS, "%.100s (process %" PRId64 "%s%.80s)", name, pid,
		    services ? ": " : "", services ? services : "");
	return out;
}

/* One or two are there on every host. */
#define HIDDEN_LEAST 3

const char *suspect_words(const struct suspect *suspect, int64_t unseen, char out[SUSPECT_WORDS])
{
	char process[PROCESS_WORDS];
	process_words(suspect->image, suspect->pid, NULL, process);
	if (unseen <= 0)
		return NULL;
	if (suspect->hidden >= HIDDEN_LEAST && 2 * suspect->hidden >= unseen)
		snprintf(out, SUSPECT_WORDS,
		    "%s: %" PRId64
		    " token handles that could not be looked into rise with the orphans",
		    process, suspect->hidden);
	else if (suspect->exited > 0 && 2 * suspect->exited >= unseen)
		snprintf(out, SUSPECT_WORDS,
		    "%s keeps handles to %" PRId64
		    " exited process%s; whose they were is not seen: very probably what holds them",
		    process, suspect->exited, suspect->exited == 1 ? "" : "es");
	else
		return NULL;
	return out;
}

/* "2", "2 to 61", "2, 4 to 6 and 9"; of many parts the first. */
#define PARTS_MOST 6

static void append_numbers(char *out, size_t size, const int64_t *numbers, size_t count)
{
	size_t parts = 0, end;
	for (size_t i = 0; i < count; i = end) {
		for (end = i + 1; end < count && numbers[end] == numbers[end - 1] + 1; end++)
			;
		if (++parts > PARTS_MOST) {
			append(out, size, " and %zu more", count - i);
			return;
		}
		append(out, size, "%s%" PRId64,
		    i == 0         ? ""
		    : end == count ? " and "
		                   : ", ",
		    numbers[i]);
		if (end > i + 1)
			append(out, size, "%s%" PRId64, end == i + 2 ? " and " : " to ",
			    numbers[end - 1]);
	}
}

const char *referred_words(const int64_t *ids, size_t count, const struct culprit *first,
    size_t holders, char out[REFERRED_WORDS])
{
	const bool one = count == 1;
	char process[PROCESS_WORDS];
	out[0] = '\0';
	append(out, REFERRED_WORDS, "session ID%s ", one ? "" : "s");
	append_numbers(out, REFERRED_WORDS, ids, count);
	append(out, REFERRED_WORDS, " %s in no session list; ", one ? "is" : "are");
	if (!first || first->session_ids == 0) {
		append(out, REFERRED_WORDS, "something refers to %s: very probably what keeps %s",
		    one ? "it" : "them", one ? "it" : "them");
		return out;
	}
	process_words(first->image, first->pid, first->services, process);
	if (first->exited > 0)
		append(out, REFERRED_WORDS, "%s keeps handles to %" PRId64 " exited process%s of ",
		    process, first->exited, first->exited == 1 ? "" : "es");
	else
		append(out, REFERRED_WORDS, "%s holds %" PRId64 " token%s of ", process,
		    first->handles, text_plural(first->handles));
	if ((size_t)first->session_ids < count)
		append(out, REFERRED_WORDS, "%" PRId64 " of ", first->session_ids);
	append(out, REFERRED_WORDS, "%s", one ? "it" : "them");
	if (holders > 1)
		append(out, REFERRED_WORDS, ", and %zu other process%s hold%s some", holders - 1,
		    holders == 2 ? "" : "es", holders == 2 ? "s" : "");
	append(out, REFERRED_WORDS, ": very probably what keeps %s", one ? "it" : "them");
	return out;
}
