/* How the rise of handles is put to people. */
#include <math.h>
#include <stdio.h>

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
		return ": a leak of its own, which is not judged here";
	return verdict->k == 0 && verdict->orphans_known
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

bool growth_tell(struct sentences *out, const struct verdict *verdict)
{
	if (verdict->k == 0 && verdict->growth_samples < TREND_POINTS && verdict->culprits_known &&
	    !sentences_add(out,
	        "how handles rise with the cycles was not tested: %lld snapshots during the load count, and %d are needed "
	        "(observe_every)",
	        (long long)verdict->growth_samples, TREND_POINTS))
		return false;
	for (size_t i = 0; i < verdict->growth_count; i++) {
		const struct growth *growth = &verdict->growths[i];
		/* With orphans their holders are named by identity, which says more. */
		if (growth->word == GROWTH_LEAK && (growth->totals || verdict->k == 0) &&
		    !tell_leak(out, verdict, growth))
			return false;
		if (growth->word == GROWTH_PLATEAU && !growth->totals && !growth->user &&
		    !sentences_add(out,
		        "%s handles of %s (process %lld) rose from %.0f to %.0f and stay there: a plateau, no leak",
		        growth->type, image_of(growth), (long long)growth->pid, growth->first,
		        growth->last))
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
	const long long samples = (long long)verdict->growth_samples;
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
		    "for the run's accounts became more (%.0f, then %.0f during the load), and not steadily: run as many "
		    "cycles again",
		    growth->first, growth->last);
	} else {
		snprintf(why, sizeof why,
		    "for the run's accounts rose from %.0f to %.0f, and %lld snapshots during the load are too few to "
		    "tell why: take %d at least (observe_every)",
		    growth->first, growth->last, samples, TREND_POINTS);
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
