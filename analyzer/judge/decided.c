/* Knows when a run that goes on has shown a leak so surely that more cycles show nothing new about it. */
#include <string.h>

#include "evidence/identity.h"
#include "judge/judge.h"
#include "judge/orphans.h"

/* A cache keeps an account's latest until its next logon: only a logoff since tells it from a leak. Of commands, which are of no account, one that
 * has run. */
static bool has_logged_off_since(const struct evidence *evidence, const struct survivor *survivor)
{
	const struct cycle *leaked = survivor->cycle;

	for (size_t i = 0; i < evidence->cycles.count; i++) {
		const struct cycle *cycle = &evidence->cycles.items[i];
		const bool over = cycle->result == CYCLE_RAN || cycle->result == CYCLE_LOGGED_OFF;
		if (cycle->started > leaked->started && over &&
		    cycle->ended <= survivor->left->shown &&
		    (!leaked->user ||
		        account_same(cycle->user, cycle->domain, leaked->user, leaked->domain)))
			return true;
	}
	return false;
}

static bool decides(const struct evidence *evidence, const struct survivor *survivor)
{
	const struct leak *leak = evidence->leak;
	const struct left_logon *left = survivor->left;

	return left_is_orphan(left) && survivor->cycle &&
	       leak_is_old(leak, left->ended, left->shown,
	           leak_stopping_age(leak) - leak_release_time(leak)) &&
	       has_logged_off_since(evidence, survivor);
}

bool judge_decided(struct runfile *runfile, bool *leaks, struct error *error)
{
	struct limits limits;
	struct evidence evidence;
	struct orphans orphans = {0};

	*leaks = false;
	if (!limits_read(&limits, runfile, error))
		return false;
	bool good = evidence_load(&evidence, &limits, runfile, error);
	limits_deinit(&limits);
	if (!good)
		return false;
	const struct snapshot *last = evidence_last(&evidence)->snapshot;
	if (last && snapshot_has(last, SECTION_LOGON_SESSIONS)) {
		good = orphans_find(&orphans, &evidence, evidence.leak) || error_memory(error);
		for (size_t i = 0; good && i < orphans.count; i++)
			*leaks |= decides(&evidence, &orphans.items[i]);
		orphans_deinit(&orphans);
	}
	evidence_deinit(&evidence);
	return good;
}
