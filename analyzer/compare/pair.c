/* Two moments are a pair if they are of one boot of one host, and in this order. Where no clock tells, logon sessions do:
 * Windows gives LUIDs in rising order and, within one boot, none twice. */
#include "compare/inside.h"

#include <stdlib.h>
#include <string.h>

#include "evidence/identity.h"
#include "leak/leak.h"

static void check_host(
    struct notes *notes, const struct snapshot *before, const struct snapshot *after)
{
	if (!before->host || !after->host)
		note_limit(notes, "nothing shows whether BEFORE and AFTER are of one host");
	if (host_same(before->host, after->host))
		return;
	note_reason(notes, "BEFORE is of host %s, AFTER of host %s: they cannot be compared",
	    before->host, after->host);
	notes->comparison->comparable = false;
}

static void check_boot(
    struct notes *notes, const struct snapshot *before, const struct snapshot *after)
{
	struct comparison *comparison = notes->comparison;
	comparison->boot = leak_boot(before, after);
	if (comparison->boot == BOOT_OTHER) {
		note_reason(notes, "the host was rebooted between BEFORE and AFTER: LUIDs and "
		                   "session IDs begin again, so the two cannot be compared");
		comparison->comparable = false;
	} else if (comparison->boot == BOOT_UNKNOWN) {
		note_limit(notes,
		    "nothing shows whether BEFORE and AFTER are of one boot (the logon times of the system's own logon "
		    "sessions would): it is assumed that they are");
	}
}

struct logon_session *logons_sorted(const struct snapshot *snapshot)
{
	size_t count = snapshot->logon_session_count;
	struct logon_session *sorted = malloc((count + 1) * sizeof *sorted);
	if (!sorted || !count)
		return sorted;
	memcpy(sorted, snapshot->logon_sessions, count * sizeof *sorted);
	qsort(sorted, count, sizeof *sorted, logon_session_order);
	return sorted;
}

static bool is_computer(const char *user)
{
	return user && *user && user[strlen(user) - 1] == '$';
}

static bool check_users(
    struct notes *notes, const struct logon_session *then, const struct logon_session *now)
{
	char luid[LUID_TEXT];
	/* Of the host's own, tools tell the computer's account or the service's name. */
	const bool own =
	    luid_is_lasting(then->luid) && !(is_computer(then->user) && is_computer(now->user));
	if (own || account_may_be(then->user, then->domain, now->user, now->domain))
		return true;
	note_reason(notes,
	    "logon session %s is of %s in BEFORE and of %s in AFTER, so these are two boots or two "
	    "hosts: they cannot be compared",
	    luid_format(then->luid, luid), then->user, now->user);
	notes->comparison->comparable = false;
	return false;
}

/* Whether BEFORE lists the logon sessions that every host has, so that others were not left out either. */
static bool seems_whole(const struct snapshot *before, const struct snapshot *after)
{
	return snapshot_whole(before, SECTION_LOGON_SESSIONS) && !lasting_missing(after, before);
}

/* A logon session that only AFTER has, though it is older than the newest of BEFORE. */
static bool check_order(
    struct notes *notes, const struct logon_session *newest, const struct logon_session *now)
{
	char luid[LUID_TEXT];
	bool timed =
	    (newest->logon_time_text && now->logon_time_text) ||
	    (newest->logon_time != TIMESTAMP_UNKNOWN && now->logon_time != TIMESTAMP_UNKNOWN);
	/* What was made at one moment may be listed a moment later. */
	bool apart = !timed || logon_session_apart(newest, now);
	if (now->luid >= newest->luid || luid_is_lasting(now->luid) || !apart)
		return true;
	note_reason(notes,
	    "logon session %s is in AFTER and not in BEFORE, which has newer ones: give them in "
	    "the other order",
	    luid_format(now->luid, luid));
	notes->comparison->comparable = false;
	return false;
}

static void check_logons(
    struct notes *notes, const struct snapshot *before, const struct snapshot *after)
{
	struct logon_session *then = logons_sorted(before), *now = logons_sorted(after);
	size_t then_count = before->logon_session_count, i = 0;
	bool good = then && now, whole = seems_whole(before, after);
	notes->failed |= !good;
	for (size_t j = 0; good && then_count && j < after->logon_session_count; j++) {
		while (i < then_count && then[i].luid < now[j].luid)
			i++;
		if (i < then_count && then[i].luid == now[j].luid)
			good = check_users(notes, &then[i], &now[j]);
		else if (whole)
			good = check_order(notes, &then[then_count - 1], &now[j]);
	}
	free(then);
	free(now);
}

void pair_check(struct notes *notes, const struct snapshot *before, const struct snapshot *after)
{
	check_host(notes, before, after);
	check_boot(notes, before, after);
	if (notes->comparison->comparable)
		check_logons(notes, before, after);
}
