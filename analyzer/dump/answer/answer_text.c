/* An answer for people: what the dump is, the culprits, the orphans; what could not be read. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "common/timestamp.h"
#include "dump/answer/answer.h"
#include "snapshot/snapshot.h"

#define LABEL 15
#define CULPRITS_SHOWN 10
#define ORPHANS_SHOWN 20
#define HOLDERS_SHOWN 3
#define FRAMES_SHOWN 8
#define TOKENS_SHOWN 50 /* of one logon session, with --verbose */

static void fact(FILE *out, const char *label, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One line of the head, broken where it is too long. */
static void fact(FILE *out, const char *label, const char *format, ...)
{
	char first[LABEL + 1], *text = NULL;
	va_list arguments;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	snprintf(first, sizeof first, "%-*s", LABEL, label);
	text_print_wrapped(out, first, text ? text : "?");
	free(text);
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void print_header(const struct telling *telling, FILE *out)
{
	const struct dump_header *header = dump_file_header(telling->kernel->dump);
	struct dump_page_counts pages;
	char time[TIMESTAMP_TEXT];
	dump_file_count_pages(telling->kernel->dump, &pages);
	fact(out, "Dump", "%s", telling->path);
	fact(out, "Machine", "x64, Windows build %u, %u processor%s", header->build,
	    header->processors, plural(header->processors));
	fact(out, "Type", "%s, %" PRIu64 " pages%s", dump_type_name(header->type), pages.listed,
	    pages.stored == pages.listed ? ", all of them there" : "");
	if (pages.stored < pages.listed)
		fact(out, "", "cut short: %" PRIu64 " pages are not in the file",
		    pages.listed - pages.stored);
	if (header->system_time != TIMESTAMP_UNKNOWN)
		fact(out, "Taken", "%s%s", timestamp_format(header->system_time, time),
		    header->has_attributes && header->attributes & DUMP_ATTRIBUTE_LIVE
		        ? ", of a running system"
		        : "");
	if (header->up_time != DUMP_UP_TIME_UNKNOWN && header->up_time >= 0)
		fact(out, "Up", "%lld d %lld h %lld min",
		    (long long)(header->up_time / 86400000000),
		    (long long)(header->up_time / 3600000000 % 24),
		    (long long)(header->up_time / 60000000 % 60));
	if (header->has_bugcheck)
		fact(out, "Bugcheck",
		    "0x%x (0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64 ")",
		    header->bugcheck, header->bugcheck_parameters[0],
		    header->bugcheck_parameters[1], header->bugcheck_parameters[2],
		    header->bugcheck_parameters[3]);
	if (*header->comment)
		fact(out, "Comment", "%s", header->comment);
}

static void print_kernel(const struct telling *telling, FILE *out)
{
	const struct kernel *kernel = telling->kernel;
	char *store = kernel->has_identity
	                  ? symbol_store_path(kernel->identity.pdb_name, &kernel->identity.pdb)
	                  : NULL;
	fact(out, "Kernel", "0x%" PRIx64 ", %u module%s loaded", kernel->base, kernel->module_count,
	    plural(kernel->module_count));
	fact(out, "Symbols", "%s: %s", store ? store : "?",
	    kernel->has_symbols ? "found, and they fit" : "not found");
	free(store);
	if (!kernel->has_symbols)
		return;
	static const char *const trackings[] = {
	    [TRACKING_UNKNOWN] = "not known: its switch is not in the dump",
	    [TRACKING_ABSENT] =
	        "this build has none (it came with Windows 10 1607 and Server 2016)",
	    [TRACKING_OFF] = "off: nobody noted who made the tokens",
	    [TRACKING_ON] = "on",
	};
	fact(out, "Leak tracking", "%s", trackings[kernel->tracking]);
	char total[64] = "an unknown number";
	if (kernel->token_objects != NUMBER_UNKNOWN)
		snprintf(total, sizeof total, "%lld", (long long)kernel->token_objects);
	fact(out, "Tokens", "%s in the kernel, %u found; %u process%s", total, kernel->token_count,
	    kernel->process_count, kernel->process_count == 1 ? "" : "es");
}

/* "2-5, 9" */
static void print_pinned(const struct answer *answer, FILE *out)
{
	char *text = NULL;
	size_t size = 0;
	FILE *line = open_memstream(&text, &size);
	if (!line)
		return;
	for (uint32_t i = 0, last; i < answer->pinned_count; i = last + 1) {
		for (last = i; last + 1 < answer->pinned_count &&
		               answer->pinned[last + 1] == answer->pinned[last] + 1;)
			last++;
		fprintf(line, "%s%lld", i ? ", " : "", (long long)answer->pinned[i]);
		if (last > i)
			fprintf(line, "-%lld", (long long)answer->pinned[last]);
	}
	fclose(line);
	if (answer->pinned_count)
		text_print_wrapped(out, "Session IDs that stay taken by them: ", text);
	free(text);
}

static void print_verdict(const struct answer *answer, FILE *out)
{
	const struct kernel *kernel = answer->kernel;
	const uint64_t cut = answer_pages_cut(kernel);
	fprintf(out, "\n%u logon session%s, %u of them orphaned", kernel->logon_count,
	    plural(kernel->logon_count), answer->orphan_count);
	if (answer->orphan_count)
		fputs(" (no process, no RDS session)", out);
	fputs(".\n", out);
	print_pinned(answer, out);
	if (answer->kernel_held)
		fprintf(out, "%u of the orphans %s held by the kernel itself.\n",
		    answer->kernel_held, answer->kernel_held == 1 ? "is" : "are");
	if (answer->unseen_held)
		fprintf(out,
		    "Of %u of the orphans a holder was not seen: not all that may hold was read.\n",
		    answer->unseen_held);
	if (answer->perhaps)
		fprintf(out,
		    "%u logon session%s perhaps orphaned: not all processes could be read.\n",
		    answer->perhaps, answer->perhaps == 1 ? " is" : "s are");
	if (cut) {
		char text[160];
		snprintf(text, sizeof text,
		    "The file is cut short by %" PRIu64
		    " page%s, so this cannot be said for sure: copy the dump again.",
		    cut, plural(cut));
		text_print_wrapped(out, "", text);
	}
	if (answer->unjudged)
		fprintf(out, "Of %u logon session%s too little can be read to judge.\n",
		    answer->unjudged, plural(answer->unjudged));
}

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
		snprintf(text, size, "holder not seen: somebody");
	else
		snprintf(text, size, "%.64s%s%s%s", *culprit->image ? culprit->image : "?",
		    *pids ? " (" : "", pids, *pids ? ")" : "");
}

