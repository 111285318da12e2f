/* Knows what it means for a verdict that other hosts served some of the cycles. */
#include "judge/words.h"

#include <stdio.h>

#include "common/text.h"
#include "judge/growth.h"
#include "statistics/interval.h"

/* Of the load's cycles that came to their end: more on other hosts, or who knows where, and the observed one tells too little. The rise of
 * its handles, for one, is counted over all cycles. */
#define MOST_ELSEWHERE 0.2

static int64_t ended_cycles(const struct elsewhere *elsewhere, const struct verdict *verdict)
{
	return verdict->n + verdict->unshown + verdict->rejoined + elsewhere->ended;
}

/* Of the cycles that a list of sessions tells of, so many are missing from it that no more of the others need be the observed host's. */
static bool is_balanced(const struct elsewhere *elsewhere)
{
	return elsewhere->missed > 0 && interval_exact((double)elsewhere->missed,
	                                    (double)(elsewhere->missed + elsewhere->listed))
	                                        .upper > MOST_ELSEWHERE;
}

/* Cycles that count as the observed host's, and may be any other's. */
static int64_t unknown(const struct elsewhere *elsewhere)
{
	return elsewhere->is_farm || is_balanced(elsewhere) ? elsewhere->unknown : 0;
}

static int64_t unplaced(const struct elsewhere *elsewhere)
{
	return elsewhere->ended + unknown(elsewhere);
}

static bool is_too_much(const struct elsewhere *elsewhere, const struct verdict *verdict)
{
	return (double)unplaced(elsewhere) >
	       MOST_ELSEWHERE * (double)ended_cycles(elsewhere, verdict);
}

static bool add_unknown(struct sentences *out, const struct elsewhere *elsewhere)
{
	const int64_t count = unknown(elsewhere);

	return count == 0 ||
	       sentences_add(out,
	           "which host served %lld cycle%s is not known, %s: %s counted as the observed host's",
	           (long long)count, text_plural(count),
	           elsewhere->alias ? "as observers.host is in doubt" : "as with Kerberos",
	           count == 1 ? "it is" : "they are");
}

/* Words that nobody takes for a broker's doing where an observer has another name for the host. */
static bool add_two_names(struct sentences *out, const struct elsewhere *elsewhere, int64_t all)
{
	return sentences_add(out,
	    "%lld of %lld cycles went to %s, and the observers saw %s: if these are two names of one host, say so (observers.host: %s), else "
	    "let the observers look at %s",
	    (long long)(elsewhere->ended - elsewhere->missed), (long long)all, elsewhere->hosts,
	    elsewhere->host, elsewhere->hosts, elsewhere->hosts);
}

static bool add_others(
    struct sentences *out, const struct elsewhere *elsewhere, int64_t all, const char *remedy)
{
	const int64_t count = elsewhere->ended - elsewhere->missed;

	if (count > 0 && elsewhere->two_names)
		return add_two_names(out, elsewhere, all);
	return count == 0 ||
	       sentences_add(out,
	           "%lld of %lld cycles went to %s, which nobody observed: they do not count for %s%s",
	           (long long)count, (long long)all, elsewhere->hosts, elsewhere->host, remedy);
}

static bool add_missed(struct sentences *out, const struct elsewhere *elsewhere, const char *remedy)
{
	const int64_t count = elsewhere->missed, all = count + elsewhere->listed;
	const char *names =
	    elsewhere->listed > 0
	        ? ""
	        : ", or the accounts have other names on the host than in the scenario";
	char why[160];

	if (count == 0)
		return true;
	if (elsewhere->alias)
		snprintf(why, sizeof why,
		    "the observers look at another host than %.40s, which observers.host names",
		    elsewhere->host);
	else
		snprintf(why, sizeof why, "another host served %s, as behind a load balancer",
		    count == 1 ? "it" : "them");
	return sentences_add(out,
	    "of %lld cycle%s that %s logged on while the observers listed all sessions, %lld %s not in the list: %s%s. %s not "
	    "count%s",
	    (long long)all, text_plural(all), all == 1 ? "was" : "were", (long long)count,
	    count == 1 ? "is" : "are", why, names, count == 1 ? "It does" : "They do", remedy);
}

/* A proven leak stands, and so do handles that rise in spite of it. */
static bool blocks(const struct elsewhere *elsewhere, const struct verdict *verdict)
{
	return !verdict_is_proven(verdict) && !(verdict->n > 0 && growth_is_leak(verdict)) &&
	       (elsewhere->guessed || elsewhere->other || is_too_much(elsewhere, verdict));
}

bool farm_block(
    struct sentences *out, const struct evidence *evidence, const struct verdict *verdict)
{
	static const char remedy[] =
	    ". Drain the other hosts (chglogon /drain), or observe the one that serves";
	const struct elsewhere *elsewhere = &evidence->elsewhere;

	if (!blocks(elsewhere, verdict))
		return true;
	if (elsewhere->other)
		return sentences_add(out,
		    "observers.host says that %s is observed, and the observers saw %s",
		    elsewhere->other, elsewhere->host);
	if (elsewhere->guessed)
		return sentences_add(out,
		    "several hosts served the cycles, most of them %s, others %s, and no observer says which one it saw: let "
		    "leaklab-probe observe one of them, and drain the others (chglogon /drain)",
		    elsewhere->host, elsewhere->hosts);
	return add_others(out, elsewhere, ended_cycles(elsewhere, verdict), remedy) &&
	       add_missed(out, elsewhere, remedy) && add_unknown(out, elsewhere);
}

/* Where it is no reason already. */
bool farm_tell(
    struct sentences *out, const struct evidence *evidence, const struct verdict *verdict)
{
	const struct elsewhere *elsewhere = &evidence->elsewhere;

	return blocks(elsewhere, verdict) ||
	       (add_others(out, elsewhere, ended_cycles(elsewhere, verdict), "") &&
	           add_missed(out, elsewhere, "") && add_unknown(out, elsewhere));
}
