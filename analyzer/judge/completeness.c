/* Knows what is on every host at any time, and what would be seen if the run's accounts had other names there. */
#include "judge/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/order.h"
#include "common/text.h"
#include "evidence/identity.h"
#include "judge/growth.h"

#define DURING_LEAST 3 /* snapshots in which somebody of the run should have been seen */

/* So many that nobody can account for may come and go in a run. */
static double allowed(const struct verdict *verdict)
{
	return 0.02 * (double)verdict->n > 3 ? 0.02 * (double)verdict->n : 3;
}

static bool has_session(const struct snapshot *snapshot, int64_t id)
{
	for (size_t i = 0; i < snapshot->session_count; i++)
		if (snapshot->sessions[i].id == id)
			return true;
	return false;
}

/* All LUIDs that the snapshots name, but those of the handles at the end; sorted. To free. */
static uint64_t *known_luids(const struct evidence *evidence, size_t *count)
{
	const struct snapshot *before = evidence->before.snapshot,
	                      *settled = evidence->settled.snapshot;
	uint64_t *luids = calloc(
	    before->logon_session_count + settled->logon_session_count + before->handle_count + 1,
	    sizeof *luids);

	*count = 0;
	for (size_t i = 0; luids && i < before->logon_session_count; i++)
		luids[(*count)++] = before->logon_sessions[i].luid;
	for (size_t i = 0; luids && i < settled->logon_session_count; i++)
		luids[(*count)++] = settled->logon_sessions[i].luid;
	for (size_t i = 0; luids && i < before->handle_count; i++)
		if (before->handles[i].luid != LUID_UNKNOWN)
			luids[(*count)++] = before->handles[i].luid;
	if (luids)
		qsort(luids, *count, sizeof *luids, order_of_luids);
	return luids;
}

static bool may_be_ours(const struct evidence *evidence, const char *user, const char *domain)
{
	return !user || cycle_index_has(&evidence->index, user, domain);
}

/* Handles to logon sessions that no list has. */
static bool doubt_handles(struct sentences *out, const struct evidence *evidence)
{
	const struct snapshot *settled = evidence->settled.snapshot;
	size_t count, strange = 0;
	uint64_t *known = known_luids(evidence, &count);

	if (!known)
		return false;
	for (size_t i = 0; i < settled->handle_count; i++) {
		const struct handle *handle = &settled->handles[i];
		strange += handle->luid != LUID_UNKNOWN && handle->luid != 0 &&
		           may_be_ours(evidence, handle->user, handle->domain) &&
		           !bsearch(&handle->luid, known, count, sizeof *known, order_of_luids);
	}
	free(known);
	return strange == 0 ||
	       sentences_add(out,
	           "%zu handle%s at the mark \"settled\" %s for new logon sessions that are missing from the list of logon sessions",
	           strange, text_plural((int64_t)strange), strange == 1 ? "is" : "are");
}

/* New logon sessions without a user, in sessions that are not there (any more). */
static bool doubt_nameless(struct sentences *out, const struct evidence *evidence)
{
	const struct snapshot *settled = evidence->settled.snapshot;
	size_t nameless = 0;

	for (size_t i = 0; i < settled->logon_session_count; i++) {
		const struct logon_session *logon = &settled->logon_sessions[i];
		nameless += !logon->user && logon->session_id != 0 &&
		            leak_logon(evidence->leak, logon->luid)->first > 1 &&
		            !(logon->session_id != NUMBER_UNKNOWN &&
		                has_session(settled, logon->session_id));
	}
	return nameless == 0 ||
	       sentences_add(out,
	           "%zu new logon session%s no user that the observers could name: %s may be the run's",
	           nameless, nameless == 1 ? " has" : "s have", nameless == 1 ? "it" : "they");
}

/* Names of accounts may differ between the scenario and the host (a UPN, another domain). */
static bool doubt_names(struct sentences *out, const struct evidence *evidence)
{
	size_t during = 0;

	for (size_t i = 0; i < evidence->captures.count; i++)
		during += evidence->captures.items[i].mark == MARK_DURING &&
		          !evidence->captures.items[i].problem;
	if (during < DURING_LEAST || evidence->sighted)
		return true;
	return sentences_add(out,
	    "none of the %zu samples during the load shows any of the run's accounts: check that they have the same names on "
	    "the host as in the scenario",
	    during);
}

