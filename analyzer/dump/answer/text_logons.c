/* Logon sessions for people: the orphans, and with --all every one with its tokens. */
#include "dump/answer/inside.h"

#include <inttypes.h>
#include <string.h>

#include "common/text.h"
#include "evidence/snapshot.h"

#define ORPHANS_SHOWN 20 /* without --verbose */

/* The columns that both tables have. */
static void print_logon(const struct kernel_logon_session *logon, int64_t session_id, FILE *out)
{
	char luid[LUID_TEXT], account[600], references[24] = "?";
	snprintf(account, sizeof account, "%.255s%s%.255s", logon->domain ? logon->domain : "",
	    logon->domain && *logon->domain ? "\\" : "", logon->user ? logon->user : "?");
	fprintf(out, "%s ", luid_format(logon->luid, luid));
	if (session_id == NUMBER_UNKNOWN)
		fprintf(out, "%7s  ", "?");
	else
		fprintf(out, "%7" PRId64 "  ", session_id);
	text_print_column(out, account, 23);
	if (logon->references != NUMBER_UNKNOWN)
		snprintf(references, sizeof references, "%" PRId64, logon->references);
	fprintf(out, " %10s %7u", references, logon->token_count);
}

static void print_orphan(const struct telling *telling, const struct orphan *orphan, FILE *out)
{
	const struct kernel_logon_session *logon = &telling->kernel->logons[orphan->logon];
	char kernel[24] = "?";
	print_logon(logon, orphan->session_id, out);
	if (!orphan_is_unseen(orphan))
		snprintf(kernel, sizeof kernel, "%" PRIu64, orphan_kernel_references(orphan));
	fprintf(out, " %7s\n", kernel);
	if (!telling->verbose)
		return;
	if (orphan->user)
		fprintf(out, "    user %s\n", orphan->user);
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

void print_all_logons(const struct telling *telling, FILE *out)
{
	const struct kernel *kernel = telling->kernel;
	if (!telling->all || kernel->logon_count == 0)
		return;
	fprintf(out, "\nAll logon sessions:\n%-17s %7s  %-23s %10s %7s\n", "LUID", "SESSION",
	    "USER", "REFERENCES", "TOKENS");
	for (uint32_t i = 0; i < kernel->logon_count; i++) {
		const struct kernel_logon_session *logon = &kernel->logons[i];
		const char *sid;
		print_logon(logon, logon_session_id(kernel, logon, &sid), out);
		fputc('\n', out);
		if (sid)
			fprintf(out, "    user %s\n", sid);
		print_tokens(telling, logon, out);
	}
}
