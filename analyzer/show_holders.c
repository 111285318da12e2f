/* The holders in a snapshot: by logon session, the session that is pinned first. */
#include "command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "compare/compare.h"

#define LOGONS_MOST 60
#define HOLDERS_MOST 40

static void print_who(const struct snapshot *snapshot, const struct logon_session *logon)
{
	char luid[LUID_TEXT];
	printf("  %s ", luid_format(logon->luid, luid));
	text_print(stdout, logon->user);
	if (logon->session_id == NUMBER_UNKNOWN) {
		printf(", session ID not known");
		return;
	}
	printf(", session ID %" PRId64, logon->session_id);
	if (session_is_gone(snapshot, logon))
		fputs(snapshot->sessions_partial ? ", which no listed session has"
		                                 : ", which no session has: pinned",
		    stdout);
}

static void print_holders(const struct holder *holders, size_t count)
{
	int64_t tokens = 0, others = 0;
	for (size_t i = 0; i < count; i++) {
		tokens += holders[i].tokens;
		others += holders[i].directories;
	}
	printf(": %" PRId64 " token handle%s", tokens, tokens == 1 ? "" : "s");
	if (others)
		printf(" and %" PRId64 " of its directory", others);
	putchar('\n');
	for (size_t i = 0; i < count && i < HOLDERS_MOST; i++) {
		if (holders[i].pid == NUMBER_UNKNOWN)
			printf("    %7s ", "-");
		else
			printf("    %7" PRId64 " ", holders[i].pid);
		text_print_column(stdout, holders[i].image, 24);
		printf(" %4" PRId64 "%s%s\n", holders[i].tokens,
		    holders[i].directories ? " and the directory" : "",
		    holders[i].follower ? "  (follows the last other holder)" : "");
	}
	if (count > HOLDERS_MOST)
		printf("    and %zu more holder%s\n", count - HOLDERS_MOST,
		    text_plural((int64_t)(count - HOLDERS_MOST)));
}

/* What is known of the logon session: from the list, or else from handles to it. */
static struct logon_session find_logon(const struct snapshot *snapshot, uint64_t luid)
{
	for (size_t i = 0; i < snapshot->logon_session_count; i++) {
		if (snapshot->logon_sessions[i].luid == luid)
			return snapshot->logon_sessions[i];
	}
	struct logon_session logon = {.luid = luid, .session_id = NUMBER_UNKNOWN};
	for (size_t i = 0; i < snapshot->handle_count; i++) {
		const struct handle *handle = &snapshot->handles[i];
		if (handle->has_luid && handle->luid == luid && handle->user) {
			logon.user = handle->user;
			logon.session_id = handle->session_id;
			break;
		}
	}
	return logon;
}

bool show_holders(const struct snapshot *snapshot, struct error *error)
{
	struct holders holders;
	size_t logons = 0, shown = 0, count;
	if (!snapshot->handle_count)
		return true;
	if (!holders_find(&holders, snapshot, error))
		return false;
	for (size_t i = 0; i < holders.count; i++)
		logons += i == 0 || holders.items[i].luid != holders.items[i - 1].luid;
	if (logons)
		printf("\nheld logon sessions: %zu\n", logons);
	for (size_t i = 0; i < holders.count && shown < LOGONS_MOST; i += count, shown++) {
		const struct holder *first = holders_of(&holders, holders.items[i].luid, &count);
		struct logon_session logon = find_logon(snapshot, first->luid);
		print_who(snapshot, &logon);
		print_holders(first, count);
	}
	if (logons > shown)
		printf("  and %zu more (--format json has all handles)\n", logons - shown);
	holders_deinit(&holders);
	return true;
}
