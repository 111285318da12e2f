/* Who made the orphans' tokens, for people: by what calls and stacks, and who holds them now. */
#include "dump/answer/inside.h"

#include <inttypes.h>
#include <string.h>

#include "common/text.h"

#define HOLDERS_SHOWN 3
#define FRAMES_SHOWN 8
#define PATHS_SHOWN 3
#define BRANCHES_SHOWN 3

char *creator_words(
    const struct kernel *kernel, const struct dump_creator *creator, char out[CULPRIT_WORDS])
{
	const char *image = creator->stake.culprit.image;
	int used = snprintf(out, CULPRIT_WORDS, "%.255s%s (", *image ? image : "?",
	    cut_mark(creator->image_is_cut));
	for (uint32_t i = 0; i < creator->pid_count && i < 3; i++)
		used += snprintf(out + used, (size_t)(CULPRIT_WORDS - used), "%s%" PRIu64,
		    i ? ", " : "", creator->pids[i]);
	snprintf(out + used, (size_t)(CULPRIT_WORDS - used), "%s%s)",
	    creator->pid_count > 3 ? ", ..." : "",
	    creator->process != KERNEL_NONE                ? ""
	    : kernel_missing_of(kernel, THING_PROCESS) > 0 ? ", not in sight"
	                                                   : ", exited");
	return out;
}

static bool made_by_one_method(const struct dump_creator *creator)
{
	return creator->creates + creator->duplicates + creator->filters == 1;
}

static void print_creator(
    const struct kernel *kernel, const struct dump_creator *creator, uint32_t number, FILE *out)
{
	const struct culprit *culprit = &creator->stake.culprit;
	char first[16], who[CULPRIT_WORDS], what[800];
	snprintf(what, sizeof what, "%s %s %" PRId64 " token%s of %" PRId64 " orphan%s%s",
	    creator_words(kernel, creator, who),
	    method_text(!made_by_one_method(creator) ? 0
	                : creator->creates           ? METHOD_CREATE
	                : creator->duplicates        ? METHOD_DUPLICATE
	                                             : METHOD_FILTER),
	    culprit->tokens, text_plural(culprit->tokens), culprit->logon_sessions,
	    text_plural(culprit->logon_sessions),
	    image_makes_for_others(culprit->image) ? ", as it does for others" : "");
	snprintf(first, sizeof first, "%3u. ", number);
	text_print_wrapped(out, first, what);
}

/* Where in the program to look. */
static void print_calls(const struct dump_creator *creator, FILE *out)
{
	if (creator->creates)
		text_print_wrapped(out, "     look for ", method_calls(METHOD_CREATE));
	if (creator->duplicates)
		text_print_wrapped(out, "     look for ", method_calls(METHOD_DUPLICATE));
	if (creator->filters)
		text_print_wrapped(out, "     look for ", method_calls(METHOD_FILTER));
}

static void print_held(const struct telling *telling, const struct dump_creator *creator, FILE *out)
{
	const struct answer *answer = telling->answer;
	uint32_t shown = 0, others = 0;
	char who[CULPRIT_WORDS], text[CULPRIT_WORDS + 60];
	for (uint32_t i = creator->links; i != KERNEL_NONE; i = answer->links[i].next_of_creator) {
		const struct dump_link *link = &answer->links[i];
		const struct dump_holder *holder = &answer->holders[link->holder];
		if (shown == HOLDERS_SHOWN && !telling->verbose) {
			others++;
			continue;
		}
		const bool itself =
		    holder->process != KERNEL_NONE && holder->process == creator->process;
		snprintf(text, sizeof text, "%s: %u token%s",
		    itself ? "itself"
		    : holder->kind == DUMP_HOLDER_KERNEL
		        ? telling->kernel->moved ? "nobody in sight, so probably by the kernel"
		                                 : "nobody in sight, so by the kernel"
		        : holder_words(telling->kernel, holder, who),
		    link->tokens, text_plural(link->tokens));
		text_print_wrapped(out, "     held by  ", text);
		shown++;
	}
	if (others)
		fprintf(out, "     held by  %u other holder%s\n", others, text_plural(others));
	if (creator->captures)
		fprintf(out, "     captured and not released by the kernel: %" PRIu64 "\n",
		    creator->captures);
}

