/* Knows what the lab host's state looks like to its kernel: the words of labkernel/describe.c. */
#include "labhost/show.h"

#include <ctype.h>
#include <inttypes.h>
#include <search.h>
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
	fprintf(out, " %" PRIu32, process->session_id);
	if (process->exited == DUE_NEVER)
		fprintf(out, " created=%" PRId64 "\n", process->started);
	else
		fputs(" exited\n", out);
	if (process->pid == 4 || process->exited != DUE_NEVER)
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
	static const char *const methods[] = {
	    [NT_CREATED] = "create", [NT_DUPLICATED] = "duplicate", [NT_FILTERED] = "filter"};
	static const char *const stacks[] = {[NT_CREATED] = "SepCreateToken+6",
	    [NT_DUPLICATED] = "SepDuplicateToken+c,NtDuplicateToken+6",
	    [NT_FILTERED] = "SepFilterToken+a,NtFilterToken+8"};
	char luid[24];

	snprintf(luid, sizeof(luid), "%x:%x", (unsigned)(token->logon->luid >> 32),
	    (unsigned)token->logon->luid);
	fprintf(out,
	    "token %" PRIx64 " %s %" PRIu32 " %s token-id=%" PRIx64 "%s by=%" PRIu32 ":%" PRIu32
	    ":%s:",
	    token->id, luid, token->session_id, token->logon->sid, token->id,
	    token->method == NT_CREATED ? "" : " impersonation level=1", token->creator,
	    token->creator + 4, methods[token->method]);
	encode(out, token->creator_image);
	if (token->creator == 4)
		fputs(" stack=SepCreateToken+4\n", out);
	else
		fprintf(out, " stack=%s,KiSystemServiceCopyEnd+8,%llx,%llx,%llx\n",
		    stacks[token->method], NTDLL_BASE + DUPLICATE_CALL,
		    IMAGE_BASE + 0x1a40 + 0x10 * token->method, KERNEL32_BASE + CLOSE_CALL);
}

static void tell_primary(const struct nt_process *process, FILE *out)
{
	tell_token(process->primary, out);
	fprintf(out, "primary %" PRIu32 " %" PRIx64 "\n", process->pid, process->primary->id);
}

static int by_address(const void *a, const void *b)
{
	return (a > b) - (a < b);
}

static void keep(void *node)
{
	(void)node;
}

/* Several handles may lead to one token, which is printed once; one that a process runs with has been printed by then. */
static void tell_handle(const struct nt_handle *handle, void **told, FILE *out)
{
	if (handle->target) {
		fprintf(out, "handle %" PRIu32 " %s:%" PRIu32 "%s %" PRIx32 "\n",
		    handle->process->pid, handle->type == NT_TYPE_THREAD ? "thread" : "process",
		    handle->target->pid, handle->type == NT_TYPE_THREAD ? ":4" : "", handle->value);
	} else if (handle->token) {
		if (handle->token->references == 0 && !tfind(handle->token, told, by_address)) {
			tsearch(handle->token, told, by_address);
			tell_token(handle->token, out);
		}
		fprintf(out, "handle %" PRIu32 " %" PRIx64 " %" PRIx32 "\n", handle->process->pid,
		    handle->token->id, handle->value);
	}
}

bool show_machine(const struct show_context *context, FILE *out, struct error *error)
{
	const struct model *model = context->model;
	const struct nt_process *process;
	const struct nt_logon *logon;
	const struct nt_token *token;
	void *told = NULL;

	(void)error;
	fprintf(out, "clock %" PRId64 " %" PRId64 "\n", context->now,
	    context->now - model_boot_time(model));
	TAILQ_FOREACH(process, model_processes(model), link)
	tell_process(process, out);
	TAILQ_FOREACH(process, model_exited(model), link)
	tell_process(process, out);
	TAILQ_FOREACH(logon, model_logons(model), link)
	{
		fprintf(out, "logon %x:%x", (unsigned)(logon->luid >> 32), (unsigned)logon->luid);
		word(out, logon->user);
		word(out, logon->domain);
		fputc('\n', out);
	}
	TAILQ_FOREACH(process, model_exited(model), link)
	tell_primary(process, out);
	TAILQ_FOREACH(process, model_processes(model), link)
	tell_primary(process, out);
	TAILQ_FOREACH(process, model_processes(model), link)
	for (size_t slot = 0; slot < process->table_size; slot++)
		if (process->table[slot])
			tell_handle(process->table[slot], &told, out);
	tdestroy(told, keep);
	TAILQ_FOREACH(token, model_kernel_tokens(model), kernel_link)
	tell_token(token, out);
	return true;
}
