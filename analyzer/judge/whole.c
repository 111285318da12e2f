/* Knows what is on every host at any time, and what would be seen if the run's accounts had other names there. */
#include "judge/whole.h"

#include <stdlib.h>

#include "common/text.h"
#include "judge/growth.h"
#include "evidence/identity.h"

#define DURING_LEAST 3 /* snapshots in which somebody of the run should have been seen */

static bool has_session(const struct snapshot *snapshot, int64_t id)
{
	for (size_t i = 0; i < snapshot->session_count; i++)
		if (snapshot->sessions[i].id == id)
			return true;
	return false;
}

bool whole_block(struct sentences *out, const struct evidence *evidence)
{
	const struct snapshot *before = evidence->before.snapshot,
	                      *settled = evidence->settled.snapshot;
	const uint64_t *luid;
	bool lost = false;

	if (!before || !settled)
		return true;
	for (size_t i = 0; (luid = logon_session_lasting(i)); i++)
		lost =
		    lost || (logon_session_of(before, *luid) && !logon_session_of(settled, *luid));
	if (lost && snapshot_has(settled, "logon_sessions") &&
	    !sentences_add(out,
	        "the list of logon sessions at the mark \"settled\" is not whole: Windows' own are missing"))
		return false;
	if (has_session(before, 0) && !has_session(settled, 0) && snapshot_has(settled, "sessions"))
		return sentences_add(out,
		    "the list of sessions at the mark \"settled\" is not whole: session 0, which every host has, is missing");
	return true;
}

static int by_luid(const void *a, const void *b)
{
	const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
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
		if (before->handles[i].has_luid)
			luids[(*count)++] = before->handles[i].luid;
	if (luids)
		qsort(luids, *count, sizeof *luids, by_luid);
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
		strange += handle->has_luid && handle->luid != 0 &&
		           may_be_ours(evidence, handle->user, handle->domain) &&
		           !bsearch(&handle->luid, known, count, sizeof *known, by_luid);
	}
	free(known);
	return strange == 0 ||
	       sentences_add(out,
	           "%zu handle%s at the mark \"settled\" %s to new logon sessions that the list of logon sessions lacks",
	           strange, text_plural((int64_t)strange), strange == 1 ? "is" : "are");
}

/* New logon sessions without a user, in sessions that are not there (any more). */
static bool doubt_nameless(struct sentences *out, const struct evidence *evidence)
{
	const struct snapshot *before = evidence->before.snapshot,
	                      *settled = evidence->settled.snapshot;
	size_t nameless = 0;

	for (size_t i = 0; i < settled->logon_session_count; i++) {
		const struct logon_session *logon = &settled->logon_sessions[i];
		nameless += !logon->user && logon->session_id != 0 &&
		            !logon_session_of(before, logon->luid) &&
		            !(logon->session_id != NUMBER_UNKNOWN &&
		                has_session(settled, logon->session_id));
	}
	return nameless == 0 ||
	       sentences_add(out,
	           "%zu new logon session%s no user that the observers could name: %s may be the run's",
	           nameless, nameless == 1 ? " has" : "s have", nameless == 1 ? "it" : "they");
}

/* Names of accounts may differ between the scenario and the host (a UPN, another domain). */
static bool doubt_names(
    struct sentences *out, const struct verdict *verdict, const struct evidence *evidence)
{
	size_t during = 0;

	for (size_t i = 0; i < evidence->captures.count; i++)
		during += evidence->captures.items[i].mark == MARK_DURING &&
		          !evidence->captures.items[i].problem;
	/* Holders that let go late explain it. */
	if (verdict->ids.word == IDS_RISING && verdict->after_k == 0 &&
	    !sentences_add(out,
	        "session IDs rise by %.2f a cycle as if something leaked, though no logon session of the run's accounts is "
	        "left: are they called on the host as in the scenario?",
	        verdict->ids.growth_per_cycle))
		return false;
	if (during < DURING_LEAST || evidence->sighted)
		return true;
	return sentences_add(out,
	    "none of the %zu snapshots during the load shows any of the run's accounts: are they called on the host as in the "
	    "scenario?",
	    during);
}

bool whole_doubt(
    struct sentences *out, const struct verdict *verdict, const struct evidence *evidence)
{
	if (!evidence->before.snapshot || !evidence->settled.snapshot)
		return true;
	if (!doubt_nameless(out, evidence))
		return false;
	/* Handles that leak are what nobody can account for. */
	return growth_is_leak(verdict) ||
	       (doubt_handles(out, evidence) && doubt_names(out, verdict, evidence));
}
