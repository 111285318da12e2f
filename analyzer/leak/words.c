/* How findings of the leak rule are put to people, by whichever way they come. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "leak/inside.h"

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

/* Of a list, as many of its names as there is room for. */
static int whole_names(const char *names, int room)
{
	int length = (int)strlen(names);
	if (length <= room)
		return length;
	for (length = room; length > 0 && names[length] != ','; length--)
		;
	return length ? length : room;
}

#define SERVICES_SHOWN 80

const char *process_words(
    const char *image, int64_t pid, const char *services, char out[PROCESS_WORDS])
{
	const char *name = image ? image : "a process without a name";
	const int length = services ? whole_names(services, SERVICES_SHOWN) : 0;
	if (pid == NUMBER_UNKNOWN)
		snprintf(out, PROCESS_WORDS, "%.100s", name);
	else
		snprintf(out, PROCESS_WORDS, "%.100s (process %" PRId64 "%s%.*s%s)", name, pid,
		    services ? ": " : "", length, services ? services : "",
		    services && services[length] ? " and more" : "");
	return out;
}

/* One or two are there on every host. */
#define HIDDEN_LEAST 3
/* A program may take several handles a logon; more than that have other reasons. */
#define HANDLES_MOST 10

const char *followers_words(int64_t count, bool whole, char out[FOLLOWERS_WORDS])
{
	if (whole)
		snprintf(out, FOLLOWERS_WORDS,
		    "only System or lsass hold %" PRId64
		    " of them: a kernel reference is left, or it is what they do for others (authentication packages, drivers)",
		    count);
	else
		snprintf(out, FOLLOWERS_WORDS,
		    "only System or lsass are seen to hold %" PRId64
		    " of them, and they release once the last other holder has: that holder was not seen",
		    count);
	return out;
}

static bool may_explain(int64_t count, int64_t unseen)
{
	return 2 * count >= unseen && count <= HANDLES_MOST * unseen;
}

static bool hidden_explain(const struct suspect *suspect, int64_t unseen)
{
	return suspect->hidden >= HIDDEN_LEAST && may_explain(suspect->hidden, unseen);
}

bool suspect_explains(const struct suspect *suspect, int64_t unseen)
{
	return unseen > 0 && (hidden_explain(suspect, unseen) ||
	                         (suspect->exited > 0 && may_explain(suspect->exited, unseen)));
}

