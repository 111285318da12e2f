/* Knows which rows of which snapshots make up the counts of a process. */
#include "judge/series.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/intern.h"

#define WARM_UP 0.1 /* share of the cycles that is dropped at the beginning */

/* Which sample a capture is. */
struct sample_of {
	int64_t capture;
	size_t sample;
};

struct loading {
	struct series_set *set;
	const struct evidence *evidence;
	struct sample_of *samples; /* by capture */
	size_t sample_count;
	const struct sample_of *current; /* of the last row */
	bool failed;
};

static int by_name(const void *a, const void *b)
{
	const struct series *one = a, *other = b;

	if (one->pid != other->pid)
		return one->pid < other->pid ? -1 : 1;
	/* Both are interned. */
	if (one->image != other->image)
		return one->image < other->image ? -1 : 1;
	return one->type == other->type ? 0 : one->type < other->type ? -1 : 1;
}

static int64_t slots_of(struct runfile *runfile)
{
	char *text = runfile_get(runfile, "load.slots");
	const int64_t slots = text ? strtoll(text, NULL, 10) : 0;

	free(text);
	return slots > 0 ? slots : 1;
}

/* The first capture of each round during the load that gave a snapshot; others look at the same moment. */
static bool choose_samples(struct loading *loading, struct runfile *runfile)
{
	const struct captures *captures = &loading->evidence->captures;
	const double cycles = (double)loading->evidence->cycles.count;
	const double slots = (double)slots_of(runfile);
	const double from = WARM_UP * cycles > slots ? WARM_UP * cycles : slots;
	struct series_set *set = loading->set;

	loading->samples = calloc(captures->count + 1, sizeof(*loading->samples));
	set->cycles = calloc(captures->count + 1, sizeof(*set->cycles));
	if (!loading->samples || !set->cycles)
		return false;
	for (size_t i = 0; i < captures->count; i++) {
		const struct capture *capture = &captures->items[i];
		const double at = (double)capture->cycle;
		if (capture->mark != MARK_DURING || capture->problem || at < from ||
		    at > cycles - slots)
			continue;
		if (set->samples > 0 && at <= set->cycles[set->samples - 1])
			continue;
		loading->samples[set->samples] = (struct sample_of){capture->id, set->samples};
		set->cycles[set->samples++] = at;
	}
	loading->sample_count = set->samples;
	return true;
}

static const struct sample_of *sample_of(struct loading *loading, int64_t capture)
{
	size_t low = 0, high = loading->sample_count;

	if (loading->current && loading->current->capture == capture)
		return loading->current;
	while (low < high) {
		const size_t middle = (low + high) / 2;
		if (loading->samples[middle].capture < capture)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == loading->sample_count || loading->samples[low].capture != capture)
		return NULL;
	return loading->current = &loading->samples[low];
}

/* The series of the process and type; a new one begins with zeros. */
static struct series *series_for(
    struct loading *loading, int64_t pid, const char *image, const char *type)
{
	struct series_set *set = loading->set;
	struct series key = {.pid = pid};

	if ((image && !(key.image = intern_string(set->intern, image, strlen(image)))) ||
	    !(key.type = intern_string(set->intern, type, strlen(type))))
		return NULL;
	struct series **found = tfind(&key, &set->index, by_name);
	if (found)
		return *found;
	struct series *made = malloc(sizeof(*made));
	if (!made)
		return NULL;
	*made = key;
	made->counts = calloc(set->samples, sizeof(*made->counts));
	if (!made->counts || !tsearch(made, &set->index, by_name)) {
		free(made->counts);
		free(made);
		return NULL;
	}
	set->count++;
	return made;
}

static bool is_ours(struct loading *loading, const struct holding *holding)
{
	return !holding->user ||
	       cycle_index_has(&loading->evidence->index, holding->user, holding->domain);
}

static void count_holding(void *data, const struct holding *holding)
{
	struct loading *loading = data;
	const struct sample_of *sample = sample_of(loading, holding->capture);

	if (!sample || loading->failed || !holding->type || !is_ours(loading, holding))
		return;
	struct series *series = series_for(loading, holding->pid, holding->image, holding->type);
	if (series)
		series->counts[sample->sample]++;
	else
		loading->failed = true;
}

static void count_process(void *data, const struct holding *process)
{
	struct loading *loading = data;
	const struct sample_of *sample = sample_of(loading, process->capture);

	if (!sample || loading->failed || process->count == NUMBER_UNKNOWN)
		return;
	struct series *series =
	    series_for(loading, process->pid, process->image, SERIES_ALL_HANDLES);
	if (series)
		series->counts[sample->sample] = (double)process->count;
	else
		loading->failed = true;
}

/* Moves the series from the tree into the array. */
static void gather(const void *node, VISIT when, void *data)
{
	struct series_set *set = data;

	if (when == postorder || when == leaf)
		set->items[set->room++] = **(struct series *const *)node;
}

bool series_load(struct series_set *set, const struct evidence *evidence, struct runfile *runfile,
    struct error *error)
{
	struct loading loading = {.set = set, .evidence = evidence};
	bool good;

	*set = (struct series_set){.intern = intern_create()};
	good = set->intern && choose_samples(&loading, runfile);
	if (!good)
		error_set(error, EXIT_TARGET, "out of memory");
	if (good && set->samples > 0)
		good = runfile_holdings(runfile, count_holding, &loading, error) &&
		       runfile_process_counts(runfile, count_process, &loading, error);
	if (good && loading.failed)
		good = error_set(error, EXIT_TARGET, "out of memory");
	free(loading.samples);
	if (good && set->count > 0) {
		set->items = calloc(set->count, sizeof(*set->items));
		good = set->items || error_set(error, EXIT_TARGET, "out of memory");
	}
	if (good && set->items)
		twalk_r(set->index, gather, set);
	if (!good)
		series_deinit(set);
	return good;
}

static void free_series(void *node)
{
	struct series *series = node;

	free(series->counts);
	free(series);
}

void series_deinit(struct series_set *set)
{
	tdestroy(set->index, free_series);
	free(set->items);
	free(set->cycles);
	intern_destroy(set->intern);
	*set = (struct series_set){0};
}
