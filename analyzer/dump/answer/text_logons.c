/* Logon sessions for people: the orphans, and with --all every one with its tokens. */
#include "dump/answer/inside.h"

#include <inttypes.h>
#include <string.h>

#include "common/text.h"
#include "common/timestamp.h"
#include "evidence/identity.h"
#include "evidence/snapshot.h"

#define ORPHANS_SHOWN 20 /* without --verbose */
#define MINUTE_END 16    /* of a timestamp's text */

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

/* "2026-10-25T09:12Z" */
static const char *minute(int64_t time, char out[TIMESTAMP_TEXT])
{
	timestamp_format(time, out);
	snprintf(out + MINUTE_END, TIMESTAMP_TEXT - MINUTE_END, "Z");
	return out;
}

/* When they were made, as far as the order of LUIDs tells. */
static void print_made(
    const char *first, const char *who, struct luid_bounds made, const char *more, FILE *out)
{
	const bool after = made.after != TIMESTAMP_UNKNOWN,
	           before = made.before != TIMESTAMP_UNKNOWN;
	char text[300], from[TIMESTAMP_TEXT], to[TIMESTAMP_TEXT];
	if (after && before)
		snprintf(text, sizeof text, "%s between %s and %s", who, minute(made.after, from),
		    minute(made.before, to));
	else if (after)
		snprintf(text, sizeof text, "%s after %s", who, minute(made.after, from));
	else if (before)
		snprintf(
		    text, sizeof text, "%s since boot, before %s", who, minute(made.before, to));
	else
		return;
	const size_t used = strlen(text);
	snprintf(text + used, sizeof text - used, ", inferred from the order of LUIDs%s", more);
	text_print_wrapped(out, first, text);
}

/* What stands beneath a row. */
static void print_details(const struct telling *telling, const struct kernel_logon_session *logon,
    const char *sid, FILE *out)
{
	if (sid)
		fprintf(out, "    user %s\n", sid);
	const struct luid_order *order = &telling->answer->order;
	const struct luid_bounds made = luid_order_bounds(order, logon->luid);
	if (made.after == TIMESTAMP_UNKNOWN && made.before == TIMESTAMP_UNKNOWN &&
	    !order->contradicted && !luid_is_lasting(logon->luid))
		fputs("    made since boot\n", out);
	print_made("    ", "made", made, "", out);
	print_tokens(telling, logon, out);
}

/* Of all orphans together. */
static void print_made_all(const struct answer *answer, FILE *out)
{
	struct luid_bounds all = {TIMESTAMP_UNKNOWN, TIMESTAMP_UNKNOWN};
	for (uint32_t i = 0; i < answer->orphan_count; i++) {
		const struct luid_bounds made = luid_order_bounds(
		    &answer->order, answer->kernel->logons[answer->orphans[i].logon].luid);
		if (i == 0)
			all = made;
		/* One that is unknown is the lowest number. */
		if (made.after < all.after)
			all.after = made.after;
		if (made.before == TIMESTAMP_UNKNOWN ||
		    (all.before != TIMESTAMP_UNKNOWN && made.before > all.before))
			all.before = made.before;
	}
	print_made("", answer->orphan_count == 1 ? "It was made" : "They were made", all,
	    "; that does not show when their sessions ended.", out);
}

static void print_orphan(const struct telling *telling, const struct orphan *orphan, FILE *out)
{
	const struct kernel_logon_session *logon = &telling->kernel->logons[orphan->logon];
	char kernel[24] = "?";
	print_logon(logon, orphan->session_id, out);
	if (!orphan_is_unseen(orphan))
		snprintf(kernel, sizeof kernel, "%" PRIu64, orphan_kernel_references(orphan));
	fprintf(out, " %7s\n", kernel);
	if (telling->verbose)
		print_details(telling, logon, orphan->user, out);
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
	print_made_all(answer, out);
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
		print_details(telling, logon, sid, out);
	}
}