static void print_frame(const struct telling *telling, const struct dump_creator *creator,
    uint64_t address, const char *before, FILE *out)
{
	char frame[KERNEL_FRAME_TEXT];
	kernel_frame_text(telling->kernel, telling->store, creator->pids[0],
	    creator->stake.culprit.image, address, frame);
	fputs(before, out);
	text_print_column(out, frame,
	    (int)strlen(frame) < TEXT_COLUMNS - 15 ? (int)strlen(frame) : TEXT_COLUMNS - 15);
	fputc('\n', out);
}

/* How the stacks differ behind what they have in common. */
static void print_branches(const struct telling *telling, const struct dump_creator *creator,
    const struct dump_path *path, FILE *out)
{
	struct path_branch branches[BRANCHES_SHOWN];
	const uint32_t count = path_branches(telling->answer, path, branches, BRANCHES_SHOWN);
	char before[40];
	fprintf(out, "              then in %u different ways", count);
	fputs(count > BRANCHES_SHOWN && branches[0].tokens == 1 ? "\n" : ":\n", out);
	for (uint32_t i = 0; i < count && i < BRANCHES_SHOWN; i++) {
		if (count > BRANCHES_SHOWN && branches[i].tokens == 1)
			break; /* nothing but what is left over from other stacks */
		snprintf(before, sizeof before, "              %10u  ", branches[i].tokens);
		print_frame(telling, creator, branches[i].frame, before, out);
	}
}

static void print_path(const struct telling *telling, const struct dump_creator *creator,
    const struct dump_path *path, FILE *out)
{
	const struct dump_variant *variant = &telling->answer->variants[path->first];
	uint32_t shown = path->frames;
	if (!telling->verbose && shown > FRAMES_SHOWN)
		shown = FRAMES_SHOWN;
	if (path->variants > 1 || creator->path_count > 1)
		fprintf(out, "     stack    of %u token%s (%s)\n", path->tokens,
		    text_plural(path->tokens), method_text(path->method));
	for (uint32_t i = 0; i < shown; i++)
		print_frame(telling, creator, variant->stack->frame[i],
		    i > 0 || path->variants > 1 || creator->path_count > 1 ? "              "
		                                                           : "     stack    ",
		    out);
	if (shown < path->frames)
		fprintf(out, "              ... %u more (--verbose)\n", path->frames - shown);
	if (path->variants > 1)
		print_branches(telling, creator, path, out);
}

static void print_paths(
    const struct telling *telling, const struct dump_creator *creator, FILE *out)
{
	const uint32_t shown = telling->verbose || creator->path_count < PATHS_SHOWN
	                           ? creator->path_count
	                           : PATHS_SHOWN;
	for (uint32_t i = 0; i < shown; i++)
		print_path(telling, creator, &telling->answer->paths[creator->first_path + i], out);
	if (shown < creator->path_count)
		fprintf(out, "     ... and %u more stacks (--verbose shows all)\n",
		    creator->path_count - shown);
}

void print_creators(const struct telling *telling, FILE *out)
{
	const struct answer *answer = telling->answer;
	uint32_t shown = answer->creator_count;
	if (!telling->verbose && shown > CULPRITS_SHOWN)
		shown = CULPRITS_SHOWN;
	if (shown > 0)
		fputs("\nWho made the orphans' tokens, worst first:\n", out);
	print_tied(
	    answer->creators, answer->creator_count, sizeof *answer->creators, "made as much", out);
	for (uint32_t i = 0; i < shown; i++) {
		const struct dump_creator *creator = &answer->creators[i];
		print_creator(telling->kernel, creator, i + 1, out);
		print_calls(creator, out);
		print_held(telling, creator, out);
		print_paths(telling, creator, out);
	}
	if (shown < answer->creator_count)
		fprintf(out, "     ... and %u more (--verbose shows all)\n",
		    answer->creator_count - shown);
	if (answer->unknown_creator > 0)
		fprintf(out, "     Who made %u other token%s cannot be read.\n",
		    answer->unknown_creator, text_plural(answer->unknown_creator));
	if (answer->orphan_count > 0 && telling->kernel->tracking == TRACKING_OFF) {
		fputc('\n', out);
		text_print_wrapped(out, "",
		    "Who made the tokens is not known: leak tracking was off. To turn it on, run "
		    "`leaklab-probe arm` (it sets SeTokenLeakDiag=1 below "
		    "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Kernel), reboot, wait "
		    "for the leak and take a kernel dump again.");
	}
}
