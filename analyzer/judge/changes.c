#include "judge/words.h"

#include "judge/rate.h"

static bool tell_leak(struct sentences *out, const struct verdict *verdict)
{
	const int64_t waited = (verdict->release_time + verdict->quiet_time + 999999) / 1000000;

	if (!verdict_is_proven(verdict))
		return sentences_add(out,
		    "fewer handles in a later sample of the quiet host: then they were a cache or in use");
	if (!sentences_add(out,
	        "a holder that takes longer than the %lld s that are reckoned with: sample again later, or say how long it may take "
	        "(--release-time); what goes by itself was a late release",
	        (long long)waited))
		return false;
	if (verdict->bounded)
		return sentences_add(
		    out, "more than one of an account: then it is no cache, and has a rate");
	return verdict->culprits_tied < 2 ||
	       sentences_add(out,
	           "who is to blame: one of the holders releasing (leaklab-probe release), or a memory dump");
}

static bool tell_clean(struct sentences *out, const struct verdict *verdict)
{
	char rate[PERCENT_TEXT];

	return sentences_add(out,
	           "a leak at less than %s %% of the logons, or in bursts: more cycles show it (leaklab-driver check says how many)",
	           percent_format(verdict->smallest_visible_rate, rate)) &&
	       sentences_add(out,
	           "a leak that these accounts and programs do not meet: play the users' own work, as they log on and off");
}

bool changes_tell(struct sentences *out, const struct verdict *verdict)
{
	if (verdict->word == VERDICT_LEAK)
		return tell_leak(out, verdict);
	if (verdict->word == VERDICT_CLEAN)
		return tell_clean(out, verdict);
	return sentences_add(out, "what stands first among the reasons: each says what settles it");
}
