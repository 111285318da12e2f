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

/* Which series a row of a snapshot counts for. Rows are a million, but different ones only some thousand. */
struct kind {
	bool used;
	struct holding row;    /* its strings are interned */
	struct series *series; /* NULL: of an account that is not ours */
};

struct loading {
	struct series_set *set;
	struct kind *kinds;           /* a hash table */
	size_t kind_count, kind_room; /* a power of two */
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

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* FNV-1a */
static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; text && *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return (hash ^ 0xff) * UINT64_C(0x100000001b3);
}

/* Where the row's kind is in the table, or would be. */
static struct kind *find_kind(struct kind *kinds, size_t room, const struct holding *row)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)row->pid;

	hash = hash_text(hash_text(hash, row->image), row->type);
	hash = hash_text(hash_text(hash, row->user), row->domain);
	for (size_t at = (hash ^ hash >> 32) & (room - 1);; at = (at + 1) & (room - 1)) {
		struct kind *kind = &kinds[at];
		if (!kind->used ||
		    (kind->row.pid == row->pid && same_text(kind->row.image, row->image) &&
		        same_text(kind->row.type, row->type) &&
		        same_text(kind->row.user, row->user) &&
		        same_text(kind->row.domain, row->domain)))
			return kind;
	}
}

static bool grow_kinds(struct loading *loading)
{
	const size_t room = loading->kind_room ? loading->kind_room * 2 : 1024;
	struct kind *kinds = calloc(room, sizeof(*kinds));

	if (!kinds)
		return false;
	for (size_t i = 0; i < loading->kind_room; i++)
		if (loading->kinds[i].used)
			*find_kind(kinds, room, &loading->kinds[i].row) = loading->kinds[i];
	free(loading->kinds);
	loading->kinds = kinds;
	loading->kind_room = room;
	return true;
}

/* False only when memory is out. */
static bool keep_text(struct loading *loading, const char **text)
{
	return !*text || (*text = intern_string(loading->set->intern, *text, strlen(*text)));
}

/* The kind of the row, made if it is the first of its kind; NULL when memory is out. */
static const struct kind *kind_of(struct loading *loading, const struct holding *row)
{
	if (2 * loading->kind_count >= loading->kind_room && !grow_kinds(loading))
		return NULL;
	struct kind *kind = find_kind(loading->kinds, loading->kind_room, row);
	if (kind->used)
		return kind;
	struct kind made = {.used = true, .row = *row};
	if (is_ours(loading, row) &&
	    !(made.series = series_for(loading, row->pid, row->image, row->type)))
		return NULL;
	if (!keep_text(loading, &made.row.image) || !keep_text(loading, &made.row.type) ||
	    !keep_text(loading, &made.row.user) || !keep_text(loading, &made.row.domain))
		return NULL;
	loading->kind_count++;
	*kind = made;
	return kind;
}

static void count_holding(void *data, const struct holding *holding)
{
	struct loading *loading = data;
	const struct sample_of *sample = sample_of(loading, holding->capture);

	if (!sample || loading->failed || !holding->type)
		return;
	const struct kind *kind = kind_of(loading, holding);
	if (!kind)
		loading->failed = true;
	else if (kind->series)
		kind->series->counts[sample->sample]++;
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
	free(loading.kinds);
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
