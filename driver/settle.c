/* Knows when a host has settled: nothing of our accounts is left, or nothing of it changes any more. */
#include "settle.h"

#include <stdlib.h>
#include <string.h>

#include "common/timestamp.h"
#include "common/duration.h"
#include "evidence/identity.h"

/* How much of our accounts a snapshot shows beyond what was there before the run. */
struct remains {
	size_t sessions;
	size_t logon_sessions;
	size_t handles;
	uint64_t mix; /* changes when one goes and another comes */
};

static bool is_ours(const struct run *run, const char *user, const char *domain)
{
	for (size_t i = 0; user && i < accounts_count(run->accounts); i++) {
		const struct account *account = accounts_at(run->accounts, i);
		if (account_same(
		        account->user, account->domain[0] ? account->domain : NULL, user, domain))
			return true;
	}
	return false;
}

static bool had_logon_session(const struct snapshot *before, const struct logon_session *wanted)
{
	for (size_t i = 0; before && i < before->logon_session_count; i++)
		if (logon_session_same(&before->logon_sessions[i], wanted))
			return true;
	return false;
}

static bool had_session(const struct snapshot *before, const struct session *wanted)
{
	for (size_t i = 0; before && i < before->session_count; i++)
		if (before->sessions[i].id == wanted->id &&
		    account_same(before->sessions[i].user, before->sessions[i].domain, wanted->user,
		        wanted->domain))
			return true;
	return false;
}

static int compare_luids(const void *a, const void *b)
{
	const uint64_t one = *(const uint64_t *)a;
	const uint64_t other = *(const uint64_t *)b;

	return (one > other) - (one < other);
}

static void count_handles(const struct snapshot *now, uint64_t *luids, struct remains *remains)
{
	qsort(luids, remains->logon_sessions, sizeof(*luids), compare_luids);
	for (size_t i = 0; i < now->handle_count; i++)
		if (now->handles[i].has_luid &&
		    bsearch(&now->handles[i].luid, luids, remains->logon_sessions, sizeof(*luids),
		        compare_luids))
			remains->handles++;
}

static bool find_remains(const struct run *run, const struct snapshot *now,
    const struct snapshot *before, struct remains *remains)
{
	uint64_t *luids = calloc(now->logon_session_count + 1, sizeof(*luids));

	if (!luids)
		return false;
	*remains = (struct remains){0};
	for (size_t i = 0; i < now->session_count; i++) {
		const struct session *session = &now->sessions[i];
		if (is_ours(run, session->user, session->domain) && !had_session(before, session)) {
			remains->sessions++;
			remains->mix += (uint64_t)session->id * UINT64_C(0x9e3779b97f4a7c15);
		}
	}
	for (size_t i = 0; i < now->logon_session_count; i++) {
		const struct logon_session *session = &now->logon_sessions[i];
		if (is_ours(run, session->user, session->domain) &&
		    !had_logon_session(before, session)) {
			luids[remains->logon_sessions++] = session->luid;
			remains->mix += session->luid * UINT64_C(0xbf58476d1ce4e5b9);
		}
	}
	count_handles(now, luids, remains);
	free(luids);
	return true;
}

static bool same(const struct remains *a, const struct remains *b)
{
	return a->sessions == b->sessions && a->logon_sessions == b->logon_sessions &&
	       a->handles == b->handles && a->mix == b->mix;
}

/* What is left at this round; false if the round gave no snapshot. */
static bool look(
    struct run *run, int64_t round, const struct snapshot *before, struct remains *remains)
{
	struct snapshot *now;
	struct error error;

	if (!run_observe(run, MARK_SETTLING, round, 2) || run->problem[0])
		return false;
	now = runfile_snapshot(run->runfile, MARK_SETTLING, round, &error);
	if (!now)
		return false;
	const bool found = find_remains(run, now, before, remains);
	snapshot_destroy(now);
	return found;
}

/* Returns how the settling ended. */
static const char *wait_until_settled(
    struct run *run, const struct snapshot *before, int64_t *round)
{
	const struct scenario_settle *settle = &run->scenario->settle;
	const int64_t start = timestamp_monotonic();
	const int interrupts = run->interrupts;
	struct remains last = {0};
	int64_t changed = start;
	bool seen = false;

	for (*round = 1;; (*round)++) {
		struct remains remains;

		if (run->fallen.text[0] || run->interrupts >= 2)
			return "interrupted";
		const bool looked = look(run, *round, before, &remains);
		const int64_t now = timestamp_monotonic();

		if (run->error.text[0])
			return "failed";
		if (looked && remains.sessions + remains.logon_sessions == 0)
			return "quiet"; /* what is gone cannot come back */
		if (looked && (!seen || !same(&remains, &last))) {
			changed = now;
			last = remains;
			seen = true;
		}
		if (looked && now - start >= settle->at_least.least &&
		    now - changed >= settle->quiet.least)
			return "quiet";
		if (now - start >= settle->timeout.least)
			return "timeout";
		while (timestamp_monotonic() < now + settle->poll.least)
			if (!run_turn(run, now + settle->poll.least))
				return "failed";
			else if (run->interrupts > interrupts)
				return "interrupted";
	}
}

bool run_settle(struct run *run)
{
	struct error error;
	struct snapshot *before = runfile_snapshot(run->runfile, MARK_BEFORE, 1, &error);
	int64_t round;
	const char *how;

	run->doing = "settling: waiting for holders to let go";
	how = wait_until_settled(run, before, &round);
	snapshot_destroy(before);
	if (run->error.text[0])
		return false;
	if (strcmp(how, "timeout") == 0)
		run_event(run, "not-settled",
		    "the host had not settled when the time for it was over", true);
	return runfile_mark_settled(run->runfile, round, &run->error) &&
	       runfile_set(run->runfile, "settled", how, &run->error);
}
