/* How findings are put to people. */
#include "judge/words.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "judge/growth.h"
#include "judge/rate.h"
#include "judge/weigh.h"
#include "statistics/interval.h"

#define BURST 20 /* cycles: what is said of bursts is said of such */

/* It has no rate. */
static bool tell_bounded(struct sentences *out, const struct verdict *verdict)
{
	return sentences_add(out,
	    "of each of %zu accounts, only what its last cycle left stays: what an earlier cycle left went at the account's "
	    "next logon. That is a cache of one per account: %lld, and no more with more cycles",
	    verdict->account_count, (long long)verdict->leaked_k);
}

/* What keeps it from being one number. */
static bool tell_range(struct sentences *out, const struct verdict *verdict, const char *rate,
    const char *most, const char *lower, const char *upper)
{
	const int64_t taken = (int64_t)(verdict->taken.logon_sessions + verdict->taken.session_ids);
	const struct {
		int64_t count;
		const char *what;
	} parts[] = {{verdict->unmatched, "belong to cycles that cannot be distinguished"},
	    {verdict->young_cycles, "may still be released"},
	    {taken, "went as their holder ended"}};
	char why[160] = "";
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		const size_t used = strlen(why);
		if (parts[i].count > 0)
			snprintf(why + used, sizeof why - used, "%s%lld %s", used ? ", " : "",
			    (long long)parts[i].count, parts[i].what);
	}
	return sentences_add(out,
	    "%lld to %lld of %lld logon sessions outlived their RDS session (rate %s %% to %s %%, 95 %% "
	    "interval %s %% to %s %%): %s",
	    (long long)verdict->k, (long long)verdict->k_most, (long long)verdict->n, rate, most,
	    lower, upper, why);
}

/* Holders that ended, and are proven to leak. */
static bool tell_ended(struct sentences *out, const struct verdict *verdict)
{
	char words[TAKEN_WORDS];
	for (size_t i = 0; i < verdict->taken.count; i++) {
		if (ended_words(&verdict->taken.items[i], words) &&
		    !sentences_add(out, "%s", words))
			return false;
	}
	return verdict->taken.leaks == 0 ||
	       verdict->taken.leaks == verdict->taken.logon_sessions + verdict->taken.session_ids ||
	       !taken_words(&verdict->taken, words) || sentences_add(out, "%s", words);
}

/* NLA makes one at each connection of a session. */
static bool tell_network(struct sentences *out, const struct verdict *verdict)
{
	return verdict->reconnects == 0 || verdict->network_leaks == 0 ||
	       sentences_add(out,
	           "%lld of about %lld network logon sessions stay: NLA makes one at each logon and one at each of the %lld reconnects",
	           (long long)verdict->network_leaks, (long long)(verdict->n + verdict->reconnects),
	           (long long)verdict->reconnects);
}

static bool tell_orphans(struct sentences *out, const struct verdict *verdict)
{
	char rate[PERCENT_TEXT], most[PERCENT_TEXT], lower[PERCENT_TEXT], upper[PERCENT_TEXT];
	if (!verdict->orphans_known || verdict->n == 0)
		return true;
	if (verdict->bounded)
		return tell_bounded(out, verdict);
	if (verdict->commands.are_all)
		return commands_tell(out, verdict);
	if (verdict->k == 0 && (verdict->unordered || verdict->sessions_left > 0 ||
	                           verdict->unmatched > 0 || verdict->taken.leaks > 0))
		return true; /* in the sessions that are there nobody knows yet */
	if (verdict->k == 0 && verdict_is_proven(verdict))
		return sentences_add(out, "none of %lld counted cycles left a logon session behind",
		    (long long)verdict->n);
	if (verdict->k == 0)
		return sentences_add(out,
		    "none of %lld cycles left a logon session behind%s (95 %% interval 0 %% to %s "
		    "%%); a leak in %s %% of the cycles would have been seen, one in bursts of %d cycles only "
		    "at %s %% (99 %% confidence)",
		    (long long)verdict->n, verdict->young ? " that is proven to stay" : "",
		    percent_format(verdict->upper, upper),
		    percent_format(verdict->smallest_visible_rate, rate), BURST,
		    percent_format(interval_smallest_visible_in_bursts(verdict->n, BURST), most));
	percent_format(verdict->rate, rate);
	percent_format((double)verdict->k_most / (double)verdict->n, most);
	percent_format(verdict->lower, lower);
	percent_format(verdict->upper, upper);
	if (verdict->k_most > verdict->k)
		return tell_range(out, verdict, rate, most, lower, upper);
	if (!sentences_add(out,
	        "%lld of %lld logon sessions outlived their RDS session (rate %s %%, 95 %% "
	        "interval %s %% to %s %%)",
	        (long long)verdict->k, (long long)verdict->n, rate, lower, upper))
		return false;
	if (verdict->orphan_logon_sessions > verdict->k)
		return sentences_add(out,
		           "they are %lld logon sessions in all, as one logon may make more than one",
		           (long long)verdict->orphan_logon_sessions) &&
		       tell_network(out, verdict);
	return tell_network(out, verdict);
}