const char *suspect_words(
    const struct suspect *suspect, bool compared, int64_t unseen, char out[SUSPECT_WORDS])
{
	char process[PROCESS_WORDS];
	process_words(suspect->image, suspect->pid, NULL, process);
	if (!suspect_explains(suspect, unseen))
		return NULL;
	if (hidden_explain(suspect, unseen))
		snprintf(out, SUSPECT_WORDS,
		    "%s: %" PRId64 " token handles that could not be looked into %s", process,
		    suspect->hidden,
		    compared ? "rise with the orphans"
		             : "may be what holds them; how many there were before is not known");
	else
		snprintf(out, SUSPECT_WORDS,
		    "%s keeps handles to %" PRId64 " exited process%s of unknown owner: %s",
		    process, suspect->exited, suspect->exited == 1 ? "" : "es",
		    compared && suspect->exited >= HIDDEN_LEAST ? "very probably what holds them"
		    : compared                                  ? "they may be what holds them"
		               : "they may be what holds them, though how many there were before "
		                 "is not known");
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

/* "agent.exe (process 4100) holds 5 tokens and keeps handles to 1 exited process of 2 of them" */
static void append_referrer(char *out, const struct culprit *first, size_t count)
{
	char process[PROCESS_WORDS];
	append(out, REFERRED_WORDS, "%s ",
	    process_words(first->image, first->pid, first->services, process));
	if (first->tokens > 0)
		append(out, REFERRED_WORDS, "holds %" PRId64 " token%s%s", first->tokens,
		    text_plural(first->tokens), first->exited > 0 ? " and " : "");
	if (first->exited > 0)
		append(out, REFERRED_WORDS, "keeps handles to %" PRId64 " exited process%s",
		    first->exited, first->exited == 1 ? "" : "es");
	append(out, REFERRED_WORDS, " of ");
	if ((size_t)first->session_ids < count)
		append(out, REFERRED_WORDS, "%" PRId64 " of ", first->session_ids);
}

bool referred_words(
    const int64_t *ids, size_t count, const struct snapshot *snapshot, char out[REFERRED_WORDS])
{
	const bool one = count == 1;
	struct culprits culprits;
	if (!culprits_find(&culprits, snapshot, NULL, 0, ids, count))
		return false;
	out[0] = '\0';
	append(out, REFERRED_WORDS, "session ID%s ", one ? "" : "s");
	append_numbers(out, REFERRED_WORDS, ids, count);
	append(out, REFERRED_WORDS, " %s in no session list; ", one ? "is" : "are");
	if (culprits.count == 0)
		append(out, REFERRED_WORDS, "something refers to ");
	else
		append_referrer(out, &culprits.items[0], count);
	append(out, REFERRED_WORDS, "%s", one ? "it" : "them");
	if (culprits.count > 1)
		append(out, REFERRED_WORDS, ", and %zu other process%s hold%s some",
		    culprits.count - 1, culprits.count == 2 ? "" : "es",
		    culprits.count == 2 ? "s" : "");
	/* A dump shows it by the kernel's own structures and variables; a live host only by a setting. */
	const bool shown_not = snapshot->tokens_keep_ids == NO && snapshot_is_of_dump(snapshot);
	if (shown_not && culprits.count > 0 && culprits.items[0].exited == 0)
		append(out, REFERRED_WORDS, "; but tokens keep no session IDs in this kernel");
	else
		append(out, REFERRED_WORDS, ": %s what keeps %s",
		    culprits.count == 0 || culprits.items[0].sure ? "very probably" : "they may be",
		    one ? "it" : "them");
	if (snapshot->tokens_keep_ids == NO && !shown_not)
		append(out, REFERRED_WORDS,
		    ", though the host says that its tokens keep no session IDs (SeTokenDoesNotTrackSessionObject)");
	culprits_deinit(&culprits);
	return true;
}

bool taken_words(const struct taken_along *taken, char out[TAKEN_WORDS])
{
	const struct ended_holder *first = taken->items;
	char process[PROCESS_WORDS] = "a process";
	const size_t all = taken->logon_sessions + taken->session_ids;
	size_t holders = 0;
	int64_t more = 0;
	bool any_never = false;
	out[0] = '\0';
	if (all == 0)
		return false;
	for (size_t i = 0; i < taken->count; i++) {
		const struct ended_holder *holder = &taken->items[i];
		if (holder->word == ENDED_LATE)
			continue;
		if (holders++ == 0)
			first = holder;
		more = holder->more > more ? holder->more : more;
		any_never = any_never || holder->more == 0;
	}
	if (holders > 0)
		process_words(first->image, first->pid, NULL, process);
	if (taken->logon_sessions)
		append(out, TAKEN_WORDS, "%zu orphaned logon session%s went", taken->logon_sessions,
		    text_plural((int64_t)taken->logon_sessions));
	if (taken->session_ids)
		append(out, TAKEN_WORDS, "%s%zu session ID%s came free",
		    taken->logon_sessions ? " and " : "", taken->session_ids,
		    text_plural((int64_t)taken->session_ids));
	if (taken->unknown == all)
		append(out, TAKEN_WORDS,
		    "; it is not known whether the holder ended or released %s, so this may have been a leak: let an observer "
		    "list processes",
		    all == 1 ? "it" : "them");
	else
		append(out, TAKEN_WORDS,
		    " when %s%s, which held %s, ended: that is not a release, and may have been a leak",
		    process, holders > 1 || first->others ? " and others" : "",
		    all == 1 ? "it" : "them");
	if (taken->unknown < all && more > 0 && !any_never)
		append(out, TAKEN_WORDS, ": %" PRId64 " more cycle%s without a leak would tell",
		    more, text_plural(more));
	return true;
}

bool ended_words(const struct ended_holder *holder, char out[TAKEN_WORDS])
{
	char process[PROCESS_WORDS];
	out[0] = '\0';
	if (holder->word != ENDED_LEAK)
		return false;
	append(out, TAKEN_WORDS, "%s%s held ",
	    process_words(holder->image, holder->pid, NULL, process),
	    holder->others ? ", and others of its name," : "");
	if (holder->logon_sessions)
		append(out, TAKEN_WORDS, "%zu logon session%s", holder->logon_sessions,
		    text_plural((int64_t)holder->logon_sessions));
	if (holder->session_ids)
		append(out, TAKEN_WORDS, "%s%zu session ID%s",
		    holder->logon_sessions ? " and " : "", holder->session_ids,
		    text_plural((int64_t)holder->session_ids));
	append(out, TAKEN_WORDS,
	    " and ended, and they went only then: it released none by itself, and for a healthy holder the chance of that is %s",
	    holder->chance < 0.0001 ? "less than 0.01 %" : "at most 1 %");
	return true;
}

const char *decider_words(const struct leak *leak)
{
	if (leak->tokens_keep_ids != YES_NO_UNKNOWN)
		return "one more logon decides it: it is given a higher ID if so";
	if (leak->ids_came_back > 0)
		return "some session IDs came back though tokens referred to them, and others did not, so it is not known whether tokens keep them on this host: take more samples";
	return "yet a higher ID was given, so it is not known whether they do";
}
