/* Culprits for people: who, by what calls, and who holds their tokens. */
#include "dump/answer/inside.h"

#include <inttypes.h>
#include <string.h>

#include "common/text.h"

#define CULPRITS_SHOWN 10
#define HOLDERS_SHOWN 3
#define FRAMES_SHOWN 8

static void print_who(const struct dump_culprit *culprit, char *text, size_t size)
{
	char pids[160] = "";
	size_t used = 0;
	for (uint32_t i = 0; i < culprit->pid_count && i < 3; i++)
		used += (size_t)snprintf(
		    pids + used, sizeof pids - used, "%s%" PRIu64, i ? ", " : "", culprit->pids[i]);
	if (culprit->pid_count > 3)
		snprintf(pids + used, sizeof pids - used, ", ...");
	if (culprit->kind == CULPRIT_KERNEL)
		snprintf(text, size, "the kernel");
	else if (culprit->kind == CULPRIT_UNSEEN)
		snprintf(text, size, "a holder that was not seen");
	else
		snprintf(text, size, "%.255s%s%s%s%s", *culprit->image ? culprit->image : "?",
		    cut_mark(culprit->image_is_cut), *pids ? " (" : "", pids, *pids ? ")" : "");
}

/* It has only handles to exited processes, which keep their tokens. */
static bool keeps_exited(const struct dump_culprit *culprit)
{
	uint32_t exited = 0;
	while (exited < culprit->holder_count && culprit->holders[exited].kind == HOLDER_EXITED)
		exited++;
	return culprit->kind != CULPRIT_CREATOR && exited > 0 && exited == culprit->holder_count &&
	       culprit->unheld == 0;
}

static void print_culprit_line(const struct dump_culprit *culprit, uint32_t number, FILE *out)
{
	char first[16], who[512], what[1280];
	const char *of = culprit->orphans == 1 ? "orphan" : "orphans";
	print_who(culprit, who, sizeof who);
	if (culprit->tokens == 0)
		snprintf(what, sizeof what,
		    "%s holds %" PRIu64 " reference%s to %u %s, without a token in sight", who,
		    culprit->references, text_plural(culprit->references), culprit->orphans, of);
	else if (keeps_exited(culprit))
		snprintf(what, sizeof what,
		    "%s keeps handles to exited processes, and so %u token%s of %u %s", who,
		    culprit->tokens, text_plural(culprit->tokens), culprit->orphans, of);
	else if (culprit->kind == CULPRIT_CREATOR)
		snprintf(what, sizeof what, "%s %s %u token%s of %u %s", who,
		    method_text(culprit->method), culprit->tokens, text_plural(culprit->tokens),
		    culprit->orphans, of);
	else
		snprintf(what, sizeof what, "%s holds %u token%s of %u %s%s%s%s%s", who,
		    culprit->tokens, text_plural(culprit->tokens), culprit->orphans, of,
		    culprit->creator_image ? ", made by " : "",
		    culprit->creator_image ? culprit->creator_image : "",
		    cut_mark(culprit->creator_is_cut),
		    culprit->follower ? "; releases once the others have" : "");
	snprintf(first, sizeof first, "%3u. ", number);
	text_print_wrapped(out, first, what);
}

/* Where in the program to look. */
static void print_calls(const struct dump_culprit *culprit, FILE *out)
{
	const char *calls =
	    keeps_exited(culprit)
	        ? "OpenProcess, OpenThread, CreateProcess and others that give handles to "
	          "processes or threads, where CloseHandle is missing"
	    : culprit->creator_image ? method_calls(culprit->method)
	                             : NULL;
	if (calls)
		text_print_wrapped(out, "     look for ", calls);
}