/* Cycles that are not in the run may all have leaked, or none of them. */
static bool tell_missing(struct sentences *out, const struct verdict *verdict)
{
	char least[PERCENT_TEXT], most[PERCENT_TEXT];
	const double all = (double)(verdict->n + verdict->cycles_missing);
	if (verdict->shards_missing == 0 || verdict->word != VERDICT_LEAK || verdict->n == 0 ||
	    !verdict->orphans_known)
		return true;
	return sentences_add(out,
	    "%lld shard%s did not come back, with %lld cycles: the rate of all is %s %% to %s %%",
	    (long long)verdict->shards_missing, text_plural(verdict->shards_missing),
	    (long long)verdict->cycles_missing, percent_format((double)verdict->k / all, least),
	    percent_format((double)(verdict->k_most + verdict->cycles_missing) / all, most));
}

static bool tell_order(struct sentences *out, const struct verdict *verdict)
{
	return !verdict->unordered ||
	       sentences_add(out,
	           "the clocks of the injectors do not relate to the host's: nothing is concluded from the order of their logons");
}

static bool tell_after(struct sentences *out, const struct verdict *verdict)
{
	if (!verdict->after_known || !verdict->orphans_known || verdict->after_k == verdict->k)
		return true;
	return sentences_add(out,
	    "right after logoff they were %lld of %lld, after settling %lld%s",
	    (long long)verdict->after_k, (long long)verdict->n, (long long)verdict->k,
	    verdict->young ? ", and others that may still be released" : "");
}

static bool tell_rising(struct sentences *out, const struct verdict *verdict)
{
	const struct session_ids *ids = &verdict->ids;
	const char *subject = verdict->k > 0 && ids->pinned > 0
	                          ? "their session IDs stay taken: IDs rise"
	                          : "session IDs rise";
	/* A slope of few leaks in many cycles is nothing for two digits. */
	if (ids->pinned > 0 && ids->growth_per_cycle < 0.05)
		return sentences_add(out,
		    "their session IDs stay taken: %lld %s given to no later cycle (%lld distinct "
		    "in %lld cycles)",
		    (long long)ids->pinned, ids->pinned == 1 ? "was" : "were",
		    (long long)ids->distinct, (long long)ids->cycles);
	const bool late = verdict->orphans_known && verdict->k == 0 && verdict->after_k > 0 &&
	                  verdict->skipped.skipped == 0 && verdict->skipped.unshown == 0 &&
	                  verdict->taken.logon_sessions + verdict->taken.session_ids == 0 &&
	                  verdict->pinned_ids + verdict->referred_ids + verdict->harmless_ids == 0;
	return sentences_add(out, "%s by %.2f a cycle (%lld distinct in %lld cycles)%s", subject,
	    ids->growth_per_cycle, (long long)ids->distinct, (long long)ids->cycles,
	    late ? ", while their holders had not released them" : "");
}

static bool tell_session_ids(struct sentences *out, const struct verdict *verdict)
{
	const struct session_ids *ids = &verdict->ids;
	if (ids->word == IDS_RISING)
		return tell_rising(out, verdict);
	if (ids->word == IDS_REUSED && ids->reused_while_orphaned > 0)
		return sentences_add(out, "session IDs are reused although their logon sessions "
		                          "live on: logon sessions leak, session IDs do not "
		                          "(as before MS16-111, or where no token of theirs "
		                          "refers to the ID)");
	if (ids->word == IDS_REUSED)
		return sentences_add(out, "session IDs are reused (%lld distinct in %lld cycles)",
		    (long long)ids->distinct, (long long)ids->cycles);
	if (ids->has_growth && ids->orphaned == 0)
		return sentences_add(out,
		    "whether session IDs are reused is not shown: none was given twice (%lld distinct in %lld cycles)",
		    (long long)ids->distinct, (long long)ids->cycles);
	if (ids->has_growth)
		return sentences_add(out,
		    "whether their session IDs stay taken is not shown: no later logon could have "
		    "been given one (%lld distinct in %lld cycles)",
		    (long long)ids->distinct, (long long)ids->cycles);
	return true;
}

