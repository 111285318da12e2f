/* How often the judge is right: many made-up runs of each kind, judged, and counted against what is promised. Seeded: the same
 * numbers each time. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "judge/judge.h"
#include "judge/verdict.h"
#include "leak/leak.h"
#include "report/report.h"
#include "study/host.h"

static const struct promise {
	struct kind kind;
	double leak_least, leak_most, clean_most, clean_least; /* shares of the runs */
} promises[] = {
    {{.name = "no leak", .unsettled = 0.05}, 0, 0.01, 1, 0.75},
    {{.name = "5 % of logons leak", .leak = 0.05}, 0.95, 1, 0.02},
    {{.name = "10 % of logons leak", .leak = 0.1}, 0.99, 1, 0.02},
    {{.name = "33 % of logons leak", .leak = 1.0 / 3}, 1, 1, 0},
    {{.name = "every logon leaks", .leak = 1}, 1, 1, 0},
    {{.name = "every logon leaks, IDs reused", .leak = 1, .session_ids_reused = true}, 1, 1, 0},
    {{.name = "handles leak, no session does", .anonymous = 1}, 0.95, 1, 0.02},
    {{.name = "handles leak, of one account in five", .anonymous = 1, .one_account = true}, 0.95, 1,
        0.02},
    {{.name = "handles leak, in the last fifth", .anonymous = 1, .from = 80}, 0, 1, 0.02},
    {{.name = "a cache fills to 20 and stays", .anonymous = 0.8, .plateau = 20}, 0, 0.01, 1},
    {{.name = "a cache fills until cycle 75", .anonymous = 1, .plateau = 75}, 0, 0.01, 1},
    {{.name = "a cache fills with tau of half the run", .plateau = 100, .tau = 0.5}, 0, 0.05, 0},
    {{.name = "handles wander as a random walk", .walk = 1}, 0, 0.01, 1},
    {{.name = "handles wander, AR(1) 0.9", .walk = 0.9}, 0, 0.01, 1},
    {{.name = "others log on, and stay", .staff = 0.5}, 0, 0.01, 1, 0.75},
};

struct count {
	int words[3];
	int covered, intervals;
	int miscounted; /* others than the cycles that leaked were counted, or out of others */
	int accused;    /* verdicts LEAK that name somebody else than the leaker, or name nobody */
};

struct options {
	int runs, cycles;
	uint64_t seed;
};

static const struct argp_option options[] = {
    {"runs", 'r', "N", 0, "Runs of each kind (default 1000)", 0},
    {"cycles", 'c', "N", 0, "Cycles a run (default 100)", 0},
    {"seed", 's', "N", 0, "Another series of runs", 0},
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
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* What leaks names the leaker first; handles that follow a leak rise with it. */
static bool names_leaker(const struct verdict *verdict, const struct kind *kind)
{
	const bool sessions = kind->leak > 0;
	bool named = verdict->culprit_count > 0 && verdict->culprits_tied == 1 &&
	             image_same(verdict->culprits[0].image, "leaky.exe");

	if (sessions != (verdict->culprit_count > 0 && verdict_is_proven(verdict)))
		return false;
	for (size_t i = 0; i < verdict->growth_count; i++) {
		const struct growth *growth = &verdict->growths[i];
		if (growth->word != GROWTH_LEAK || growth->totals) /* totals are not judged */
			continue;
		if (!growth->image || !(sessions ? image_same(growth->image, "leaky.exe") ||
		                                       image_follows(growth->image)
		                                 : image_same(growth->image, "cache.exe")))
			return false;
		named = named || !sessions;
	}
	return named;
}

static void judge_one(const struct promise *promise, const struct options *wanted, int number,
    const char *path, struct count *count)
{
	struct error error = {0};
	struct runfile *runfile = runfile_create(path, &error);
	int k, n;

	if (!runfile || !host_play(runfile, &promise->kind, wanted->cycles,
	                    wanted->seed * 1000003 + (uint64_t)number, &k, &n)) {
		fprintf(stderr, "study: cannot make a run: %s\n", error.text);
		exit(EXIT_TARGET);
	}
	struct verdict *verdict = judge_run(runfile, NUMBER_UNKNOWN, &error);
	if (!verdict) {
		fprintf(stderr, "study: %s\n", error.text);
		exit(EXIT_TARGET);
	}
	count->words[verdict->word]++;
	count->miscounted += verdict->orphans_known && verdict->word != VERDICT_INCONCLUSIVE &&
	                     (verdict->k != k || verdict->n != n);
	count->accused += verdict->word == VERDICT_LEAK && !names_leaker(verdict, &promise->kind);
	if (verdict->orphans_known && verdict->n > 0 && verdict->word != VERDICT_INCONCLUSIVE) {
		count->intervals++;
		count->covered +=
		    verdict->lower <= promise->kind.leak && promise->kind.leak <= verdict->upper;
	}
	if (getenv("STUDY_VERBOSE"))
		report_verdict("text", verdict, stderr, NULL);
	verdict_destroy(verdict);
	runfile_close(runfile);
	unlink(path);
}

static bool is_kept(const struct promise *promise, const struct count *count, int runs)
{
	const double leak = (double)count->words[VERDICT_LEAK] / runs,
	             clean = (double)count->words[VERDICT_CLEAN] / runs;

	return leak >= promise->leak_least && leak <= promise->leak_most &&
	       clean >= promise->clean_least && clean <= promise->clean_most &&
	       count->accused == 0 && count->miscounted == 0 &&
	       (count->intervals == 0 || (double)count->covered / count->intervals >= 0.94);
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
	    "| %d runs of %d cycles each | LEAK | CLEAN | INCONCLUSIVE | interval covers | miscounted | wrong culprit | |\n|---|---|---|---|---|---|---|---|\n",
	    wanted.runs, wanted.cycles);
	for (size_t i = 0; i < sizeof(promises) / sizeof(promises[0]); i++) {
		struct count count = {0};
		for (int run = 0; run < wanted.runs; run++)
			judge_one(&promises[i], &wanted, run, path, &count);
		const bool good = is_kept(&promises[i], &count, wanted.runs);
		kept = kept && good;
		printf("| %s | %.1f %% | %.1f %% | %.1f %% | %.1f %% | %.1f %% | %.1f %% | %s |\n",
		    promises[i].kind.name, 100.0 * count.words[VERDICT_LEAK] / wanted.runs,
		    100.0 * count.words[VERDICT_CLEAN] / wanted.runs,
		    100.0 * count.words[VERDICT_INCONCLUSIVE] / wanted.runs,
		    count.intervals ? 100.0 * count.covered / count.intervals : 100.0,
		    100.0 * count.miscounted / wanted.runs, 100.0 * count.accused / wanted.runs,
		    good ? "kept" : "NOT KEPT");
		fflush(stdout);
	}
	rmdir(folder);
	return kept ? EXIT_CLEAN : EXIT_LEAK;
}
