/* Knows what a run makes of the logons that earlier runs had refused. */
#include "driver/run.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/timestamp.h"
#include "driver/scenario/refusals.h"

#define TOLD 3 /* accounts, one by one */

static void tell_refusal(struct run *run, const struct refusal *refusal)
{
	char last[TIMESTAMP_TEXT], until[TIMESTAMP_TEXT], text[640];

	snprintf(text, sizeof(text),
	    "account %.200s is stopped from the start: %u of its logons were refused, the last at %s. The domain may lock it; it is used again "
	    "after %s, or once this is forgotten: leaklab refusals --forget '%.200s'",
	    refusal->account, refusal->count, timestamp_format(refusal->last, last),
	    timestamp_format(refusal->until, until), refusal->account);
	/* For people: the run file, which others may get, names no account that it does not play. */
	monitor_event(run->monitor, "account-stopped", text, true);
}

/* They count on other machines, too. */
static void keep_for_injectors(struct run *run, const struct refusals *remembered)
{
	char *text = run_part(run) == PART_BEFORE ? refusals_to_text(remembered) : NULL;

	if (text)
		runfile_set(run->runfile, "plan.refusals", text, &run->error);
	free(text);
}

/* What earlier runs have presented counts, as it does with the domain. */
bool run_recall_refusals(struct run *run, const struct setup *setup)
{
	const struct scenario *scenario = run->scenario;
	struct refusals remembered = {0};
	struct error error = {0};
	char text[160];
	size_t stopped = 0;

	if (!accounts_recall(run->accounts, setup->host, scenario->accounts.lockout_window.least,
	        run->part ? run->part->refusals : NULL, &remembered, &error))
		run_event(run, "refusals-not-remembered", error.text, true);
	keep_for_injectors(run, &remembered);
	for (size_t i = 0; i < remembered.count; i++)
		if (remembered.items[i].count >= ACCOUNT_REFUSALS_MAX && stopped++ < TOLD)
			tell_refusal(run, &remembered.items[i]);
	refusals_free(&remembered);
	if (stopped > 0) {
		snprintf(text, sizeof(text),
		    "accounts stopped from the start, as logons of earlier runs were refused: %zu; leaklab refusals lists them",
		    stopped);
		run_event(run, "account-stopped", text, stopped > TOLD);
	}
	return accounts_usable(run->accounts) > 0 ||
	       error_set(&run->error, EXIT_TARGET,
	           "no account may log on: all were refused in earlier runs (see above); check their password, and then have "
	           "leaklab forget the refusals");
}