static void print_holders(
    const struct telling *telling, const struct dump_culprit *culprit, FILE *out)
{
	const struct kernel *kernel = telling->kernel;
	uint32_t shown = telling->verbose ? CULPRIT_HOLDERS : HOLDERS_SHOWN;
	uint64_t others = culprit->other_holders;
	char text[512];
	for (uint32_t i = 0; i < culprit->holder_count; i++) {
		const struct culprit_holder *holder = &culprit->holders[i];
		if (i >= shown) {
			others += holder->count;
			continue;
		}
		if (holder->process == KERNEL_NONE) {
			snprintf(text, sizeof text, "%" PRIu64 " %s", holder->count,
			    holder_kind_text(holder->kind, holder->count));
		} else {
			const struct kernel_process *process = &kernel->processes[holder->process];
			snprintf(text, sizeof text, "%.255s%s (%" PRIu64 "%s), %" PRIu64 " %s",
			    process->image, cut_mark(process->image_is_cut), process->pid,
			    process->is_alive ? "" : ", exited", holder->count,
			    holder_kind_text(holder->kind, holder->count));
		}
		text_print_wrapped(out, "     held by  ", text);
	}
	if (others)
		fprintf(
		    out, "     held by  %" PRIu64 " other holder%s\n", others, text_plural(others));
	if (culprit->unheld && telling->answer->holders_seen)
		fprintf(out, "     held by  nobody in sight: %u token%s, so by the kernel\n",
		    culprit->unheld, text_plural(culprit->unheld));
	else if (culprit->unheld)
		fprintf(out, "     holder not seen: %u token%s\n", culprit->unheld,
		    text_plural(culprit->unheld));
	if (culprit->captures)
		fprintf(out, "     captured and not released by the kernel: %" PRIu64 "\n",
		    culprit->captures);
}

static void print_stack(
    const struct telling *telling, const struct dump_culprit *culprit, FILE *out)
{
	char frame[KERNEL_FRAME_TEXT];
	if (!culprit->stack)
		return;
	uint32_t shown = culprit->stack->count;
	if (!telling->verbose && shown > FRAMES_SHOWN)
		shown = FRAMES_SHOWN;
	for (uint32_t i = 0; i < shown; i++) {
		fputs(i ? "              " : "     stack    ", out);
		kernel_frame_text(telling->kernel, telling->store,
		    culprit->pid_count ? culprit->pids[0] : 0, culprit->image,
		    culprit->stack->frame[i], frame);
		text_print_column(out, frame,
		    (int)strlen(frame) < TEXT_COLUMNS - 15 ? (int)strlen(frame)
		                                           : TEXT_COLUMNS - 15);
		fputc('\n', out);
	}
	if (shown < culprit->stack->count)
		fprintf(
		    out, "              ... %u more (--verbose)\n", culprit->stack->count - shown);
}

void print_culprits(const struct telling *telling, FILE *out)
{
	const struct answer *answer = telling->answer;
	uint32_t shown = answer->culprit_count;
	if (shown == 0)
		return;
	if (!telling->verbose && shown > CULPRITS_SHOWN)
		shown = CULPRITS_SHOWN;
	/* What is younger than healthy holders take to release accuses nobody, nor does a file that was cut short. */
	fputs(answer_exit_code(answer) == EXIT_LEAK ? "\nCulprits, worst first:\n"
	                                            : "\nSuspects, worst first:\n",
	    out);
	for (uint32_t i = 0; i < shown; i++) {
		print_culprit_line(&answer->culprits[i], i + 1, out);
		print_calls(&answer->culprits[i], out);
		print_holders(telling, &answer->culprits[i], out);
		print_stack(telling, &answer->culprits[i], out);
	}
	if (shown < answer->culprit_count)
		fprintf(out, "     ... and %u more (--verbose shows all)\n",
		    answer->culprit_count - shown);
	if (telling->kernel->tracking == TRACKING_OFF)
		text_print_wrapped(out, "\n",
		    "Who made the tokens is not known: leak tracking was off. To turn it on, run "
		    "`leaklab-probe arm` (it sets SeTokenLeakDiag=1 below "
		    "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Kernel), reboot, wait "
		    "for the leak and take a kernel dump again.");
}
