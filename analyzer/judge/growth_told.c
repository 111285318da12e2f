/* How the rise of handles is put to people. */
#include <math.h>

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

/* Rising they are; whether to the end is the question. */
static bool doubt_end(struct sentences *out, const struct growth *growth, int64_t samples)
{
	const int needed = 2 * TREND_POINTS;

	if (samples >= needed)
		return sentences_add(out,
		    "%s handles of %s (process %lld)%s%s rise by %.2f a cycle, but whether they still do in the second half "
		    "of the run is not clear: run as many cycles again",
		    growth->type, image_of(growth), (long long)growth->pid, of_whom(growth),
		    user_of(growth), growth->slope);
	return sentences_add(out,
	    "%s handles of %s (process %lld)%s%s rise by %.2f a cycle, and %lld snapshots during the load are too few to "
	    "tell a leak from a cache that fills: take %d at least (observe_every)",
	    growth->type, image_of(growth), (long long)growth->pid, of_whom(growth),
	    user_of(growth), growth->slope, (long long)samples, needed);
}

static bool doubt_uncertain(struct sentences *out, const struct growth *growth,
    const struct limits *limits, const struct verdict *verdict)
{
	const double times = lengthening(growth, limits->growth);
	const int64_t more = (int64_t)ceil((double)verdict->n * (times > 1.2 ? times - 1 : 0.2));

	if (growth->lower > limits->growth)
		return doubt_end(out, growth, verdict->growth_samples);
	return sentences_add(out,
	    "%s handles of %s (process %lld)%s%s may rise by up to %.2f a cycle (limit %.2f, judge.growth): run "
	    "%lld more cycles to tell",
	    growth->type, image_of(growth), (long long)growth->pid, of_whom(growth),
	    user_of(growth), growth->upper, limits->growth, (long long)more);
}

static bool doubt_untested(struct sentences *out, const struct growth *growth, int64_t samples)
{
	return sentences_add(out,
	    "%s handles of %s (process %lld) for the run's accounts rose from %.0f to %.0f, and %lld snapshots during "
	    "the load are too few to tell why: take %d at least (observe_every)",
	    growth->type, image_of(growth), (long long)growth->pid, growth->first, growth->last,
	    (long long)samples, TREND_POINTS);
}

bool growth_doubt(struct sentences *out, const struct verdict *verdict, const struct limits *limits)
{
	for (size_t i = 0; i < verdict->growth_count && verdict->n > 0; i++) {
		const struct growth *growth = &verdict->growths[i];
		if (growth->word == GROWTH_UNCERTAIN && !growth->totals &&
		    !doubt_uncertain(out, growth, limits, verdict))
			return false;
		if (growth->word == GROWTH_UNTESTED &&
		    !doubt_untested(out, growth, verdict->growth_samples))
			return false;
	}
	return true;
}
