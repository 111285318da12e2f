#include "judge/words.h"

#include "judge/rate.h"

static bool tell_leak(struct sentences *out, const struct verdict *verdict)
{
	const int64_t waited = (verdict->release_time + verdict->quiet_time + 999999) / 1000000;

	if (!verdict_is_proven(verdict))
		return sentences_add(out,
		    "a later sample of the quiet host with fewer handles: then they were a cache, or in use");
	if (!sentences_add(out,
	        "a holder that takes longer than the %lld s allowed for: sample again later, or give a longer release time "
	        "(--release-time); what goes by itself was released late",
	        (long long)waited))
		return false;
	if (verdict->bounded)
		return sentences_add(out,
		    "more than one left behind by an account: then it is not a cache, and has a rate");
	return verdict->culprits_tied < 2 ||
	       sentences_add(out,
	           "which holder is to blame: release one of them (leaklab-probe release), or take a memory dump");
}

static bool tell_clean(struct sentences *out, const struct verdict *verdict)
{
	char rate[PERCENT_TEXT];

	return sentences_add(out,
	           "a leak at less than %s %% of the %s, or in bursts: more cycles would show it (leaklab check says how many)",
	           percent_format(verdict->smallest_visible_rate, rate),
	           verdict->commands.are_all ? "commands" : "logons") &&
	       sentences_add(out,
	           "a leak that these accounts and programs do not trigger: play the users' own work, and log on and off as they do");
}

bool changes_tell(struct sentences *out, const struct verdict *verdict)
{
	if (verdict->word == VERDICT_LEAK)
		return tell_leak(out, verdict);
	if (verdict->word == VERDICT_CLEAN)
		return tell_clean(out, verdict);
	return sentences_add(out, "the first of the reasons: each says what would settle it");
}