/* Where tokens keep no session IDs. */
static bool tell_harmless(struct sentences *out, const struct verdict *verdict)
{
	const struct culprit *first = verdict->culprits;
	char process[PROCESS_WORDS];
	if (verdict->harmless_ids == 0)
		return true;
	if (verdict->culprit_count == 0 || verdict_is_proven(verdict) || verdict->young > 0)
		return sentences_add(out,
		    "tokens of %lld ended session%s are held; this host reuses their IDs, so they pin nothing",
		    (long long)verdict->harmless_ids, text_plural(verdict->harmless_ids));
	return sentences_add(out,
	    "%lld token%s of ended sessions %s held by %s; this host reuses their IDs, so they pin nothing",
	    (long long)first->handles, text_plural(first->handles),
	    first->handles == 1 ? "is" : "are",
	    process_words(first->image, first->pid, first->services, process));
}

static bool tell_pinned(struct sentences *out, const struct verdict *verdict)
{
	const bool one = verdict->pinned_ids == 1;
	char rate[PERCENT_TEXT], lower[PERCENT_TEXT], upper[PERCENT_TEXT];
	if (verdict->pinned_ids == 0)
		return true;
	if (!sentences_add(out,
	        "%lld session ID%s pinned: no session has %s, something refers to %s, and a later logon was given "
	        "a higher one",
	        (long long)verdict->pinned_ids, one ? " is" : "s are", one ? "it" : "them",
	        one ? "it" : "them"))
		return false;
	return verdict->pinned_k == 0 || verdict->bounded ||
	       sentences_add(out,
	           "%lld of %lld cycles left their session ID pinned (rate %s %%, 95 %% interval %s %% to %s %%)",
	           (long long)verdict->pinned_k, (long long)verdict->n,
	           percent_format((double)verdict->pinned_k / (double)verdict->n, rate),
	           percent_format(verdict->pinned_lower, lower),
	           percent_format(verdict->pinned_upper, upper));
}

static bool tell_left(struct sentences *out, const struct verdict *verdict)
{
	if (verdict->sessions_left > 0 &&
	    !sentences_add(out, "%lld session%s left behind: never logged off, so no orphans",
	        (long long)verdict->sessions_left, verdict->sessions_left == 1 ? " was" : "s were"))
		return false;
	if (verdict->unmatched > 0 && verdict->k == 0 &&
	    !sentences_add(out,
	        "%lld logon session%s of the run's accounts outlived %s RDS session; which cycle %s belong%s to is not known",
	        (long long)verdict->unmatched, text_plural(verdict->unmatched),
	        verdict->unmatched == 1 ? "its" : "their", verdict->unmatched == 1 ? "it" : "they",
	        verdict->unmatched == 1 ? "s" : ""))
		return false;
	if (verdict->failed_leaks > 0 &&
	    !sentences_add(out, "%lld of %lld failed %s left a logon session that stays",
	        (long long)verdict->failed_leaks, (long long)verdict->cycles[CYCLE_FAILED],
	        verdict->commands.are_all ? "commands" : "logons"))
		return false;
	if (verdict->uncounted > 0 && verdict->failed_leaks == 0 &&
	    !sentences_add(out,
	        "%lld logon session%s outlived cycles that are not counted (failed, lost, not reconnected, or in the session of a lost one)",
	        (long long)verdict->uncounted, text_plural(verdict->uncounted)))
		return false;
	if (verdict->strangers > 0 &&
	    !sentences_add(out,
	        "%lld logon session%s of accounts that are not the run's outlived %s RDS session",
	        (long long)verdict->strangers, text_plural(verdict->strangers),
	        verdict->strangers == 1 ? "its" : "their"))
		return false;
	if (!tell_pinned(out, verdict))
		return false;
	if (!tell_harmless(out, verdict))
		return false;
	if (verdict->referred_ids > 0 && verdict_is_proven(verdict) &&
	    !sentences_add(out, "%lld more session ID%s referred to, not proven to be pinned",
	        (long long)verdict->referred_ids, verdict->referred_ids == 1 ? " is" : "s are"))
		return false;
	if (verdict->young_strangers > 0 &&
	    !sentences_add(out,
	        "%lld logon session%s of other accounts outlived %s RDS session, not long enough to be a leak",
	        (long long)verdict->young_strangers, text_plural(verdict->young_strangers),
	        verdict->young_strangers == 1 ? "its" : "their"))
		return false;
	return verdict->older == 0 ||
	       sentences_add(out,
	           "%lld orphaned logon session%s older than the run and %s not counted",
	           (long long)verdict->older, verdict->older == 1 ? " is" : "s are",
	           verdict->older == 1 ? "is" : "are");
}

