/* How the rise of handles is put to people. */
#include <math.h>
#include <stdio.h>

#include "common/text.h"
#include "judge/growth.h"
#include "judge/trend.h"

static const char *image_of(const struct growth *growth)
{
	return growth->image ? growth->image : "a process without a name";
}

static const char *of_whom(const struct growth *growth)
{
	return growth->user ? " for " : "";
}

static const char *user_of(const struct growth *growth)
{
	return growth->user ? growth->user : "";
}

static const char *consequence(const struct verdict *verdict, const struct growth *growth)
{
	if (growth->totals)
		return verdict->growth_strangers > 0
		           ? ": a leak of its own, or what others who logged on left; it is not judged here"
		           : ": a leak of its own, which is not judged here";
	return verdict->word == VERDICT_LEAK && verdict->k == 0 && verdict->orphans_known
	           ? ": they leak, though no logon session outlives its RDS session"
	           : "";
}

static bool tell_leak(
    struct sentences *out, const struct verdict *verdict, const struct growth *growth)
{
	return sentences_add(out,
	    "%s%shandles of %s (process %lld)%s%s rise by %.2f a cycle (95 %% interval %.2f to %.2f)%s",
	    growth->totals ? "" : growth->type, growth->totals ? "" : " ", image_of(growth),
	    (long long)growth->pid, of_whom(growth), user_of(growth), growth->slope, growth->lower,
	    growth->upper, consequence(verdict, growth));
}

/* Where the count came from, and where it went: what was not seen without load, as it was first or last seen under load. */
static double start_of(const struct growth *growth)
{
	return isnan(growth->before) ? growth->first : growth->before;
}

static double end_of(const struct growth *growth)
{
	return isnan(growth->settled) ? growth->last : growth->settled;
}

static bool tell_plateau(struct sentences *out, const struct growth *growth)
{
	return end_of(growth) <= start_of(growth) ||
	       sentences_add(out,
	           "%s handles of %s (process %lld) rose from %.0f to %.0f and stay there: a "
	           "plateau, no leak",
	           growth->type, image_of(growth), (long long)growth->pid, start_of(growth),
	           end_of(growth));
}

bool growth_tell(struct sentences *out, const struct verdict *verdict)
{
	if (verdict->k == 0 && verdict->growth_samples < TREND_POINTS && verdict->culprits_known &&
	    !sentences_add(out,
	        "how handles rise with the cycles was not tested: %lld snapshot%s during the load count%s, and %d are needed "
	        "(observe_every)",
	        (long long)verdict->growth_samples, text_plural(verdict->growth_samples),
	        verdict->growth_samples == 1 ? "s" : "", TREND_POINTS))
		return false;
	for (size_t i = 0; i < verdict->growth_count; i++) {
		const struct growth *growth = &verdict->growths[i];
		/* With orphans their holders are named by identity, which says more. */
		if (growth->word == GROWTH_LEAK && (growth->totals || verdict->k == 0) &&
		    !tell_leak(out, verdict, growth))
			return false;
		if (growth->word == GROWTH_PLATEAU && !growth->totals && !growth->user &&
		    !tell_plateau(out, growth))
			return false;
	}
	return true;
}

/* How many times the cycles it takes until the interval lies on one side of the limit: a slope's error falls with the power 1.5
 * of the length. */
static double lengthening(const struct growth *growth, double limit)
{
	const double reach = (growth->upper - growth->lower) / 2,
	             distance = fabs(growth->slope - limit);

	return distance > reach / 30 ? pow(reach / distance, 2.0 / 3) : 10;
}

/* Why it is not clear what the growth is; what would settle it. Adds to "Token handles of ... " */
static bool doubt_one(struct sentences *out, const struct growth *growth,
    const struct verdict *verdict, const struct limits *limits)
{
	const long long samples = (long long)growth->samples;
	char what[300], why[300];

	snprintf(what, sizeof what, "%s handles of %s (process %lld)%s%s", growth->type,
	    image_of(growth), (long long)growth->pid, of_whom(growth), user_of(growth));
	if (growth->doubt == DOUBT_SLOPE) {
		const double times = lengthening(growth, limits->growth);
		snprintf(why, sizeof why,
		    "may rise by up to %.2f a cycle (limit %.2f, judge.growth): run %.0f more cycles to tell",
		    growth->upper, limits->growth,
		    ceil((double)verdict->n * (times > 1.2 ? times - 1 : 0.2)));
	} else if (growth->doubt == DOUBT_END && samples < 2 * TREND_POINTS) {
		snprintf(why, sizeof why,
		    "rise by %.2f a cycle, and %lld snapshots during the load are too few to tell a leak from a cache "
		    "that fills: take %d at least (observe_every)",
		    growth->slope, samples, 2 * TREND_POINTS);
	} else if (growth->doubt == DOUBT_END) {
		snprintf(why, sizeof why,
		    "rise by %.2f a cycle, but whether they still do in the second half of the run is not clear: run as "
		    "many cycles again",
		    growth->slope);
	} else if (growth->doubt == DOUBT_UNSEEN) {
		snprintf(why, sizeof why,
		    "rise by %.2f a cycle, and what is left of them on the quiet host was not seen",
		    growth->slope);
	} else if (growth->doubt == DOUBT_UNSTEADY) {
		snprintf(why, sizeof why,
		    "became more (%.0f before the run, %.0f on the quiet host), and not steadily: run as many cycles "
		    "again",
		    growth->before, growth->settled);
	} else if (growth->doubt == DOUBT_LATE) {
		snprintf(why, sizeof why,
		    "became more near the end of the run (%.0f before it, %.0f on the quiet host): a leak that began "
		    "late cannot be told from a step: run as many cycles again",
		    start_of(growth), end_of(growth));
	} else if (growth->doubt == DOUBT_LET_GO) {
		snprintf(why, sizeof why,
		    "rise by %.2f a cycle, but many are let go when the host is quiet (%.0f before the run, %.0f at its "
		    "end, then %.0f): settle longer, and run as many cycles again",
		    growth->slope, start_of(growth), growth->last, growth->settled);
	} else if (growth->doubt == DOUBT_OWNER) {
		snprintf(why, sizeof why,
		    "rise by %.2f a cycle, but whose they are is not seen, and %lld logon session%s of others began during "
		    "the run: run it while nobody else logs on",
		    growth->slope, (long long)verdict->growth_strangers,
		    text_plural(verdict->growth_strangers));
	} else {
		snprintf(why, sizeof why,
		    "rose from %.0f to %.0f, and %lld snapshots during the load are too few to tell why: take %d at least "
		    "(observe_every)",
		    growth->before, growth->settled, samples, TREND_POINTS);
	}
	return sentences_add(out, "%s %s", what, why);
}

bool growth_doubt(struct sentences *out, const struct verdict *verdict, const struct limits *limits)
{
	for (size_t i = 0; i < verdict->growth_count && verdict->n > 0; i++) {
		const struct growth *growth = &verdict->growths[i];
		if (growth->word == GROWTH_UNCERTAIN && !growth->totals &&
		    !doubt_one(out, growth, verdict, limits))
			return false;
	}
	return true;
}
