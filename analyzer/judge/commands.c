/* Knows what a run of commands tells of the accounts that it watches: how many logon sessions a command leaves, and whether they were seen to log
 * on at all. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/order.h"
#include "common/text.h"
#include "evidence/identity.h"
#include "judge/rate.h"
#include "judge/weigh.h"
#include "judge/words.h"
#include "statistics/student.h"

#define OUTSIDE 0.025 /* of the 95 % interval, on each side */

/* The survivors are in the order of their cycles: how many of a cycle are leaks, or -1 where the next cycle is none that counts. */
static size_t leaks_of(const struct orphans *orphans, size_t *at, const struct cycle **cycle)
{
	size_t leaks = 0;

	*cycle = orphans->items[*at].cycle;
	for (; *at < orphans->count && orphans->items[*at].cycle == *cycle; ++*at)
		leaks += orphans->items[*at].is_leak && orphans->items[*at].counts;
	return leaks;
}

/* A log is read again with each sample. */
static int64_t count_made(const struct evidence *evidence)
{
	int64_t count = 0;

	if (evidence->made_count)
		qsort(evidence->made, evidence->made_count, sizeof *evidence->made, order_of_luids);
	for (size_t i = 0; i < evidence->made_count; i++)
		count += i == 0 || evidence->made[i] != evidence->made[i - 1];
	return count;
}

/* The mean of all counted commands. One that had left one more or less is added to the squares: what was the same in few commands need not be so
 * in all. */
bool commands_weigh(
    struct verdict *verdict, const struct evidence *evidence, const struct orphans *orphans)
{
	struct left_of_commands *left = &verdict->commands;
	const double n = (double)verdict->n;
	double squares = 1;
	int64_t with = 0, sum = 0;

	left->made = count_made(evidence);
	left->least = INT64_MAX;
	for (size_t i = 0; i < orphans->count;) {
		const struct cycle *cycle;
		const int64_t leaks = (int64_t)leaks_of(orphans, &i, &cycle);
		if (!cycle || leaks == 0)
			continue;
		with++;
		sum += leaks;
		squares += (double)leaks * (double)leaks;
		left->least = leaks < left->least ? leaks : left->least;
		left->most = leaks > left->most ? leaks : left->most;
	}
	if (with < verdict->n || with == 0)
		left->least = 0;
	if (!commands_most(&left->cycles_most, evidence, orphans))
		return false;
	if (left->cycles_most < verdict->k)
		left->cycles_most = verdict->k;
	if (verdict->n < 2)
		return true;
	left->known = true;
	left->mean = (double)sum / n;
	const double reach = student_quantile(OUTSIDE, n - 1) *
	                     sqrt(fmax(0, squares - n * left->mean * left->mean) / (n - 1) / n);
	left->lower = fmax(0, left->mean - reach);
	left->upper = left->mean + reach;
	return true;
}

/* What the commands logged on is new: an old orphan of the account shows nothing of them. */
static bool is_shown(const struct evidence *evidence, const struct watched_account *account)
{
	size_t count;
	const struct left_logon *logons = leak_logons(evidence->leak, &count);

	for (size_t i = 0; i < count; i++)
		if (logons[i].user && !logons[i].older && logons[i].first > 1 &&
		    account_same(account->user, account->domain, logons[i].user, logons[i].domain))
			return true;
	return evidence->logged_on[account - evidence->watched.items];
}

bool commands_doubt(
    struct sentences *out, const struct verdict *verdict, const struct evidence *evidence)
{
	for (size_t i = 0; verdict->n > 0 && i < evidence->watched.count; i++) {
		const struct watched_account *account = &evidence->watched.items[i];
		if (is_shown(evidence, account))
			continue;
		if (!sentences_add(out,
		        "no sample shows a new logon session of %s: check that the command logs on as this account, and take samples while "
		        "commands run (observe_every, load.slots), or let an observer print events 4624",
		        account->user))
			return false;
	}
	return true;
}

/* A log may have lost some. */
static bool tell_made(struct sentences *out, const struct verdict *verdict)
{
	return verdict->commands.made == 0 || verdict->n == 0 ||
	       sentences_add(out,
	           "events 4624 show at least %lld logons of the watched accounts during the load, %.2f a command",
	           (long long)verdict->commands.made,
	           (double)verdict->commands.made / (double)verdict->n);
}

/* "2", or "0 to 5". */
static const char *amount(const struct left_of_commands *left, char out[48])
{
	if (left->least == left->most)
		snprintf(out, 48, "%lld", (long long)left->most);
	else
		snprintf(out, 48, "%lld to %lld", (long long)left->least, (long long)left->most);
	return out;
}

bool commands_tell(struct sentences *out, const struct verdict *verdict)
{
	const struct left_of_commands *left = &verdict->commands;
	char rate[PERCENT_TEXT], lower[PERCENT_TEXT], upper[PERCENT_TEXT], each[48], of[80];

	percent_format(verdict->rate, rate);
	percent_format(verdict->lower, lower);
	percent_format(verdict->upper, upper);
	if (!tell_made(out, verdict))
		return false;
	if (verdict->k == 0)
		return verdict->unmatched > 0 || verdict->uncounted > 0 ||
		       sentences_add(out,
		           "none of %lld commands left a logon session of the watched accounts behind%s (95 %% interval 0 %% to %s %%); a leak "
		           "in %s %% of the commands would have been seen",
		           (long long)verdict->n, verdict->young ? " that is proven to stay" : "",
		           upper, percent_format(verdict->smallest_visible_rate, rate));
	if (verdict->commands.cycles_most > verdict->k)
		snprintf(of, sizeof of, "%lld to %lld, as commands overlap,", (long long)verdict->k,
		    (long long)verdict->commands.cycles_most);
	else
		snprintf(of, sizeof of, "%lld", (long long)verdict->k);
	return sentences_add(out,
	           "%s of %lld commands left logon sessions of the watched accounts behind, in no RDS session and without a live process "
	           "(rate %s %%, 95 %% interval %s %% to %s %%)",
	           of, (long long)verdict->n, rate, lower, upper) &&
	       (!left->known ||
	           sentences_add(out,
	               "%lld logon sessions stay: %s a command, %.2f on the average (95 %% interval %.2f to %.2f)",
	               (long long)verdict->orphan_logon_sessions, amount(left, each), left->mean,
	               left->lower, left->upper));
}
