/* Knows what it means for a verdict that other hosts served some of the cycles. */
#include "judge/words.h"

#include "common/text.h"
#include "judge/growth.h"

/* Of the load's cycles that came to their end: more on other hosts, or who knows where, and the observed one tells too little. The rise of
 * its handles, for one, is counted over all cycles. */
#define MOST_ELSEWHERE 0.2

static int64_t ended_cycles(const struct elsewhere *elsewhere, const struct verdict *verdict)
{
	return verdict->n + verdict->unshown + verdict->rejoined + elsewhere->ended;
}

static int64_t unplaced(const struct elsewhere *elsewhere)
{
	return elsewhere->ended + (elsewhere->is_farm ? elsewhere->unknown : 0);
}

static bool is_too_much(const struct elsewhere *elsewhere, const struct verdict *verdict)
{
	return (double)unplaced(elsewhere) >
	       MOST_ELSEWHERE * (double)ended_cycles(elsewhere, verdict);
}

static bool add_unknown(struct sentences *out, const struct elsewhere *elsewhere)
{
	return !elsewhere->is_farm || elsewhere->unknown == 0 ||
	       sentences_add(out,
	           "which host served %lld cycle%s is not known, as with Kerberos: %s counted as the observed host's",
	           (long long)elsewhere->unknown, text_plural(elsewhere->unknown),
	           elsewhere->unknown == 1 ? "it is" : "they are");
}

static bool add_others(
    struct sentences *out, const struct elsewhere *elsewhere, int64_t all, const char *remedy)
{
	return elsewhere->ended == 0 ||
	       sentences_add(out,
	           "%lld of %lld cycles went to %s, which nobody observed: they do not count for %s%s",
	           (long long)elsewhere->ended, (long long)all, elsewhere->hosts, elsewhere->host,
	           remedy);
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
	return add_others(out, elsewhere, ended_cycles(elsewhere, verdict),
	           ". Drain the other hosts (chglogon /drain), or observe the one that serves") &&
	       add_unknown(out, elsewhere);
}

/* Where it is no reason already. */
bool farm_tell(
    struct sentences *out, const struct evidence *evidence, const struct verdict *verdict)
{
	const struct elsewhere *elsewhere = &evidence->elsewhere;

	return blocks(elsewhere, verdict) ||
	       (add_others(out, elsewhere, ended_cycles(elsewhere, verdict), "") &&
	           add_unknown(out, elsewhere));
}
