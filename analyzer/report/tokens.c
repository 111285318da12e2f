/* Which processes had how many token handles at each moment: what observers saw at once is one sample. */
#include "report/fields.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"

#define TOKENS_MOST 8 /* processes that a chart can tell apart */

/* One process. */
struct token_holder {
	int64_t pid;
	char *image;
	double *counts;
	double most;
	int64_t capture; /* the one being counted, */
	double current;  /* and its handles so far */
	bool culprit;    /* it holds orphans, and not only as long as others do */
};

struct gathering {
	struct report *report;
	size_t *moments; /* of each capture */
	bool *seen;      /* by moment */
	size_t moment_count;
	struct token_holder *holders;
	size_t holder_count;
	size_t last;     /* holder of the row before */
	int64_t capture; /* of the row before, and its moment */
	size_t moment;
	bool failed;
};

/* Captures come in the order of their start; those with one mark and round are one moment. */
static bool find_moments(struct gathering *gathering)
{
	const struct captures *captures = &gathering->report->captures;
	gathering->moments = calloc(captures->count + 1, sizeof *gathering->moments);
	gathering->seen = calloc(captures->count + 1, sizeof *gathering->seen);
	gathering->report->token_times = calloc(captures->count + 1, sizeof(double));
	gathering->report->token_cycles = calloc(captures->count + 1, sizeof(int64_t));
	if (!gathering->moments || !gathering->seen || !gathering->report->token_times ||
	    !gathering->report->token_cycles)
		return false;
	for (size_t i = 0; i < captures->count; i++) {
		const struct capture *capture = &captures->items[i];
		size_t other = i;
		while (other > 0 && (captures->items[other - 1].mark != capture->mark ||
		                        captures->items[other - 1].round != capture->round))
			other = i - other < 16 ? other - 1 : 0; /* observers of a moment are few */
		gathering->moments[i] =
		    other > 0 ? gathering->moments[other - 1] : gathering->moment_count++;
	}
	return true;
}

/* The moment of a capture; SIZE_MAX: none. */
static size_t moment_of(struct gathering *gathering, int64_t capture)
{
	const struct captures *captures = &gathering->report->captures;
	if (gathering->capture == capture)
		return gathering->moment;
	gathering->capture = capture;
	gathering->moment = SIZE_MAX;
	for (size_t i = 0; i < captures->count; i++) {
		if (captures->items[i].id == capture)
			gathering->moment = gathering->moments[i];
	}
	return gathering->moment;
}

static bool is_holder(const struct token_holder *holder, const struct holding *holding)
{
	return holder->pid == holding->pid && !holder->image == !holding->image &&
	       (!holder->image || strcmp(holder->image, holding->image) == 0);
}

/* Rows of a capture come by process, so it is mostly the last holder or the next. NULL when memory is out. */
static struct token_holder *holder_for(struct gathering *gathering, const struct holding *holding)
{
	for (size_t i = 0; i < gathering->holder_count; i++) {
		size_t at = (gathering->last + i) % gathering->holder_count;
		if (is_holder(&gathering->holders[at], holding)) {
			gathering->last = at;
			return &gathering->holders[at];
		}
	}
	if (!array_reserve(
	        &gathering->holders, gathering->holder_count, sizeof *gathering->holders))
		return NULL;
	struct token_holder made = {.pid = holding->pid,
	    .capture = -1,
	    .image = holding->image ? strdup(holding->image) : NULL,
	    .counts = calloc(gathering->moment_count + 1, sizeof(double))};
	if (!made.counts || (holding->image && !made.image)) {
		free(made.counts);
		free(made.image);
		return NULL;
	}
	gathering->last = gathering->holder_count;
	gathering->holders[gathering->holder_count++] = made;
	return &gathering->holders[gathering->last];
}

