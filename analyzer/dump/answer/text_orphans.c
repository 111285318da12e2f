/* Orphaned logon sessions for people: a table, and with --verbose each one's tokens. */
#include <inttypes.h>
#include <string.h>

#include "common/text.h"
#include "dump/answer/text.h"
#include "evidence/snapshot.h"

#define ORPHANS_SHOWN 20
#define TOKENS_SHOWN 50 /* of one logon session */
#define IMAGE_MOST 24   /* columns; a longer name would not leave room for the rest of its line */
#define IMAGE_COLUMNS(name) ((int)strlen(name) < IMAGE_MOST ? (int)strlen(name) : IMAGE_MOST)

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
		text_print_column(out, token->creator_image, IMAGE_COLUMNS(token->creator_image));
		fputs(cut_mark(token->creator_is_cut), out);
		fprintf(out, ", process %" PRIu64 ", thread %" PRIu64 "\n", token->creator_pid,
		    token->creator_tid);
	}
	for (uint32_t i = token->holders; i != KERNEL_NONE; i = kernel->holders[i].next) {
		const struct kernel_holder *holder = &kernel->holders[i];
		fputs("      held by ", out);
		if (holder->process != KERNEL_NONE) {
			const struct kernel_process *process = &kernel->processes[holder->process];
			text_print_column(out, process->image, IMAGE_COLUMNS(process->image));
			fprintf(out, "%s (%" PRIu64 "), ", cut_mark(process->image_is_cut),
			    process->pid);
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

void print_orphans(const struct telling *telling, FILE *out)
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
