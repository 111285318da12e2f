/* Who keeps the orphans, for people: by what, and who made the tokens. */
#include "dump/answer/inside.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "common/text.h"

#define CREATORS_NAMED 3

static const char *image_words(const char *image)
{
	return image && *image ? image : "?";
}

char *holder_words(
    const struct kernel *kernel, const struct dump_holder *holder, char out[CULPRIT_WORDS])
{
	static const char *const others[] = {[DUMP_HOLDER_OWN] = "the logon sessions' own tokens",
	    [DUMP_HOLDER_KERNEL] = "the kernel",
	    [DUMP_HOLDER_UNSEEN] = "a holder that was not seen"};
	if (holder->kind != DUMP_HOLDER_PROCESS) {
		snprintf(out, CULPRIT_WORDS, "%s%s",
		    holder->kind == DUMP_HOLDER_KERNEL && kernel->moved ? "probably " : "",
		    others[holder->kind]);
		return out;
	}
	const struct kernel_process *process = &kernel->processes[holder->process];
	snprintf(out, CULPRIT_WORDS, "%.255s%s (%" PRIu64 "%s)", image_words(process->image),
	    cut_mark(process->image_is_cut), process->pid, process->is_alive ? "" : ", exited");
	return out;
}

void print_tied(const void *items, uint32_t count, size_t size, const char *what, FILE *out)
{
	uint32_t tied = 0;
	char text[160];
	while (
	    tied < count && ((const struct dump_stake *)((const char *)items + tied * size))->tied)
		tied++;
	snprintf(text, sizeof text, "The first %u %s.", tied, what);
	if (tied > 1)
		text_print_wrapped(out, "     ", text);
}

/* More of a sentence. */
static void add(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add(char *text, size_t size, const char *format, ...)
{
	const size_t used = strlen(text);
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text + used, size - used, format, arguments);
	va_end(arguments);
}

/* Nothing but handles to exited processes, which keep their tokens. */
static bool keeps_exited(const struct dump_holder *holder)
{
	uint64_t others = 0;
	for (unsigned i = 0; i < HOLDER_KINDS; i++)
		others += i == HOLDER_EXITED ? 0 : holder->by[i];
	return holder->by[HOLDER_EXITED] > 0 && others == 0;
}

/* Who made its tokens: itself, or others, those of most tokens first. */
static void add_creators(
    const struct answer *answer, const struct dump_holder *holder, char *text, size_t size)
{
	const int64_t tokens = holder->stake.culprit.tokens;
	uint32_t shown = 0, others = 0;
	if (holder->made_itself > 0 && holder->made_itself == tokens) {
		add(text, size,
		    tokens == 1 ? ", which it made itself" : ", all of which it made itself");
		return;
	}
	if (holder->made_itself > 0)
		add(text, size, ", %u of which it made itself", holder->made_itself);
	for (uint32_t i = holder->links; i != KERNEL_NONE; i = answer->links[i].next_of_holder) {
		const struct dump_creator *creator = &answer->creators[answer->links[i].creator];
		if (creator->process != KERNEL_NONE && creator->process == holder->process)
			continue;
		if (shown == CREATORS_NAMED) {
			others++;
			continue;
		}
		add(text, size, "%s%.80s%s",
		    shown                     ? ", "
		    : holder->made_itself > 0 ? "; others were made by "
		                              : ", made by ",
		    image_words(creator->stake.culprit.image), cut_mark(creator->image_is_cut));
		if (creator->process != KERNEL_NONE)
			add(text, size, " (%" PRId64 ")", creator->stake.culprit.pid);
		shown++;
	}
	if (others > 0)
		add(text, size, " and %u more", others);
}

/* "2 tokens of 3 orphans", of their session IDs, or both. */
static void add_tokens(const struct dump_holder *holder, char *text, size_t size)
{
	const struct culprit *culprit = &holder->stake.culprit;
	const int64_t orphans = culprit->logon_sessions;
	if (culprit->tokens > 0)
		add(text, size, "%" PRId64 " token%s of ", culprit->tokens,
		    text_plural(culprit->tokens));
	if (holder->id_tokens > 0)
		add(text, size, "%s%u token%s of the session ID%s of ",
		    culprit->tokens > 0 ? "and " : "", holder->id_tokens,
		    text_plural(holder->id_tokens), text_plural(orphans));
	add(text, size, "%" PRId64 " orphan%s", orphans, text_plural(orphans));
}