/* Of those ranked alike; right after a logoff many are. */
#define HOLDERS_NAMED 4

/* "leaker.exe (process 5124) holds 40 of them", and those that hold as much. */
static bool tell_holders(struct sentences *out, const struct verdict *verdict)
{
	const bool proven = verdict_is_proven(verdict);
	const size_t tied = verdict->culprits_tied;
	char process[PROCESS_WORDS], exited[80], only[FOLLOWERS_WORDS];
	size_t named = 0, followers = 0;
	/* Those that ended have their sentence already. */
	size_t from = 0;
	while (from < verdict->culprit_count && verdict->culprits[from].ended)
		from++;
	const size_t to = from + (tied > from ? tied - from : from < verdict->culprit_count);
	for (size_t i = from; i < to; i++) {
		const struct culprit *culprit = &verdict->culprits[i];
		followers += image_follows(culprit->image);
		if (image_follows(culprit->image) || ++named > HOLDERS_NAMED)
			continue;
		snprintf(exited, sizeof exited,
		    ": it keeps handles to %lld exited process%s of ended sessions",
		    (long long)culprit->exited, culprit->exited == 1 ? "" : "es");
		if (!sentences_add(out, "%s%s holds %lld of them%s", proven ? "" : "suspect: ",
		        process_words(culprit->image, culprit->pid, culprit->services, process),
		        (long long)(culprit->logon_sessions + culprit->session_ids),
		        culprit->exited > 0 ? exited : ""))
			return false;
	}
	if (named > HOLDERS_NAMED &&
	    !sentences_add(out, "%zu more processes hold as many of them", named - HOLDERS_NAMED))
		return false;
	if (followers > 0 && named == 0 && verdict->followers_only == 0 &&
	    verdict->taken.leaks == 0)
		return sentences_add(out, "%s",
		    followers_words(
		        verdict->culprits[0].logon_sessions + verdict->culprits[0].session_ids,
		        false, only));
	return tied - followers < 2 ||
	       sentences_add(out,
	           "who holds them does not show which process leaks: release one of them (leaklab-probe release) and sample "
	           "again, or take a memory dump, which shows who made the tokens");
}

/* Those that may explain what nobody is seen to hold. */
static bool tell_suspects(struct sentences *out, const struct verdict *verdict)
{
	const int64_t unseen = verdict_unseen(verdict);
	char words[SUSPECT_WORDS];
	for (size_t i = 0; i < verdict->suspect_count; i++) {
		if (suspect_words(
		        &verdict->suspects[i], verdict->suspects_compared, unseen, words) &&
		    !sentences_add(out, "%s", words))
			return false;
	}
	return true;
}

static bool tell_unheld(
    struct sentences *out, const struct verdict *verdict, const struct snapshot *settled)
{
	if (verdict->unattributed == 0)
		return true;
	if (verdict->handles_whole)
		return sentences_add(out,
		    "no holder is visible for %lld of them: handle viewers do not show kernel "
		    "references; take a memory "
		    "dump",
		    (long long)verdict->unattributed);
	return sentences_add(out,
	    "no holder is visible for %lld of them, but not all handles were seen (%s): run handle -a, elevated, "
	    "which has a driver and sees more",
	    (long long)verdict->unattributed, snapshot_why_not_whole(settled, SECTION_HANDLES));
}

