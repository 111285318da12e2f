/* How the rise of handles is put to people. */
#include <math.h>
#include <stdio.h>

#include "common/text.h"
#include "judge/growth.h"
#include "judge/rise.h"
#include "judge/words.h"
#include "statistics/trend.h"

/* Of the run's cycles, how many more are asked for. */
#define LEAST_TIMES 0.5
#define MOST_TIMES 9

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
	if (growth->totals && growth_of_reconnects(verdict, growth) == PER_RECONNECT)
		return ": they leak with the reconnects";
	/* A doubt says what it may be. */
	if (growth->totals && growth_of_reconnects(verdict, growth) == PER_EITHER)
		return "";
	if (growth->totals)
		return verdict->growth_strangers > 0
		           ? ": a separate leak, or left by other users who logged on; it is not judged here"
		           : ": a separate leak, which is not judged here";
	return verdict->word == VERDICT_LEAK && verdict->k == 0 && verdict->orphans_known
	           ? ": they leak, though no logon session outlives its RDS session"
	           : "";
}

#define RISE_TEXT 200

/* By how much, in the unit that it goes with. */
static const char *rise_words(const struct growth *growth, char out[RISE_TEXT])
{
	const double each = growth->per == PER_RECONNECT ? growth->reconnects : 1;
	char more[80] = "";

	if (growth->per == PER_RECONNECT)
		snprintf(more, sizeof more, ", %.2f a cycle of %.3g reconnects", growth->slope,
		    growth->reconnects);
	else if (growth->per == PER_EITHER)
		snprintf(more, sizeof more,
		    ", or by %.2f a reconnect, which this run does not tell",
		    growth->slope / fmax(growth->reconnects, 1e-9));
	else if (growth->per == PER_TIME)
		snprintf(more, sizeof more, ", with time rather than with logons or reconnects");
	snprintf(out, RISE_TEXT, "%.2f a %s (95 %% interval %.2f to %.2f)%s", growth->slope / each,
	    each == 1 && growth->per != PER_RECONNECT ? "cycle" : "reconnect", growth->lower / each,
	    growth->upper / each, more);
	return out;
}

