/* Knows what the lab host's state looks like to its kernel: the words of labkernel/describe.c. */
#include "labhost/show.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* Where images lie in the user part of a process. */
#define IMAGE_BASE 0x7ff6a0000000ull
#define NTDLL_BASE 0x7ff8c0000000ull
#define KERNEL32_BASE 0x7ff8b0000000ull
#define DUPLICATE_CALL 0x9d3e4 /* NtDuplicateToken's in ntdll, a made-up place as all of them */
#define CLOSE_CALL 0x18d21

/* As one word. */
static void encode(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (isalnum((unsigned char)*text) || strchr("._-$\\", *text))
			fputc(*text, out);
		else
			fprintf(out, "%%%02X", (unsigned char)*text);
	}
}

static void word(FILE *out, const char *text)
{
	fputc(' ', out);
	encode(out, text);
}

static void tell_process(const struct nt_process *process, FILE *out)
{
	fprintf(out, "process %" PRIu32, process->pid);
	word(out, process->image);
	fprintf(out, " %" PRIu32 "\n", process->session_id);
	if (process->pid == 4)
		return;
	fprintf(out, "user-module %" PRIu32, process->pid);
	word(out, process->image);
	fprintf(out, " %llx 40000\n", IMAGE_BASE);
	fprintf(out, "user-module %" PRIu32 " ntdll.dll %llx 1f8000\n", process->pid, NTDLL_BASE);
	fprintf(
	    out, "user-module %" PRIu32 " kernel32.dll %llx b2000\n", process->pid, KERNEL32_BASE);
}

static void tell_token(const struct nt_token *token, FILE *out)
{
	char luid[24];

	snprintf(luid, sizeof(luid), "%x:%x", (unsigned)(token->logon->luid >> 32),
	    (unsigned)token->logon->luid);
	fprintf(out,
	    "token %" PRIx64 " %s %" PRIu32 " %s%s by=%" PRIu32 ":%" PRIu32 ":%s:", token->id, luid,
	    token->session_id, token->logon->sid, token->duplicated ? " impersonation level=1" : "",
	    token->creator, token->creator + 8, token->duplicated ? "duplicate" : "create");
	encode(out, token->creator_image);
	if (token->creator == 4)
		fputs(" stack=SepCreateToken+4\n", out);
	else
		fprintf(out, " stack=%s,KiSystemServiceCopyEnd+8,%llx,%llx,%llx\n",
		    token->duplicated ? "SepDuplicateToken+c,NtDuplicateToken+6"
		                      : "SepCreateToken+6",
		    NTDLL_BASE + DUPLICATE_CALL, IMAGE_BASE + 0x1a40 + 0x10 * token->duplicated,
		    KERNEL32_BASE + CLOSE_CALL);
}

bool show_machine(const struct show_context *context, FILE *out, struct error *error)
{
	const struct model *model = context->model;
	const struct nt_process *process;
	const struct nt_logon *logon;
	const struct nt_token *token;

	(void)error;
	fprintf(out, "clock %" PRId64 " %" PRId64 "\n", context->now,
	    context->now - model_boot_time(model));
	TAILQ_FOREACH(process, model_processes(model), link)
	tell_process(process, out);
	TAILQ_FOREACH(logon, model_logons(model), link)
	{
		fprintf(out, "logon %x:%x", (unsigned)(logon->luid >> 32), (unsigned)logon->luid);
		word(out, logon->user);
		word(out, logon->domain);
		fputc('\n', out);
	}
	TAILQ_FOREACH(process, model_processes(model), link)
	{
		tell_token(process->primary, out);
		fprintf(
		    out, "primary %" PRIu32 " %" PRIx64 "\n", process->pid, process->primary->id);
		for (size_t slot = 0; slot < process->table_size; slot++) {
			const struct nt_handle *handle = process->table[slot];
			if (!handle || !handle->token)
				continue;
			tell_token(handle->token, out);
			fprintf(out, "handle %" PRIu32 " %" PRIx64 " %" PRIx32 "\n", process->pid,
			    handle->token->id, handle->value);
		}
	}
	TAILQ_FOREACH(token, model_kernel_tokens(model), kernel_link)
	tell_token(token, out);
	return true;
}