static void print_culprit_line(const struct dump_culprit *culprit, uint32_t number, FILE *out)
{
	char first[16], who[256], what[512];
	const char *of = culprit->orphans == 1 ? "orphan" : "orphans";
	print_who(culprit, who, sizeof who);
	if (culprit->tokens == 0)
		snprintf(what, sizeof what,
		    "%s holds %" PRIu64 " reference%s to %u %s, without a token in sight", who,
		    culprit->references, plural(culprit->references), culprit->orphans, of);
	else if (culprit->kind == CULPRIT_CREATOR)
		snprintf(what, sizeof what, "%s %s %u token%s of %u %s", who,
		    method_text(culprit->method), culprit->tokens, plural(culprit->tokens),
		    culprit->orphans, of);
	else
		snprintf(what, sizeof what, "%s holds %u token%s of %u %s%s%s%s", who,
		    culprit->tokens, plural(culprit->tokens), culprit->orphans, of,
		    culprit->creator_image ? ", made by " : "",
		    culprit->creator_image ? culprit->creator_image : "",
		    culprit->follower ? "; lets go when the others have" : "");
	snprintf(first, sizeof first, "%3u. ", number);
	text_print_wrapped(out, first, what);
}

static void print_holders(
    const struct telling *telling, const struct dump_culprit *culprit, FILE *out)
{
	const struct kernel *kernel = telling->kernel;
	uint32_t shown = telling->verbose ? CULPRIT_HOLDERS : HOLDERS_SHOWN;
	uint64_t others = culprit->other_holders;
	char text[256];
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
			snprintf(text, sizeof text, "%.64s (%" PRIu64 "%s), %" PRIu64 " %s",
			    process->image, process->pid, process->is_alive ? "" : ", exited",
			    holder->count, holder_kind_text(holder->kind, holder->count));
		}
		text_print_wrapped(out, "     held by  ", text);
	}
	if (others)
		fprintf(out, "     held by  %" PRIu64 " other holders\n", others);
	if (culprit->unheld && telling->answer->holders_seen)
		fprintf(out, "     held by  nobody in sight: %u token%s, so by the kernel\n",
		    culprit->unheld, plural(culprit->unheld));
	else if (culprit->unheld)
		fprintf(out, "     holder not seen: %u token%s\n", culprit->unheld,
		    plural(culprit->unheld));
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