static bool tell_leak(
    struct sentences *out, const struct verdict *verdict, const struct growth *growth)
{
	char rise[RISE_TEXT];
	return sentences_add(out, "%s%shandles of %s (process %lld)%s%s rise by %s%s",
	    growth->totals ? "" : growth->type, growth->totals ? "" : " ", image_of(growth),
	    (long long)growth->pid, of_whom(growth), user_of(growth), rise_words(growth, rise),
	    consequence(verdict, growth));
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
	        "whether handles rise with the cycles was not tested: %lld sample%s during the load count%s, and %d are needed "
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

static double rounded_up(double cycles)
{
	return 10 * ceil(cycles / 10);
}

/* More cycles until the test tells, among many series, if it goes on so: a walk comes as far as the root of the length, a leak as
 * far as the length. */
static double cycles_to_tell_a_walk(const struct growth *growth, double n, double limit)
{
	const double reach = growth->upper - growth->lower, beyond = growth->slope - limit;
	const double times = beyond > reach / 4 ? pow(reach / beyond, 2) - 1 : MOST_TIMES;

	return rounded_up(n * fmin(MOST_TIMES, fmax(LEAST_TIMES, times)));
}

/* More cycles until a cache that fills at this pace gains in the second half of the run what a plateau may. */
static double cycles_to_fill(const struct growth *growth, double n, double limit)
{
	const double pace = fmin(0.9, fmax(0.1, growth->pace)),
	             full = (end_of(growth) - start_of(growth)) / (1 - pace * pace);
	double times = 1;

	for (; times < 1 + MOST_TIMES; times += 0.1) {
		const double left = pow(pace, times), gain = full * (left - left * left);
		if (gain <= limit * n * times / 2 && gain <= LEFT_TO_GAIN * full)
			break;
	}
	return rounded_up(n * fmax(LEAST_TIMES, times - 1));
}

/* Why it is not clear what the growth is; what would settle it. Adds to "Token handles of ... " */
static bool doubt_one(struct sentences *out, const struct growth *growth,
    const struct verdict *verdict, const struct limits *limits)
{
	const long long samples = (long long)growth->samples;
	char what[300], why[300];

	snprintf(what, sizeof what, "%s handles of %s (process %lld)%s%s", growth->type,
	    image_of(growth), (long long)growth->pid, of_whom(growth), user_of(growth));
	if (growth->doubt == DOUBT_WALK) {
		snprintf(why, sizeof why,
		    "rose from %.0f to %.0f, but not more steadily than a count that only wanders up and down: run %.0f more "
		    "cycles to tell",
		    start_of(growth), end_of(growth),
		    cycles_to_tell_a_walk(growth, (double)verdict->n, limits->growth));
	} else if (growth->doubt == DOUBT_SLOWING) {
		snprintf(why, sizeof why,
		    "rise by %.2f a cycle, but ever more slowly, as in a cache that fills: run %.0f more cycles to see whether "
		    "they stop",
		    growth->slope, cycles_to_fill(growth, (double)verdict->n, limits->growth));
	} else if (growth->doubt == DOUBT_END && samples < RISE_POINTS) {
		snprintf(why, sizeof why,
		    "rise by %.2f a cycle, and %lld samples during the load are too few to tell a leak from a cache that "
		    "fills: take at least %d (observe_every)",
		    growth->slope, samples, RISE_POINTS);
	} else if (growth->doubt == DOUBT_END) {
		snprintf(why, sizeof why,
		    "rise by %.2f a cycle, but over too few cycles to tell a leak from a cache that fills: run as many cycles again",
		    growth->slope);
	} else if (growth->doubt == DOUBT_UNSEEN) {
		snprintf(why, sizeof why,
		    "rise by %.2f a cycle, and how many of them are left on the quiet host was not seen",
		    growth->slope);
	} else if (growth->doubt == DOUBT_LATE) {
		snprintf(why, sizeof why,
		    "rose near the end of the run (%.0f before it, %.0f on the quiet host): a leak that began "
		    "late cannot be distinguished from a step: run as many cycles again",
		    start_of(growth), end_of(growth));
	} else if (growth->doubt == DOUBT_RELEASED) {
		snprintf(why, sizeof why,
		    "rise by %.2f a cycle, but many are released when the host is quiet (%.0f before the run, %.0f at its "
		    "end, then %.0f): settle longer, and run as many cycles again",
		    growth->slope, start_of(growth), growth->last, growth->settled);
	} else if (growth->doubt == DOUBT_OWNER) {
		snprintf(why, sizeof why,
		    "rise by %.2f a cycle, but their owner is unknown, and %lld logon session%s of other users began during "
		    "the run: run it while nobody else logs on",
		    growth->slope, (long long)verdict->growth_strangers,
		    text_plural(verdict->growth_strangers));
	} else {
		snprintf(why, sizeof why,
		    "rose from %.0f to %.0f, and %lld samples during the load are too few to tell why: take at least %d "
		    "(observe_every)",
		    growth->before, growth->settled, samples, TREND_POINTS);
	}
	return sentences_add(out, "%s %s", what, why);
}

static bool has_few_samples(const struct growth *growth)
{
	return growth->doubt == DOUBT_TOO_FEW ||
	       (growth->samples < RISE_POINTS &&
	           (growth->doubt == DOUBT_WALK || growth->doubt == DOUBT_END ||
	               growth->doubt == DOUBT_LATE));
}

const char *growth_describe(const struct growth *growth, char out[GROWTH_TEXT])
{
	static const char *const words[] = {[GROWTH_NONE] = "does not rise",
	    [GROWTH_LEAK] = "leak",
	    [GROWTH_PLATEAU] = "plateau: filled up, and stays",
	    [GROWTH_RELEASED] = "released after the load",
	    [GROWTH_EXPLAINED] = "follows another row"};
	static const char *const doubts[] = {[DOUBT_WALK] = "may only wander up and down",
	    [DOUBT_SLOWING] = "rises ever more slowly, as a cache does",
	    [DOUBT_END] = "too few cycles to tell it from a cache",
	    [DOUBT_UNSEEN] = "what is left when the host is quiet was not seen",
	    [DOUBT_LATE] = "rose near the end",
	    [DOUBT_RELEASED] = "mostly released after the load",
	    [DOUBT_OWNER] = "of unknown owner, and others logged on"};

	if (growth->follows)
		snprintf(out, GROWTH_TEXT, "follows %s", growth->follows);
	else if (growth->word == GROWTH_UNCERTAIN && has_few_samples(growth))
		snprintf(out, GROWTH_TEXT, "too few samples (%lld)", (long long)growth->samples);
	else
		snprintf(out, GROWTH_TEXT, "%s",
		    growth->word == GROWTH_UNCERTAIN ? doubts[growth->doubt] : words[growth->word]);
	return out;
}

/* Handles of any type that rise, with the cycles or with the reconnects. */
static bool doubt_per(
    struct sentences *out, const struct verdict *verdict, const struct growth *growth)
{
	return growth->word != GROWTH_LEAK || !growth->totals ||
	       growth_of_reconnects(verdict, growth) != PER_EITHER ||
	       sentences_add(out,
	           "handles of %s (process %lld) rise, and whether with the reconnects, and so by a leak of theirs, does not show: "
	           "sample within the cycles (more load.slots, or observe_every: 1), or run with another number of load.reconnects",
	           image_of(growth), (long long)growth->pid);
}

bool growth_doubt(struct sentences *out, const struct verdict *verdict, const struct limits *limits)
{
	for (size_t i = 0; i < verdict->growth_count && verdict->n > 0; i++) {
		const struct growth *growth = &verdict->growths[i];
		if (!doubt_per(out, verdict, growth))
			return false;
		if (growth->word == GROWTH_UNCERTAIN && !growth->totals &&
		    !doubt_one(out, growth, verdict, limits))
			return false;
	}
	return true;
}