static void count(void *data, const struct holding *holding)
{
	struct gathering *gathering = data;
	const size_t moment = moment_of(gathering, holding->capture);
	if (moment == SIZE_MAX || gathering->failed)
		return;
	struct token_holder *holder = holder_for(gathering, holding);
	if (!holder) {
		gathering->failed = true;
		return;
	}
	if (holder->capture != holding->capture)
		holder->current = 0;
	holder->capture = holding->capture;
	holder->current++;
	gathering->seen[moment] = true;
	/* Several observers of a moment see the same handles. */
	if (holder->counts[moment] < holder->current)
		holder->counts[moment] = holder->current;
	if (holder->most < holder->current)
		holder->most = holder->current;
}

static bool is_culprit(const struct verdict *verdict, const struct token_holder *holder)
{
	for (size_t i = 0; i < verdict->culprit_count; i++) {
		if (!verdict->culprits[i].follower && verdict->culprits[i].pid == holder->pid)
			return true;
	}
	return false;
}

/* Culprits come first: what is drawn first is drawn on top. */
static int by_most(const void *a, const void *b)
{
	const struct token_holder *left = a, *right = b;
	if (left->culprit != right->culprit)
		return left->culprit ? -1 : 1;
	if (left->most != right->most)
		return left->most > right->most ? -1 : 1;
	return (left->pid > right->pid) - (left->pid < right->pid);
}

/* Keeps the moments at which handles were seen. */
static void keep_samples(struct gathering *gathering)
{
	struct report *report = gathering->report;
	size_t last = SIZE_MAX;
	int64_t first = TIMESTAMP_UNKNOWN;
	for (size_t i = 0; i < report->captures.count; i++) {
		const struct capture *capture = &report->captures.items[i];
		const size_t moment = gathering->moments[i], sample = report->token_samples;
		if (!gathering->seen[moment] || moment == last)
			continue;
		last = moment;
		if (sample == 0)
			first = capture->started;
		report->token_times[sample] = first == TIMESTAMP_UNKNOWN || capture->started < first
		                                  ? (double)sample
		                                  : (double)(capture->started - first) / 1e6;
		report->token_cycles[sample] = capture->cycle;
		for (size_t j = 0; j < gathering->holder_count; j++)
			gathering->holders[j].counts[sample] = gathering->holders[j].counts[moment];
		gathering->seen[moment] = false; /* once */
		report->token_samples++;
	}
}

static bool keep_holders(struct gathering *gathering)
{
	struct report *report = gathering->report;
	size_t kept = gathering->holder_count < TOKENS_MOST ? gathering->holder_count : TOKENS_MOST;
	report->tokens = calloc(kept + 1, sizeof *report->tokens);
	if (!report->tokens)
		return false;
	for (size_t i = 0; i < gathering->holder_count; i++)
		gathering->holders[i].culprit = is_culprit(report->verdict, &gathering->holders[i]);
	if (gathering->holder_count)
		qsort(gathering->holders, gathering->holder_count, sizeof *gathering->holders,
		    by_most);
	for (size_t i = 0; i < kept; i++) {
		struct token_holder *holder = &gathering->holders[i];
		const char *image = holder->image ? holder->image : "no name";
		char *name = NULL;
		if ((holder->pid == NUMBER_UNKNOWN
		            ? asprintf(&name, "%s", image)
		            : asprintf(&name, "%s (%" PRId64 ")", image, holder->pid)) < 0)
			return false;
		report->tokens[report->token_count++] =
		    (struct tokens){name, holder->counts, holder->most};
		holder->counts = NULL;
	}
	report->tokens_left_out = gathering->holder_count - kept;
	return true;
}

bool tokens_gather(struct report *report, struct runfile *runfile, struct error *error)
{
	struct gathering gathering = {.report = report, .capture = -1};
	bool good = find_moments(&gathering) || error_memory(error);
	good = good && runfile_token_holdings(runfile, count, &gathering, error);
	if (good) {
		keep_samples(&gathering);
		good = (!gathering.failed && keep_holders(&gathering)) || error_memory(error);
	}
	for (size_t i = 0; i < gathering.holder_count; i++) {
		free(gathering.holders[i].image);
		free(gathering.holders[i].counts);
	}
	free(gathering.holders);
	free(gathering.moments);
	free(gathering.seen);
	return good;
}
