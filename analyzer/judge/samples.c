/* Knows in which samples handles are counted. */
#include "judge/samples.h"

#include <stdlib.h>
#include <string.h>

#include "common/duration.h"
#include "evidence/identity.h"
#include "statistics/trend.h"

#define WARM_UP 0.1  /* share of the cycles that is dropped at the beginning */
#define QUIET_MOST 8 /* samples while the host settles; what stays shows in any of them */

struct chosen {
	int64_t capture;
	size_t place;
};

static int by_capture(const void *a, const void *b)
{
	const struct chosen *one = a, *other = b;

	return (one->capture > other->capture) - (one->capture < other->capture);
}

static bool samples_same_observer(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_of(const struct capture *capture, enum mark mark, const struct moment *moment)
{
	return capture->mark == mark && moment->snapshot && capture->round == moment->round;
}

static void choose(struct samples *samples, const struct capture *capture, size_t place)
{
	samples->chosen[samples->chosen_count++] = (struct chosen){capture->id, place};
}

/* Within a cycle, too: what rises with the one need not rise with the other. */
static void count_connections(
    struct axis *axis, const struct evidence *evidence, const struct capture *capture, size_t place)
{
	const struct reconnects *again = &evidence->reconnects;

	for (int at = 0; axis->reconnects[0] && at < SAMPLE_TIMES; at++) {
		const int64_t time = capture->started +
		                     (capture->ended - capture->started) * at / (SAMPLE_TIMES - 1);
		axis->times[at][place] =
		    (double)(time - evidence->captures.items[0].started) / SECOND;
		for (size_t i = 0; i < evidence->cycles.count; i++) {
			const struct cycle *cycle = &evidence->cycles.items[i];
			axis->logons[at][place] +=
			    cycle->logged_on != TIMESTAMP_UNKNOWN && cycle->logged_on <= time;
		}
		for (size_t i = 0; i < again->count + again->others; i++) {
			double *const *counts = i < again->count ? axis->reconnects : axis->logons;
			counts[at][place] += again->items[i].logged_on <= time;
		}
	}
}

static void choose_during(struct samples *samples, const struct evidence *evidence, int64_t slots,
    bool (*fits)(const struct capture *))
{
	const struct captures *captures = &evidence->captures;
	const double cycles = samples->everybody.total;
	const double unsteady = (double)(slots > 0 ? slots : 1);
	const double from = WARM_UP * cycles > unsteady ? WARM_UP * cycles : unsteady;

	for (size_t i = 0; i < captures->count; i++) {
		const struct capture *capture = &captures->items[i];
		const double at = (double)capture->cycle;
		if (capture->mark != MARK_DURING || at < from || at > cycles - unsteady ||
		    !fits(capture) || !samples_same_observer(capture->observer, samples->observer))
			continue;
		if (samples->count > 0 && at <= samples->everybody.cycles[samples->count - 1])
			continue;
		samples->everybody.cycles[samples->count] = at;
		count_connections(&samples->everybody, evidence, capture, samples->count);
		choose(samples, capture, samples->count++);
	}
}

static void choose_around(
    struct samples *samples, const struct evidence *evidence, bool (*fits)(const struct capture *))
{
	for (size_t i = 0; i < evidence->captures.count; i++) {
		const struct capture *capture = &evidence->captures.items[i];
		if (!samples_same_observer(capture->observer, samples->observer))
			continue;
		if (!samples->before && is_of(capture, MARK_BEFORE, &evidence->before) &&
		    fits(capture)) {
			samples->before = true;
			choose(samples, capture, SAMPLE_BEFORE(samples));
		} else if (!samples->settled && is_of(capture, MARK_SETTLED, &evidence->settled) &&
		           fits(capture)) {
			samples->settled = true;
			choose(samples, capture, SAMPLE_SETTLED(samples));
		}
	}
}

/* Of those while the host settled, evenly: those that fit. */
static void choose_quiet(
    struct samples *samples, const struct evidence *evidence, bool (*fits)(const struct capture *))
{
	const struct captures *captures = &evidence->captures;
	size_t fit = 0, seen = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < captures->count; i++) {
			const struct capture *capture = &captures->items[i];
			if (capture->mark != MARK_SETTLING || !is_after_load(evidence, capture) ||
			    !fits(capture) ||
			    !samples_same_observer(capture->observer, samples->observer))
				continue;
			if (pass == 0)
				fit++;
			else if (fit <= QUIET_MOST || seen * QUIET_MOST / fit == samples->quiet)
				choose(samples, capture, SAMPLE_QUIET(samples) + samples->quiet++);
			seen += pass;
		}
	}
}

/* Cycles have numbers in the order of their start. */
static bool axis_init(
    struct axis *axis, const struct samples *samples, const struct cycle_index *index, size_t end)
{
	axis->user = index->items[axis->at]->user;
	axis->total = (double)(end - axis->at);
	axis->cycles = calloc(samples->count + 1, sizeof *axis->cycles);
	for (size_t i = 0; axis->cycles && i < samples->count; i++)
		for (size_t at = axis->at; at < end; at++)
			axis->cycles[i] +=
			    (double)index->items[at]->number <= samples->everybody.cycles[i];
	return axis->cycles;
}