static void print_holder(
    const struct answer *answer, const struct dump_holder *holder, uint32_t number, FILE *out)
{
	const struct culprit *culprit = &holder->stake.culprit;
	const char *of = culprit->logon_sessions == 1 ? "orphan" : "orphans";
	const bool has_tokens = culprit->tokens > 0 || holder->id_tokens > 0;
	char first[16], who[CULPRIT_WORDS], text[1600] = "";
	add(text, sizeof text, "%s ", holder_words(answer->kernel, holder, who));
	if (holder->kind == DUMP_HOLDER_OWN) {
		add(text, sizeof text, "keep %" PRId64 " %s: nothing else in sight does",
		    culprit->logon_sessions, of);
	} else if (has_tokens) {
		add(text, sizeof text, "%s",
		    keeps_exited(holder) ? "keeps handles to exited processes, and so " : "holds ");
		add_tokens(holder, text, sizeof text);
	} else {
		add(text, sizeof text,
		    "holds %" PRIu64 " reference%s to %" PRId64
		    " %s, which no token in sight explains",
		    holder->references, text_plural((int64_t)holder->references),
		    culprit->logon_sessions, of);
	}
	add_creators(answer, holder, text, sizeof text);
	if (has_tokens && holder->references > 0)
		add(text, sizeof text, "; and %" PRIu64 " reference%s that no token in sight %s",
		    holder->references, text_plural((int64_t)holder->references),
		    holder->references == 1 ? "explains" : "explain");
	if (culprit->follower)
		add(text, sizeof text, "; releases once the others have");
	snprintf(first, sizeof first, "%3u. ", number);
	text_print_wrapped(out, first, text);
}

/* By what it holds, and how many orphans nobody else does. */
static void print_details(const struct dump_holder *holder, FILE *out)
{
	const struct culprit *culprit = &holder->stake.culprit;
	char text[400] = "";
	for (unsigned i = 0; holder->kind == DUMP_HOLDER_PROCESS && i < HOLDER_KINDS; i++)
		if (holder->by[i] > 0)
			add(text, sizeof text, "%s%" PRIu64 " %s", *text ? ", " : "", holder->by[i],
			    holder_kind_text(i, holder->by[i]));
	if (*text)
		text_print_wrapped(out, "     by       ", text);
	if (!culprit->follower && culprit->alone > 0 && culprit->alone < culprit->logon_sessions)
		fprintf(out, "     alone    %" PRId64 " of the orphans\n", culprit->alone);
	else if (!culprit->follower && culprit->alone == 0 && holder->kind == DUMP_HOLDER_PROCESS)
		fputs("     alone    none of the orphans: others hold each of them too\n", out);
	if (keeps_exited(holder))
		text_print_wrapped(out, "     look for ",
		    "OpenProcess, OpenThread, CreateProcess and others that give handles to "
		    "processes or threads, where CloseHandle is missing");
	if (holder->captures && holder->kind != DUMP_HOLDER_PROCESS)
		fprintf(out, "     captured and not released by the kernel: %" PRIu64 "\n",
		    holder->captures);
}

void print_holders(const struct telling *telling, FILE *out)
{
	const struct answer *answer = telling->answer;
	uint32_t shown = answer->holder_count;
	if (shown == 0)
		return;
	if (!telling->verbose && shown > CULPRITS_SHOWN)
		shown = CULPRITS_SHOWN;
	/* What is younger than healthy holders take to release accuses nobody, nor does a file that was cut short. */
	fputs(answer_exit_code(answer) == EXIT_LEAK
	          ? "\nCulprits, worst first (who holds the orphans):\n"
	          : "\nSuspects, worst first (who holds the orphans):\n",
	    out);
	print_tied(answer->holders, answer->holder_count, sizeof *answer->holders,
	    answer->holders[0].stake.culprit.alone > 0
	        ? "rank equally: each holds orphans that nobody else holds"
	        : "rank equally: nothing shows which of them leaks",
	    out);
	for (uint32_t i = 0; i < shown; i++) {
		print_holder(answer, &answer->holders[i], i + 1, out);
		print_details(&answer->holders[i], out);
	}
	if (shown < answer->holder_count)
		fprintf(out, "     ... and %u more (--verbose shows all)\n",
		    answer->holder_count - shown);
}