/* A host gives the lowest ID that is free. */
static bool doubt_skipped(struct sentences *out, const struct verdict *verdict)
{
	const struct skipped_ids *ids = &verdict->skipped;
	const bool one = ids->skipped == 1;
	if (ids->skipped > 0)
		return sentences_add(out,
		    "%lld session ID%s given to no later cycle (%s%lld), though higher ones were: something that was not seen "
		    "may keep %s. Check that the accounts have the same names on the host as in the scenario, and that all "
		    "handles could be looked into",
		    (long long)ids->skipped, one ? " was" : "s were", one ? "" : "such as ",
		    (long long)ids->one, one ? "it" : "them");
	return (double)ids->unshown <= allowed(verdict) ||
	       sentences_add(out,
	           "%lld session IDs were given to no later cycle (such as %lld), though higher ones were, and no sample shows "
	           "what kept them: take samples during the load (observe_every), and check that the accounts have the same "
	           "names on the host as in the scenario",
	           (long long)ids->unshown, (long long)ids->one);
}

bool completeness_doubt(
    struct sentences *out, const struct verdict *verdict, const struct evidence *evidence)
{
	if (!evidence->before.snapshot || !evidence->settled.snapshot)
		return true;
	if (!doubt_nameless(out, evidence))
		return false;
	/* Handles that leak are what nobody can account for. */
	return growth_is_leak(verdict) ||
	       (doubt_handles(out, evidence) &&
	           (verdict->commands.are_all ? commands_doubt(out, verdict, evidence)
	                                      : doubt_names(out, evidence)) &&
	           doubt_skipped(out, verdict));
}

/* ---- rule 6: what a clean run has seen ---- */

/* Handles that cannot be opened count as seen unless there are more of them than before. */
static bool doubt_unseen(
    struct sentences *out, const struct verdict *verdict, const struct evidence *evidence)
{
	const struct unseen before = leak_unseen(evidence->before.snapshot),
	                    last = leak_unseen(evidence->settled.snapshot),
	                    *all = &evidence->least_unseen,
	                    settled = {all->tokens < last.tokens ? all->tokens : last.tokens,
	                        all->exited < last.exited ? all->exited : last.exited};
	const double most = allowed(verdict);
	if ((double)settled.tokens > (double)before.tokens + most &&
	    !sentences_add(out,
	        "token handles that could not be looked into rose from %zu to %zu during the run",
	        before.tokens, settled.tokens))
		return false;
	return (double)settled.exited <= (double)before.exited + most ||
	       sentences_add(out,
	           "handles to exited processes of unknown owner rose from %zu to %zu "
	           "during the run",
	           before.exited, settled.exited);
}

/* Logons after settling that were given all IDs again tell as much as handles do. */
static bool doubt_ids(
    struct sentences *out, const struct verdict *verdict, const struct evidence *evidence)
{
	const struct snapshot *settled = evidence->settled.snapshot;

	/* Commands are given no session. */
	if (leak_shows_ids(settled) || verdict->witness.covers || verdict->commands.are_all)
		return true;
	if (snapshot_whole(settled, SECTION_HANDLES))
		return sentences_add(out,
		    "whether session IDs stay taken is not known, as the session IDs of tokens are not visible "
		    "(handle does not print them): use leaklab-probe");
	return sentences_add(out,
	    "whether session IDs stay taken is not known, as not all handles are visible (%s): use "
	    "leaklab-probe, or let an observer run handle -a for all processes, elevated",
	    snapshot_why_not_whole(settled, SECTION_HANDLES));
}

static bool doubt_gaps(
    struct sentences *out, const struct verdict *verdict, const struct evidence *evidence)
{
	if (evidence->widest_gap <= verdict->quiet_time ||
	    leak_process_ended(evidence->before.snapshot, evidence->settled.snapshot) == NO)
		return true;
	return sentences_add(out,
	    "no sample of the host was taken for %lld s, and a leaking process may have ended in that time, so that its leak "
	    "went with it: take samples at least every %lld s (observe_every, settle.poll), or let an observer list processes",
	    (long long)((evidence->widest_gap + 999999) / 1000000),
	    (long long)((verdict->quiet_time + 999999) / 1000000));
}

/* What went as its holder ended may have been a leak, which the holder would make again. */
static bool doubt_taken(struct sentences *out, const struct verdict *verdict)
{
	char words[TAKEN_WORDS];
	return !taken_words(&verdict->taken, words) ||
	       sentences_add(out, "%s; let it run until the host has settled", words);
}

bool completeness_clean(
    struct sentences *out, const struct verdict *verdict, const struct evidence *evidence)
{
	if (!evidence->before.snapshot || !evidence->settled.snapshot)
		return true;
	return doubt_ids(out, verdict, evidence) && doubt_unseen(out, verdict, evidence) &&
	       doubt_gaps(out, verdict, evidence) && doubt_taken(out, verdict);
}
