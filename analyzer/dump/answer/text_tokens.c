/* Tokens of a logon session for people: what they are, who made them, who holds them. */
#include "dump/answer/inside.h"

#include <inttypes.h>
#include <string.h>

#include "common/text.h"
#include "evidence/snapshot.h"

#define TOKENS_SHOWN 50 /* of one logon session, without --all */
#define FRAME_MOST (TEXT_COLUMNS - 9)
#define IMAGE_MOST 24 /* columns; a longer name would not leave room for the rest of its line */
#define IMAGE_COLUMNS(name) ((int)strlen(name) < IMAGE_MOST ? (int)strlen(name) : IMAGE_MOST)

static void print_stack(const struct telling *telling, const struct kernel_token *token, FILE *out)
{
	char frame[KERNEL_FRAME_TEXT];
	for (uint32_t i = 0; i < token->stack->count; i++) {
		kernel_frame_text(telling->kernel, telling->store, token->creator_pid,
		    token->creator_image, token->stack->frame[i], frame);
		fputs("        ", out);
		text_print_column(
		    out, frame, (int)strlen(frame) < FRAME_MOST ? (int)strlen(frame) : FRAME_MOST);
		fputc('\n', out);
	}
}

static void print_token(const struct telling *telling, const struct kernel_token *token, FILE *out)
{
	const struct kernel *kernel = telling->kernel;
	fprintf(out, "    token 0x%" PRIx64 " ", token->address);
	if (!token->is_read) {
		fputs("cannot be read\n", out);
		return;
	}
	const int64_t session = kernel_session_id(token->session_id);
	fprintf(out, "%s%s, flags 0x%x, ",
	    token->type == 2   ? "impersonation"
	    : token->type == 1 ? "primary"
	                       : "?",
	    token->flags & TOKEN_FLAG_NO_REFERENCE ? " (holds nothing)" : "", token->flags);
	if (session == NUMBER_UNKNOWN)
		fputs("in no session\n", out);
	else
		fprintf(out, "session %" PRId64 "\n", session);
	if (token->creator_image) {
		fprintf(out, "      %s by ", method_text(token->method));
		text_print_column(out, token->creator_image, IMAGE_COLUMNS(token->creator_image));
		fputs(cut_mark(token->creator_is_cut), out);
		fprintf(out, ", process %" PRIu64 ", thread %" PRIu64 "\n", token->creator_pid,
		    token->creator_tid);
	}
	if (telling->all && token->stack)
		print_stack(telling, token, out);
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
	const uint32_t hidden = kernel_token_handles_hidden(kernel, token);
	if (hidden > 0)
		fprintf(out, "      held by %u handle%s that %s not found\n", hidden,
		    text_plural(hidden), hidden == 1 ? "was" : "were");
	else if (token->holders == KERNEL_NONE)
		fputs(kernel_token_holders_seen(kernel, token) ? "      held by nobody in sight\n"
		                                               : "      holder not seen\n",
		    out);
}

void print_tokens(
    const struct telling *telling, const struct kernel_logon_session *logon, FILE *out)
{
	uint32_t shown = 0;
	for (uint32_t i = logon->tokens; i != KERNEL_NONE;
	     i = telling->kernel->tokens[i].next_of_session) {
		if (shown++ == TOKENS_SHOWN && !telling->all) {
			fprintf(out, "    ... and %u tokens more (--all shows them)\n",
			    logon->token_count - TOKENS_SHOWN);
			return;
		}
		print_token(telling, &telling->kernel->tokens[i], out);
	}
}
