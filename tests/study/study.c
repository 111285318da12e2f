/* How often the judge is right: many made-up runs of each kind, judged, and counted against what is promised. Seeded: the same
 * numbers each time. */
#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "judge/judge.h"
#include "judge/verdict.h"
#include "leak/leak.h"
#include "report/report.h"
#include "study/host.h"

/* What verdicts are right for a kind, and how many may be wrong. */
static const struct promise {
	struct kind kind;
	enum {
		CLEAN = 1, /* nothing leaks */
		LEAK = 2,  /* something does, in each run in which a cycle did */
		/* INCONCLUSIVE may be said as often as it likes, as such a run cannot tell: what held ended within the release time, a
		 * cache may still fill, handles are not seen, or it is token handles that nobody can look into that wander or rise late. */
		UNDECIDED = 4,
		STEADY = 8,   /* a rate that the interval must cover */
		COUNTED = 16, /* k is known exactly */
		HANDLES = 32, /* it is handles that leak */
		BOUNDED = 64, /* no more with more cycles */
	} is;
	const char *leaker; /* NULL: leaky.exe */
} promises[] = {
    {{.name = "no leak", .unsettled = 0.05}, CLEAN | COUNTED},
    {{.name = "5 % of logons leak", .leak = 0.05}, LEAK | STEADY | COUNTED},
    {{.name = "10 % of logons leak", .leak = 0.1}, LEAK | STEADY | COUNTED},
    {{.name = "33 % of logons leak", .leak = 1.0 / 3}, LEAK | STEADY | COUNTED},
    {{.name = "every logon leaks", .leak = 1}, LEAK | STEADY | COUNTED},
    {{.name = "every logon leaks, IDs reused", .leak = 1, .session_ids_reused = true},
        LEAK | STEADY | COUNTED},
    {{.name = "20 % leak, in bursts of 5", .leak = 0.2, .burst = 5}, LEAK | STEADY | COUNTED},
    {{.name = "10 % leak, in bursts of 20", .leak = 0.1, .burst = 20}, LEAK | STEADY | COUNTED},
    {{.name = "30 % leak, in bursts of 20", .leak = 0.3, .burst = 20}, LEAK | STEADY | COUNTED},
    {{.name = "from half of the run on every logon leaks", .leak = 1, .leak_from = 50},
        LEAK | COUNTED},
    {{.name = "one account of five leaks", .leak = 1, .of_account = 2}, LEAK | COUNTED},
    {{.name = "the rate rises from 0 to 20 %", .leak = 0.1, .drifts = true},
        LEAK | STEADY | COUNTED},
    {{.name = "each account's last token is kept", .leak = 1, .cache = true}, LEAK | BOUNDED},
    {{.name = "4 % release at 20 to 25 minutes", .late = 0.04}, CLEAN | COUNTED},
    {{.name = "the same, and 10 % leak", .late = 0.04, .leak = 0.1}, LEAK | STEADY | COUNTED},
    {{.name = "every logon leaks, the leaker is restarted in the end",
         .leak = 1,
         .leaker = {.once = 1900}},
        LEAK},
    {{.name = "every logon leaks, the leaker is restarted every 4 minutes",
         .leak = 1,
         .leaker = {.every = 240}},
        LEAK | UNDECIDED},
    {{.name = "10 % leak, the leaker is restarted in the end",
         .leak = 0.1,
         .leaker = {.once = 1900}},
        LEAK | UNDECIDED},
    {{.name = "a healthy service is restarted", .service = {.once = 300}}, CLEAN | COUNTED},
    {{.name = "the same, in the second half of the load", .service = {.once = 700}},
        CLEAN | UNDECIDED},
    {{.name = "a service that holds and leaks 10 % is restarted in the end",
         .leak = 0.1,
         .service = {.once = 1300},
         .service_leaks = true},
        LEAK | UNDECIDED, "svchost.exe"},
    {{.name = "a healthy service is restarted, and 33 % leak",
         .leak = 1.0 / 3,
         .service = {.once = 700}},
        LEAK | STEADY | COUNTED},
    {{.name = "settled for 2 minutes, without handles", .settle = 120, .blind = true},
        CLEAN | UNDECIDED},
    {{.name = "the boot time moves by 2 s", .boot_moves = true}, CLEAN | COUNTED},
    {{.name = "the same, and every logon leaks", .boot_moves = true, .leak = 1},
        LEAK | STEADY | COUNTED},
    {{.name = "30 % of logons fail", .fail = 0.3}, CLEAN | COUNTED},
    {{.name = "the same, and every logon leaks", .fail = 0.3, .leak = 1}, LEAK | STEADY | COUNTED},
    {{.name = "failed logons leak", .fail = 0.1, .failed_leak = true}, LEAK},
    {{.name = "10 % of network logons leak", .leak_network = 0.1}, LEAK | STEADY},
    {{.name = "test users have scheduled tasks", .tasks = true}, CLEAN | COUNTED},
    {{.name = "handles leak, no session does", .anonymous = 1}, LEAK | HANDLES, "cache.exe"},
    {{.name = "handles leak, of one account in five", .anonymous = 1, .one_account = true},
        LEAK | HANDLES, "cache.exe"},
    {{.name = "handles leak, in the last fifth", .anonymous = 1, .from = 80},
        LEAK | HANDLES | UNDECIDED, "cache.exe"},
    {{.name = "a cache fills to 20 and stays", .anonymous = 0.8, .plateau = 20}, CLEAN | UNDECIDED},
    {{.name = "a cache fills until cycle 75", .anonymous = 1, .plateau = 75}, CLEAN | UNDECIDED},
    {{.name = "a cache fills with tau of half the run", .plateau = 100, .tau = 0.5},
        CLEAN | UNDECIDED},
    {{.name = "handles wander as a random walk", .walk = 1}, CLEAN | UNDECIDED},
    {{.name = "handles wander, AR(1) 0.9", .walk = 0.9}, CLEAN | UNDECIDED},
    {{.name = "handles leak and wander as a random walk", .anonymous = 1, .walk = 1},
        LEAK | HANDLES | UNDECIDED, "cache.exe"},
    {{.name = "handles leak and wander, AR(1) 0.5", .anonymous = 1, .walk = 0.5}, LEAK | HANDLES,
        "cache.exe"},
    {{.name = "others log on, and stay", .staff = 0.5}, CLEAN | COUNTED},
};

