/* The head of an answer for people: its one line, and in sentences what stands behind the numbers and what may be missing from them. */
#include "dump/answer/inside.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "common/text.h"

/* Who refers to the IDs that no session has. */
static void print_referred(const struct answer *answer, FILE *out)
{
	char words[REFERRED_WORDS + 2];
	if (answer->referred_count == 0 ||
	    !referred_words(answer->referred, answer->referred_count, answer->snapshot, words))
		return;
	words[0] = 'S';
	strcat(words, ".");
	text_print_wrapped(out, "", words);
}

static void sentence(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void sentence(FILE *out, const char *format, ...)
{
	char text[600];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	text_print_wrapped(out, "", text);
}

/* What the other things that could not be read may have told. */
static void print_losses(const struct kernel *kernel, FILE *out)
{
	static const struct {
		enum kernel_thing thing;
		const char *loss;
	} losses[] = {
	    {THING_TOKEN, "there may be more tokens and holders"},
	    {THING_TOKEN_LIST, "there may be more tokens and holders of these"},
	    {THING_HANDLE_TABLE, "there may be more holders"},
	    {THING_OBJECT, "there may be more holders"},
	    {THING_THREAD, "there may be more holders"},
	    {THING_CREATION, "who made those tokens is not known"},
	    {THING_NAME, "a ? stands for each"},
	};
	const bool all_found = !kernel->moved && kernel_handle_counts(kernel) == HANDLES_ALL_FOUND;
	for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
		const enum kernel_thing thing = losses[i].thing;
		const uint64_t count = kernel_missing_of(kernel, thing);
		const bool is_object = thing == THING_OBJECT || thing == THING_HANDLE_TABLE;
		if (count > 0)
			sentence(out, "%" PRIu64 " %s could not be read: %s.", count,
			    kernel_thing_text(thing, count),
			    is_object && all_found
			        ? "no handle to a token is missing, as the kernel counts them"
			        : losses[i].loss);
	}
}

/* What may be missing from the numbers, and why no session is known to be over. */
static void print_gaps(const struct answer *answer, FILE *out)
{
	const struct kernel *kernel = answer->kernel;
	const uint64_t lists = kernel_missing_of(kernel, THING_LOGON_LIST),
	               logons = kernel_missing_of(kernel, THING_LOGON_SESSION),
	               processes = kernel_missing_of(kernel, THING_PROCESS),
	               sessions = kernel_missing_of(kernel, THING_PROCESS_SESSION);
	const enum kernel_thing thing = processes ? THING_PROCESS : THING_PROCESS_SESSION;
	const uint64_t unread = processes ? processes : sessions;
	if (lists > 0)
		sentence(out,
		    "There may be more logon sessions: %" PRIu64 " %s of them %s not read in full.",
		    lists, lists == 1 ? "list" : "lists", lists == 1 ? "was" : "were");
	else if (logons > 0)
		sentence(out, "Of %" PRIu64 " of these not everything could be read.", logons);
	if (kernel->unlisted_count > 0)
		sentence(out, "%u of these %s found by %s tokens alone.", kernel->unlisted_count,
		    kernel->unlisted_count == 1 ? "was" : "were",
		    kernel->unlisted_count == 1 ? "its" : "their");
	if (answer->in_doubt > 0)
		sentence(out,
		    "At most %u of these sessions may still be in use: %" PRIu64
		    " %s could not be read.",
		    answer->in_doubt, unread, kernel_thing_text(thing, unread));
	else if (unread > 0)
		sentence(out,
		    "Which sessions are over is not known for sure: %" PRIu64
		    " %s could not be read.",
		    unread, kernel_thing_text(thing, unread));
	print_losses(kernel, out);
}

/* What the kernel counts of handles to tokens, where that is not what was found. */
static void print_handle_counts(const struct kernel *kernel, FILE *out)
{
	const int64_t counted = kernel->token_handles, found = kernel->token_handles_found;
	switch (kernel_handle_counts(kernel)) {
	case HANDLES_MISSING:
		sentence(out,
		    "The kernel counts %" PRId64 " handle%s to tokens more than were found%s.",
		    counted - found, text_plural(counted - found),
		    kernel->moved
		        ? ", in part perhaps because memory changed while the dump was written"
		        : ": who has them is not known");
		break;
	case HANDLES_VOID:
		sentence(out,
		    "The kernel counts %" PRId64 " handle%s to tokens, and %" PRId64
		    " were found: neither number proves anything here.",
		    counted, text_plural(counted), found);
		break;
	case HANDLES_UNCOUNTED:
	case HANDLES_ALL_FOUND:
		break;
	}
}

/* Why orphans are no leak yet, and when they will be. */
static void print_age(const struct answer *answer, FILE *out)
{
	const long long minutes = (long long)(leak_release_time(answer->leak) / 60000000);
	if (answer->orphan_count == 0 || answer->old_count == answer->orphan_count)
		return;
	sentence(out,
	    "Nothing in the dump proves for how long %s: healthy holders release up to %lld minute%s after the "
	    "logoff. Sample again then, or give --after-logoff if the users had logged off earlier.",
	    answer->old_count ? "the others have been so" : "they have been so", minutes,
	    minutes == 1 ? "" : "s");
}

void print_verdict(const struct answer *answer, FILE *out)
{
	const struct kernel *kernel = answer->kernel;
	const uint64_t cut = answer_pages_cut(kernel);
	fprintf(out, "\n%s: %u logon session%s, %u of them orphaned",
	    exit_code_word(answer_exit_code(answer)), kernel->logon_count,
	    text_plural(kernel->logon_count), answer->orphan_count);
	if (answer->orphan_count)
		fputs(" (their RDS session is over)", out);
	fputs(".\n", out);
	print_gaps(answer, out);
	print_age(answer, out);
	print_referred(answer, out);
	print_handle_counts(kernel, out);
	if (answer->kernel_held)
		sentence(out, "%u of the orphans %s %sheld by the kernel itself%s.",
		    answer->kernel_held, answer->kernel_held == 1 ? "is" : "are",
		    kernel->moved ? "probably " : "",
		    kernel->moved
		        ? ": for sure only if memory did not change while the dump was written"
		        : "");
	if (answer->unseen_held)
		sentence(out,
		    "For %u of the orphans no holder was seen: not everything that may hold them could be read.",
		    answer->unseen_held);
	if (cut)
		sentence(out,
		    "The file is cut short by %" PRIu64
		    " page%s, so this cannot be said for sure: copy the dump again.",
		    cut, text_plural(cut));
	if (answer->kept_total)
		sentence(out,
		    "%u logon session%s of session 0 %s kept by handles of one process only: it leaks them, or still "
		    "needs them, which one dump does not show.",
		    answer->kept_total, text_plural(answer->kept_total),
		    answer->kept_total == 1 ? "is" : "are");
	if (answer->unjudged)
		sentence(out,
		    "%u logon session%s perhaps orphaned: too little could be read to judge.",
		    answer->unjudged, answer->unjudged == 1 ? " is" : "s are");
}