static void print_culprits(const struct telling *telling, FILE *out)
{
	const struct answer *answer = telling->answer;
	uint32_t shown = answer->culprit_count;
	if (shown == 0)
		return;
	if (!telling->verbose && shown > CULPRITS_SHOWN)
		shown = CULPRITS_SHOWN;
	fputs("\nCulprits, worst first:\n", out);
	for (uint32_t i = 0; i < shown; i++) {
		print_culprit_line(&answer->culprits[i], i + 1, out);
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

static void print_token(const struct telling *telling, const struct kernel_token *token, FILE *out)
{
	const struct kernel *kernel = telling->kernel;
	fprintf(out, "    token 0x%" PRIx64 " ", token->address);
	if (!token->is_read) {
		fputs("cannot be read\n", out);
		return;
	}
	fprintf(out, "%s%s, flags 0x%x, session %u\n",
	    token->type == 2   ? "impersonation"
	    : token->type == 1 ? "primary"
	                       : "?",
	    token->flags & TOKEN_FLAG_NO_REFERENCE ? " (holds nothing)" : "", token->flags,
	    token->session_id);
	if (token->creator_image) {
		fprintf(out, "      %s by ", method_text(token->method));
		text_print_column(out, token->creator_image, (int)strlen(token->creator_image));
		fprintf(out, ", process %" PRIu64 ", thread %" PRIu64 "\n", token->creator_pid,
		    token->creator_tid);
	}
	for (uint32_t i = token->holders; i != KERNEL_NONE; i = kernel->holders[i].next) {
		const struct kernel_holder *holder = &kernel->holders[i];
		fputs("      held by ", out);
		if (holder->process != KERNEL_NONE) {
			text_print(out, kernel->processes[holder->process].image);
			fprintf(out, " (%" PRIu64 "), ", kernel->processes[holder->process].pid);
		}
		fputs(holder_kind_text(holder->kind, 1), out);
		if (holder->kind == HOLDER_HANDLE)
			fprintf(out, " 0x%" PRIx64, holder->value);
		else if (holder->kind == HOLDER_THREAD)
			fprintf(out, " %" PRIu64, holder->value);
		fputc('\n', out);
	}
	if (token->holders == KERNEL_NONE)
		fputs(telling->answer->holders_seen ? "      held by nobody in sight\n"
		                                    : "      holder not seen\n",
		    out);
}

static void print_tokens(
    const struct telling *telling, const struct kernel_logon_session *logon, FILE *out)
{
	uint32_t shown = 0;
	for (uint32_t i = logon->tokens; i != KERNEL_NONE;
	     i = telling->kernel->tokens[i].next_of_session) {
		if (shown++ == TOKENS_SHOWN) {
			fprintf(out, "    ... and %u tokens more (--format json has them)\n",
			    logon->token_count - TOKENS_SHOWN);
			return;
		}
		print_token(telling, &telling->kernel->tokens[i], out);
	}
}

static void print_orphan(const struct telling *telling, const struct orphan *orphan, FILE *out)
{
	const struct kernel_logon_session *logon = &telling->kernel->logons[orphan->logon];
	char luid[LUID_TEXT], account[600], references[24] = "?", kernel[24] = "?";
	snprintf(account, sizeof account, "%.255s%s%.255s", logon->domain ? logon->domain : "",
	    logon->domain && *logon->domain ? "\\" : "", logon->user ? logon->user : "?");
	fprintf(out, "%s ", luid_format(logon->luid, luid));
	if (orphan->session_id == NUMBER_UNKNOWN)
		fprintf(out, "%7s  ", "?");
	else
		fprintf(out, "%7lld  ", (long long)orphan->session_id);
	text_print_column(out, account, 23);
	if (orphan->references_known)
		snprintf(references, sizeof references, "%lld", (long long)logon->references);
	if (telling->answer->holders_seen || orphan->kernel_references == 0)
		snprintf(kernel, sizeof kernel, "%" PRIu64, orphan->kernel_references);
	fprintf(out, " %10s %7u %7s\n", references, logon->token_count, kernel);
	if (telling->verbose)
		print_tokens(telling, logon, out);
}

static void print_orphans(const struct telling *telling, FILE *out)
{
	const struct answer *answer = telling->answer;
	uint32_t shown = answer->orphan_count;
	if (shown == 0)
		return;
	if (!telling->verbose && shown > ORPHANS_SHOWN)
		shown = ORPHANS_SHOWN;
	fprintf(out, "\nOrphaned logon sessions:\n%-17s %7s  %-23s %10s %7s %7s\n", "LUID",
	    "SESSION", "USER", "REFERENCES", "TOKENS", "KERNEL");
	for (uint32_t i = 0; i < shown; i++)
		print_orphan(telling, &answer->orphans[i], out);
	if (shown < answer->orphan_count)
		fprintf(
		    out, "... and %u more (--verbose shows all)\n", answer->orphan_count - shown);
}

static void print_missing(const struct telling *telling, FILE *out)
{
	const struct kernel *kernel = telling->kernel;
	if (kernel_missing_total(kernel) == 0 && kernel->lack_count == 0)
		return;
	fputs("\nNot read, and so not in the above:\n", out);
	for (unsigned i = 0; i < THINGS; i++)
		for (unsigned j = 0; j < KERNEL_REASONS; j++)
			if (kernel->missing[i][j])
				fprintf(out, "  %" PRIu64 " %s: %s\n", kernel->missing[i][j],
				    kernel_thing_text((enum kernel_thing)i, kernel->missing[i][j]),
				    kernel_reason_text(j));
	for (size_t i = 0; i < kernel->lack_count; i++)
		text_print_wrapped(out, "  ", kernel->lacks[i]);
	for (size_t i = 0; telling->verbose && i < kernel->note_count; i++)
		text_print_wrapped(out, "  damaged: ", kernel->notes[i]);
}

static void print_without_symbols(const struct telling *telling, FILE *out)
{
	const struct kernel *kernel = telling->kernel;
	fputs("\nLogon sessions cannot be read without the kernel's symbols:\n", out);
	text_print_wrapped(out, "  ", kernel->no_symbol.text);
	text_print_wrapped(out, "  ",
	    "Say where they are with --symbols DIR, or let them be fetched with --symbols "
	    "srv*CACHE*https://msdl.microsoft.com/download/symbols");
	fputs("\nLoaded modules:\n", out);
	uint32_t shown = telling->verbose || kernel->module_count < 10 ? kernel->module_count : 10;
	for (uint32_t i = 0; i < shown; i++) {
		fprintf(out, "  0x%016" PRIx64 " %8x  ", kernel->modules[i].base,
		    kernel->modules[i].size);
		text_print_column(out, kernel->modules[i].name, 40);
		fputc('\n', out);
	}
	if (shown < kernel->module_count)
		fprintf(
		    out, "  ... and %u more (--verbose shows all)\n", kernel->module_count - shown);
}

void answer_print_text(const struct telling *telling, FILE *out)
{
	print_header(telling, out);
	print_kernel(telling, out);
	if (telling->answer) {
		print_verdict(telling->answer, out);
		print_culprits(telling, out);
		print_orphans(telling, out);
	} else {
		print_without_symbols(telling, out);
	}
	print_missing(telling, out);
}