static bool find_accounts(struct samples *samples, const struct cycle_index *index)
{
	samples->accounts = calloc(index->count / TREND_POINTS + 1, sizeof *samples->accounts);
	if (!samples->accounts)
		return false;
	for (size_t at = 0, end; at < index->count; at = end) {
		cycle_index_find(index, index->items[at]->user, &end);
		if (end - at < TREND_POINTS || end - at == index->count)
			continue;
		struct axis *axis = &samples->accounts[samples->account_count++];
		axis->at = at;
		if (!axis_init(axis, samples, index, end))
			return false;
	}
	return true;
}

static void samples_deinit(struct samples *samples)
{
	for (size_t i = 0; i < samples->account_count; i++)
		free(samples->accounts[i].cycles);
	free(samples->accounts);
	free(samples->everybody.cycles);
	for (int at = 0; at < SAMPLE_TIMES; at++) {
		free(samples->everybody.logons[at]);
		free(samples->everybody.reconnects[at]);
		free(samples->everybody.times[at]);
	}
	free(samples->chosen);
	*samples = (struct samples){0};
}

/* Of the observer's captures that fit; after the load of those that are whole. False only when memory is out. */
static bool samples_choose(struct samples *samples, const struct evidence *evidence,
    const char *observer, int64_t slots, bool (*fits)(const struct capture *),
    bool (*whole)(const struct capture *))
{
	const size_t most = evidence->captures.count + 1;

	*samples = (struct samples){
	    .observer = observer,
	    .everybody = {.cycles = calloc(most, sizeof(double)),
	        .total = (double)evidence->cycles.count},
	    .chosen = calloc(most, sizeof(struct chosen)),
	};
	bool good = samples->everybody.cycles && samples->chosen;
	for (int at = 0; good && evidence->reconnects.count > 0 && at < SAMPLE_TIMES; at++) {
		samples->everybody.logons[at] = calloc(most, sizeof(double));
		samples->everybody.reconnects[at] = calloc(most, sizeof(double));
		samples->everybody.times[at] = calloc(most, sizeof(double));
		good = samples->everybody.logons[at] && samples->everybody.reconnects[at] &&
		       samples->everybody.times[at];
	}
	if (good) {
		choose_during(samples, evidence, slots, fits);
		choose_around(samples, evidence, fits);
		choose_quiet(samples, evidence, whole);
		qsort(samples->chosen, samples->chosen_count, sizeof *samples->chosen, by_capture);
		good = find_accounts(samples, &evidence->index);
	}
	if (!good)
		samples_deinit(samples);
	return good;
}

/* The place of what the capture shows; false: it is none that was chosen. */
static bool samples_place(const struct samples *samples, int64_t capture, size_t *out)
{
	const struct chosen key = {.capture = capture};
	const struct chosen *found = bsearch(
	    &key, samples->chosen, samples->chosen_count, sizeof *samples->chosen, by_capture);

	if (!found)
		return false;
	*out = found->place;
	return true;
}

static int by_place(const void *a, const void *b)
{
	const struct axis *one = a, *other = b;

	return (one->at > other->at) - (one->at < other->at);
}

const struct axis *samples_axis(
    const struct samples *samples, const struct evidence *evidence, const char *user)
{
	size_t end;
	const struct axis key = {.at = cycle_index_find(&evidence->index, user, &end)};

	return bsearch(&key, samples->accounts, samples->account_count, sizeof key, by_place);
}

/* ---- of all observers: what two of them saw is never added up, as one may have seen better, and both the same ---- */

static bool fits_handles(const struct capture *capture)
{
	return capture->shows_handles;
}

static bool fits_processes(const struct capture *capture)
{
	return capture->shows_processes;
}

static bool whole_handles(const struct capture *capture)
{
	return capture->handles_whole;
}

static bool whole_processes(const struct capture *capture)
{
	return capture->processes_whole;
}

static bool has(const struct all_samples *all, const char *observer)
{
	for (size_t i = 0; i < all->count; i++)
		if (samples_same_observer(all->items[i].handles.observer, observer))
			return true;
	return false;
}

bool all_samples_choose(struct all_samples *all, const struct evidence *evidence, int64_t slots)
{
	const struct captures *captures = &evidence->captures;

	*all = (struct all_samples){.items = calloc(captures->count + 1, sizeof *all->items)};
	if (!all->items)
		return false;
	for (size_t i = 0; i < captures->count; i++) {
		const struct capture *capture = &captures->items[i];
		struct observer_samples *one = &all->items[all->count];
		if (!(fits_handles(capture) || fits_processes(capture)) ||
		    has(all, capture->observer))
			continue;
		all->count++;
		if (!samples_choose(&one->handles, evidence, capture->observer, slots, fits_handles,
		        whole_handles) ||
		    !samples_choose(&one->processes, evidence, capture->observer, slots,
		        fits_processes, whole_processes))
			return false;
	}
	return true;
}

void all_samples_deinit(struct all_samples *all)
{
	for (size_t i = 0; i < all->count; i++) {
		samples_deinit(&all->items[i].handles);
		samples_deinit(&all->items[i].processes);
	}
	free(all->items);
	*all = (struct all_samples){0};
}

const struct samples *samples_with_handles(
    const struct all_samples *all, int64_t capture, size_t *place)
{
	for (size_t i = 0; i < all->count; i++)
		if (samples_place(&all->items[i].handles, capture, place))
			return &all->items[i].handles;
	return NULL;
}

const struct samples *samples_with_processes(
    const struct all_samples *all, int64_t capture, size_t *place)
{
	for (size_t i = 0; i < all->count; i++)
		if (samples_place(&all->items[i].processes, capture, place))
			return &all->items[i].processes;
	return NULL;
}