struct count {
	int words[3];
	int wrong; /* LEAK where nothing leaked, CLEAN where something did */
	int covered, intervals;
	int miscounted; /* others than the cycles that leaked were counted, or out of others */
	int accused;    /* verdicts LEAK that name somebody else than the leaker, or name nobody */
};

struct options {
	int runs, cycles;
	uint64_t seed;
	const char *kind; /* part of its name; NULL: all */
};

static const struct argp_option options[] = {
    {"runs", 'r', "N", 0, "Runs of each kind (default 1000)", 0},
    {"cycles", 'c', "N", 0, "Cycles a run (default 100)", 0},
    {"seed", 's', "N", 0, "Another series of runs", 0},
    {"kind", 'k', "NAME", 0, "Only kinds whose name has this in it", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct options *wanted = state->input;

	switch (key) {
	case 'r':
		wanted->runs = atoi(text);
		return 0;
	case 'c':
		wanted->cycles = atoi(text);
		return 0;
	case 's':
		wanted->seed = strtoull(text, NULL, 10);
		return 0;
	case 'k':
		wanted->kind = text;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* What leaks names the leaker first; handles that follow a leak rise with it. */
static bool names_leaker(const struct verdict *verdict, const struct promise *promise)
{
	const char *leaker = promise->leaker ? promise->leaker : "leaky.exe";
	const bool sessions = !(promise->is & HANDLES);
	bool named = verdict->culprit_count > 0 && verdict->culprits_tied == 1 &&
	             image_same(verdict->culprits[0].image, leaker);

	if (sessions != (verdict->culprit_count > 0 && verdict_is_proven(verdict)))
		return false;
	for (size_t i = 0; i < verdict->growth_count; i++) {
		const struct growth *growth = &verdict->growths[i];
		if (growth->word != GROWTH_LEAK || growth->totals) /* totals are not judged */
			continue;
		if (!growth->image || !(image_same(growth->image, leaker) ||
		                          (sessions && image_follows(growth->image))))
			return false;
		named = named || !sessions;
	}
	return named;
}

/* Of leaks that come one by one all runs should show one; of others those in which a cycle leaked. */
static bool should_leak(const struct promise *promise, const struct truth *truth)
{
	return (promise->is & HANDLES) || truth->leaked > 0 || promise->kind.burst == 0;
}

static void count_interval(
    struct count *count, const struct promise *promise, const struct verdict *verdict)
{
	const struct kind *kind = &promise->kind;
	const double rate = kind->leak > 0 ? kind->leak : kind->leak_network;

	if (!(promise->is & STEADY) || verdict->n == 0 || verdict->word != VERDICT_LEAK)
		return;
	count->intervals++;
	count->covered += verdict->lower <= rate && rate <= verdict->upper;
}

static void judge_one(const struct promise *promise, const struct options *wanted, int number,
    const char *path, struct count *count)
{
	struct error error = {0};
	struct runfile *runfile = runfile_create(path, &error);
	struct truth truth;

	if (!runfile ||
	    !host_play(runfile, &promise->kind, wanted->cycles,
	        (wanted->seed * 1000003 + (uint64_t)number) * 1009 + (uint64_t)(promise - promises),
	        &truth)) {
		fprintf(stderr, "study: cannot make a run: %s\n", error.text);
		exit(EXIT_TARGET);
	}
	struct verdict *verdict = judge_run(runfile, NULL, &error);
	if (!verdict) {
		fprintf(stderr, "study: %s\n", error.text);
		exit(EXIT_TARGET);
	}
	const bool leaks = verdict->word == VERDICT_LEAK, clean = verdict->word == VERDICT_CLEAN;
	count->words[verdict->word]++;
	count->wrong += promise->is & LEAK ? clean && should_leak(promise, &truth) : leaks;
	count->miscounted += (promise->is & COUNTED) && verdict->word != VERDICT_INCONCLUSIVE &&
	                     (verdict->k != truth.k || verdict->n != truth.n);
	count->miscounted += leaks && verdict->bounded != !!(promise->is & BOUNDED);
	count->accused += leaks && (promise->is & LEAK) && !names_leaker(verdict, promise);
	count_interval(count, promise, verdict);
	if (getenv("STUDY_VERBOSE"))
		report_verdict("text", verdict, stderr, NULL);
	verdict_destroy(verdict);
	runfile_close(runfile);
	unlink(path);
}

/* So many of `runs` are not exceeded, with one study in ten thousand, where the share is right. */
static int most(double share, int runs)
{
	return (int)ceil(share * runs + 4 * sqrt(share * (1 - share) * runs));
}

static bool is_kept(const struct promise *promise, const struct count *count, int runs)
{
	return count->wrong <= most(0.01, runs) && count->accused <= most(0.001, runs) &&
	       count->miscounted <= most(0.001, runs) &&
	       (promise->is & UNDECIDED || count->words[VERDICT_INCONCLUSIVE] <= most(0.1, runs)) &&
	       count->intervals - count->covered <= most(0.07, count->intervals);
}

int main(int argc, char **argv)
{
	const struct argp argp = {
	    options, parse, NULL, "Judges made-up runs and counts how often it is right.", 0, 0, 0};
	struct options wanted = {.runs = 1000, .cycles = 100, .seed = 1};
	bool kept = true;

	argp_parse(&argp, argc, argv, 0, 0, &wanted);
	char folder[] = "/tmp/leaklab-study-XXXXXX", path[64];
	if (!mkdtemp(folder))
		return EXIT_TARGET;
	snprintf(path, sizeof(path), "%s/run", folder);
	printf(
	    "| %d runs of %d cycles each | LEAK | CLEAN | INCONCLUSIVE | wrong | interval covers | "
	    "miscounted | wrong culprit | |\n|---|---|---|---|---|---|---|---|---|\n",
	    wanted.runs, wanted.cycles);
	for (size_t i = 0; i < sizeof(promises) / sizeof(promises[0]); i++) {
		struct count count = {0};
		if (wanted.kind && !strstr(promises[i].kind.name, wanted.kind))
			continue;
		for (int run = 0; run < wanted.runs; run++)
			judge_one(&promises[i], &wanted, run, path, &count);
		const bool good = is_kept(&promises[i], &count, wanted.runs);
		kept = kept && good;
		printf("| %s | %.1f %% | %.1f %% | %.1f %% | %.1f %% | ", promises[i].kind.name,
		    100.0 * count.words[VERDICT_LEAK] / wanted.runs,
		    100.0 * count.words[VERDICT_CLEAN] / wanted.runs,
		    100.0 * count.words[VERDICT_INCONCLUSIVE] / wanted.runs,
		    100.0 * count.wrong / wanted.runs);
		if (count.intervals)
			printf("%.1f %%", 100.0 * count.covered / count.intervals);
		else
			printf("-");
		printf(" | %.1f %% | %.1f %% | %s |\n", 100.0 * count.miscounted / wanted.runs,
		    100.0 * count.accused / wanted.runs, good ? "kept" : "NOT KEPT");
		fflush(stdout);
	}
	rmdir(folder);
	return kept ? EXIT_CLEAN : EXIT_LEAK;
}
