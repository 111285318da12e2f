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

/* The survivors are in the order of their cycles: how many of the next cycle are leaks. */
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

/* A sample of the load, all of it within a command. */
static bool is_within(const struct evidence *evidence, const struct capture *capture)
{
	if (capture->mark != MARK_DURING || capture->problem)
		return false;
	for (size_t i = 0; i < evidence->cycles.count; i++) {
		const struct cycle *cycle = &evidence->cycles.items[i];
		if (cycle->started <= capture->started && cycle->ended >= capture->ended &&
		    cycle->ended != TIMESTAMP_UNKNOWN)
			return true;
	}
	return false;
}

static size_t count_within(const struct evidence *evidence)
{
	size_t count = 0;
	int64_t last = -1;

	for (size_t i = 0; i < evidence->captures.count; i++) {
		const struct capture *capture = &evidence->captures.items[i];
		if (capture->round == last || !is_within(evidence, capture))
			continue;
		last = capture->round;
		count++;
	}
	return count;
}

/* New, and made while a command ran: neither an old orphan of the account nor a logon after the load shows what commands do. */
static bool is_of_command(const struct evidence *evidence, const struct left_logon *left)
{
	return left->user && !left->older && left->first > 1 &&
	       cycle_index_made(&evidence->index,
	           left->logon_time != TIMESTAMP_UNKNOWN ? left->logon_time : left->shown);
}

/* How many samples show for the first time what commands logged on. account: NULL is any that is watched. */
static size_t count_shown(const struct evidence *evidence, const struct watched_account *account)
{
	size_t count, shown = 0, last = 0;
	const struct left_logon *logons = leak_logons(evidence->leak, &count);

	for (size_t i = 0; i < count; i++)
		if (logons[i].watched && logons[i].first != last &&
		    is_of_command(evidence, &logons[i]) &&
		    (!account || account_same(account->user, account->domain, logons[i].user,
		                     logons[i].domain))) {
			last = logons[i].first;
			shown++;
		}
	return shown;
}

static bool doubt_account(struct sentences *out, const struct evidence *evidence, size_t at)
{
	const struct watched_account *account = &evidence->watched.items[at];

	return evidence->logged_on[at] || count_shown(evidence, account) > 0 ||
	       sentences_add(out,
	           "no sample shows a new logon session of %s: check that the command logs on as this account, and take samples while "
	           "commands run (observe_every, load.slots), or let an observer print events 4624",
	           account->user);
}

/* A command of which most samples show nothing may log on now and then only. */
static bool doubt_share(struct sentences *out, const struct evidence *evidence)
{
	const size_t within = count_within(evidence), shown = count_shown(evidence, NULL);

	for (size_t i = 0; i < evidence->watched.count; i++)
		if (evidence->logged_on[i])
			return true;
	return shown == 0 || 2 * shown >= within ||
	       sentences_add(out,
	           "only %zu of %zu samples that were taken while a command ran show a new logon session of the watched accounts: whether each "
	           "command logs on is not known; let an observer print events 4624",
	           shown, within);
}

static bool runs_in(const struct snapshot *snapshot, uint64_t luid)
{
	for (size_t i = 0; i < snapshot->process_count; i++)
		if (snapshot->processes[i].luid == luid && !snapshot->processes[i].exited)
			return true;
	return false;
}

static bool has_session(const struct snapshot *snapshot, const struct logon_session *logon)
{
	for (size_t i = 0; i < snapshot->session_count; i++) {
		const struct session *session = &snapshot->sessions[i];
		if (session->user && *session->user &&
		    account_may_be(session->user, session->domain, logon->user, logon->domain))
			return true;
	}
	return false;
}

/* The last sample shows logon sessions of accounts that are not watched, made while commands ran, in which nothing runs: as many as a leak that CLEAN
 * excludes would leave. */
static bool doubt_others(
    struct sentences *out, const struct verdict *verdict, const struct evidence *evidence)
{
	const struct snapshot *last = evidence->settled.snapshot;
	const char *user = NULL;
	size_t others = 0;

	for (size_t i = 0; i < last->logon_session_count; i++) {
		const struct logon_session *logon = &last->logon_sessions[i];
		const struct left_logon *left = leak_logon(evidence->leak, logon->luid);
		if (!left || left->watched || !is_of_command(evidence, left) ||
		    !logon_is_of_person(logon) || runs_in(last, logon->luid) ||
		    has_session(last, logon))
			continue;
		user = left->user;
		others++;
	}
	return others == 0 ||
	       (double)others < verdict->smallest_visible_rate * (double)verdict->n ||
	       sentences_add(out,
	           "%zu logon session%s of accounts that are not watched, such as %s, %s made while commands ran and %s without a process: add "
	           "to watch.accounts whom the command logs on",
	           others, text_plural((int64_t)others), user, others == 1 ? "was" : "were",
	           others == 1 ? "stays" : "stay");
}

bool commands_doubt(
    struct sentences *out, const struct verdict *verdict, const struct evidence *evidence)
{
	for (size_t i = 0; verdict->n > 0 && i < evidence->watched.count; i++)
		if (!doubt_account(out, evidence, i))
			return false;
	return verdict->n == 0 ||
	       (doubt_share(out, evidence) && doubt_others(out, verdict, evidence));
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