static bool tell_culprits(
    struct sentences *out, const struct verdict *verdict, const struct snapshot *settled)
{
	if (!verdict->orphans_known || !settled ||
	    (!verdict_is_proven(verdict) && verdict->young == 0 && verdict->referred_ids == 0))
		return true;
	if (!verdict->culprits_known)
		return sentences_add(out,
		    "who holds them is unknown: the observers could not see handles (%s): run handle -a, "
		    "elevated, or leaklab-probe",
		    snapshot_why_not_whole(settled, SECTION_HANDLES));
	if (!tell_holders(out, verdict))
		return false;
	char only[FOLLOWERS_WORDS];
	if (verdict->followers_only > 0 && !verdict_suspect(verdict) &&
	    !sentences_add(out, "%s", followers_words(verdict->followers_only, true, only)))
		return false;
	return tell_suspects(out, verdict) && tell_unheld(out, verdict, settled);
}

/* Where it is no reason already. */
static bool tell_cut(
    struct sentences *out, const struct verdict *verdict, const struct limits *limits)
{
	char words[CUT_WORDS];

	if (!limits->cut_short || (verdict->cut_short && verdict->word == VERDICT_INCONCLUSIVE &&
	                              !limits->environment_failed))
		return true;
	return sentences_add(out, "%s: only these are judged", cut_words(words, verdict, limits));
}

static bool tell_left_out(
    struct sentences *out, const struct verdict *verdict, const struct limits *limits)
{
	int64_t failed = verdict->cycles[CYCLE_FAILED], lost = verdict->cycles[CYCLE_LOST];
	int64_t running = verdict->cycles[CYCLE_RUNNING];
	if (failed + lost + running > 0 &&
	    !sentences_add(out, "%lld cycle%s left out: %lld failed, %lld lost, %lld not finished",
	        (long long)(failed + lost + running),
	        failed + lost + running == 1 ? " is" : "s are", (long long)failed, (long long)lost,
	        (long long)running))
		return false;
	if (verdict->cycles[CYCLE_NOT_RECONNECTED] > 0 &&
	    !sentences_add(out,
	        "%lld cycle%s left out: the host did not connect %s again (not-reconnected)",
	        (long long)verdict->cycles[CYCLE_NOT_RECONNECTED],
	        verdict->cycles[CYCLE_NOT_RECONNECTED] == 1 ? " is" : "s are",
	        verdict->cycles[CYCLE_NOT_RECONNECTED] == 1 ? "its session" : "their sessions"))
		return false;
	if (verdict->rejoined > 0 &&
	    !sentences_add(out,
	        "%lld cycle%s left out: %s joined the session that a lost cycle had left, and made none",
	        (long long)verdict->rejoined, verdict->rejoined == 1 ? " is" : "s are",
	        verdict->rejoined == 1 ? "it" : "each"))
		return false;
	if (verdict->unshown > 0 && verdict->n > 0 &&
	    !sentences_add(out, "%lld cycle%s not counted: not shown to have logged on",
	        (long long)verdict->unshown, verdict->unshown == 1 ? " is" : "s are"))
		return false;
	if (limits->decided &&
	    !sentences_add(out, "the load ended %s (load.until: decided)",
	        strcmp(limits->decided, "leak") == 0 ? "once a sample showed a leak for sure"
	        : strcmp(limits->decided, "cycles") == 0
	            ? "once enough cycles counted for CLEAN"
	            : "undecided, as limits.duration was over"))
		return false;
	return tell_cut(out, verdict, limits);
}

static bool tell_boot(struct sentences *out, const struct evidence *evidence)
{
	const struct snapshot *before = evidence->before.snapshot,
	                      *settled = evidence->settled.snapshot;
	if (!before || !settled || leak_boot(before, settled) != BOOT_UNKNOWN)
		return true;
	return sentences_add(out,
	    "nothing shows whether the host was rebooted during the run: it is assumed that it was not");
}

bool findings_tell(struct sentences *out, const struct verdict *verdict,
    const struct evidence *evidence, const struct limits *limits)
{
	return tell_orphans(out, verdict) && tell_missing(out, verdict) &&
	       tell_order(out, verdict) && rates_tell(out, verdict) && tell_after(out, verdict) &&
	       tell_ended(out, verdict) && tell_session_ids(out, verdict) &&
	       witness_tell(out, verdict) && tell_left(out, verdict) &&
	       tell_culprits(out, verdict, evidence->settled.snapshot) &&
	       growth_tell(out, verdict) && controls_tell(out, verdict) &&
	       tell_left_out(out, verdict, limits) && farm_tell(out, evidence, verdict) &&
	       profiles_tell(out, evidence) && tell_boot(out, evidence);
}
