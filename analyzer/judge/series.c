/* Knows which rows of which snapshots make up the counts of a process. */
#include "judge/series.h"

#include <math.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/intern.h"
#include "judge/owners.h"

/* Which series a row of a snapshot counts for. Rows are a million, but different ones only some thousand. */
struct kind {
	bool used;
	const struct samples *samples;
	struct holding row;    /* its strings are interned */
	struct series *pooled; /* NULL: of an account that is not ours */
	struct series *own;    /* of its account; NULL: has none */
};

struct loading {
	struct series_set *set;
	struct owners owners;
	struct kind *kinds;           /* a hash table */
	size_t kind_count, kind_room; /* a power of two */
	const struct evidence *evidence;
	int64_t capture;               /* of the last row; */
	const struct samples *samples; /* which it is one of; NULL: of none */
	size_t place;                  /* in a series */
	bool failed;
};

static int by_name(const void *a, const void *b)
{
	const struct series *one = a, *other = b;

	if (one->pid != other->pid)
		return one->pid < other->pid ? -1 : 1;
	/* Each observer's samples have axes of their own. */
	if (one->axis != other->axis)
		return one->axis < other->axis ? -1 : 1;
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

/* Rows come capture by capture. */
static bool find_place(struct loading *loading,
    const struct samples *(*find)(const struct all_samples *, int64_t, size_t *), int64_t capture)
{
	if (loading->capture != capture) {
		loading->capture = capture;
		loading->samples = find(&loading->set->all, capture, &loading->place);
	}
	return loading->samples;
}

/* The series of the key's process, type and axis; a new one begins with zeros. */
static struct series *series_for(struct loading *loading, struct series key)
{
	struct series_set *set = loading->set;
	const char *image = key.image, *type = key.type;

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
	made->counts = calloc(SAMPLE_PLACES(key.samples), sizeof(*made->counts));
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
static struct kind *find_kind(
    struct kind *kinds, size_t room, const struct samples *samples, const struct holding *row)
{
	uint64_t hash =
	    UINT64_C(0xcbf29ce484222325) ^ (uint64_t)row->pid ^ (uint64_t)(uintptr_t)samples << 16;

	/* A process has one image, and a user one domain mostly. */
	hash = hash_text(hash_text(hash, row->type), row->user);
	for (size_t at = (hash ^ hash >> 32) & (room - 1);; at = (at + 1) & (room - 1)) {
		struct kind *kind = &kinds[at];
		if (!kind->used || (kind->samples == samples && kind->row.pid == row->pid &&
		                       same_text(kind->row.image, row->image) &&
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
			*find_kind(kinds, room, loading->kinds[i].samples, &loading->kinds[i].row) =
			    loading->kinds[i];
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

/* False only when memory is out. */
static bool find_series(struct loading *loading, struct kind *kind)
{
	const struct samples *samples = kind->samples;
	struct series key = {.pid = kind->row.pid,
	    .image = kind->row.image,
	    .type = kind->row.type,
	    .samples = samples,
	    .axis = &samples->everybody};

	if (!is_ours(loading, &kind->row))
		return true;
	kind->pooled = series_for(loading, key);
	if (!kind->row.user)
		return kind->pooled;
	key.axis = samples_axis(samples, loading->evidence, kind->row.user);
	kind->own = key.axis ? series_for(loading, key) : NULL;
	return kind->pooled && (kind->own || !key.axis);
}

/* The kind of the row, made if it is the first of its kind; NULL when memory is out. */
static const struct kind *kind_of(struct loading *loading, const struct holding *row)
{
	if (2 * loading->kind_count >= loading->kind_room && !grow_kinds(loading))
		return NULL;
	struct kind *kind = find_kind(loading->kinds, loading->kind_room, loading->samples, row);
	if (kind->used)
		return kind;
	struct kind made = {.used = true, .samples = loading->samples, .row = *row};
	if (!find_series(loading, &made))
		return NULL;
	if (!keep_text(loading, &made.row.image) || !keep_text(loading, &made.row.type) ||
	    !keep_text(loading, &made.row.user) || !keep_text(loading, &made.row.domain))
		return NULL;
	loading->kind_count++;
	*kind = made;
	return kind;
}

/* Who owns it by the lists, where the row itself does not tell. */
static void name_owner(const struct loading *loading, struct holding *row)
{
	const struct owner *owner = !row->user && row->luid != LUID_UNKNOWN
	                                ? owners_find(&loading->owners, row->luid)
	                                : NULL;

	if (owner) {
		row->user = owner->user;
		row->domain = owner->domain;
	}
}

static void count(struct loading *loading, struct series *series, bool unowned)
{
	series->counts[loading->place]++;
	if (unowned && loading->place == SAMPLE_BEFORE(loading->samples))
		series->unowned_gain--;
	if (unowned && loading->place == SAMPLE_SETTLED(loading->samples))
		series->unowned_gain++;
}

static void count_holding(void *data, const struct holding *holding)
{
	struct loading *loading = data;
	struct holding row = *holding;

	if (loading->failed || !holding->type ||
	    !find_place(loading, samples_with_handles, holding->capture))
		return;
	name_owner(loading, &row);
	const struct kind *kind = kind_of(loading, &row);
	loading->failed = !kind;
	if (kind && kind->pooled)
		count(loading, kind->pooled, !row.user);
	if (kind && kind->own)
		count(loading, kind->own, false);
}

static void count_process(void *data, const struct holding *process)
{
	struct loading *loading = data;

	if (loading->failed || process->count == NUMBER_UNKNOWN ||
	    !find_place(loading, samples_with_processes, process->capture))
		return;
	struct series *series = series_for(loading, (struct series){.pid = process->pid,
	                                                .image = process->image,
	                                                .type = SERIES_ALL_HANDLES,
	                                                .samples = loading->samples,
	                                                .axis = &loading->samples->everybody});
	loading->failed = !series;
	if (series)
		series->counts[loading->place] = (double)process->count;
}

/* Moves the series from the tree into the array. */
static void gather(const void *node, VISIT when, void *data)
{
	struct series_set *set = data;

	if (when == postorder || when == leaf)
		set->items[set->room++] = **(struct series *const *)node;
}

static bool count_rows(struct loading *loading, struct runfile *runfile, struct error *error)
{
	if (!runfile_holdings(runfile, count_holding, loading, error))
		return false;
	loading->capture = -1;
	if (!runfile_process_counts(runfile, count_process, loading, error))
		return false;
	return !loading->failed || error_memory(error);
}

static int by_process(const void *a, const void *b)
{
	const struct series *one = a, *other = b;

	if (one->samples != other->samples)
		return one->samples < other->samples ? -1 : 1;
	if (one->pid != other->pid)
		return one->pid < other->pid ? -1 : 1;
	return one->image == other->image ? 0 : one->image < other->image ? -1 : 1;
}

/* Those of one process: a sample that shows nothing of it at all tells nothing. */
static void find_dips(struct series *items, size_t count)
{
	const struct samples *samples = items[0].samples;

	for (size_t place = SAMPLE_QUIET(samples);
	     samples->settled && place < SAMPLE_PLACES(samples); place++) {
		bool shown = false;
		for (size_t i = 0; i < count; i++)
			shown |= items[i].counts[place] > 0;
		for (size_t i = 0; shown && i < count; i++)
			items[i].dip = fmax(items[i].dip,
			    items[i].counts[SAMPLE_SETTLED(samples)] - items[i].counts[place]);
	}
}

static void find_all_dips(struct series_set *set)
{
	qsort(set->items, set->count, sizeof *set->items, by_process);
	for (size_t from = 0, to; from < set->count; from = to) {
		for (to = from + 1;
		     to < set->count && by_process(&set->items[from], &set->items[to]) == 0; to++)
			;
		find_dips(set->items + from, to - from);
	}
}

bool series_load(struct series_set *set, const struct evidence *evidence, struct runfile *runfile,
    struct error *error)
{
	struct loading loading = {.set = set, .evidence = evidence, .capture = -1};
	bool good;

	*set = (struct series_set){.intern = intern_create()};
	good = (set->intern && all_samples_choose(&set->all, evidence, slots_of(runfile))) ||
	       error_memory(error);
	good = good && (owners_load(&loading.owners, evidence) || error_memory(error));
	if (good) {
		set->strangers = loading.owners.strangers;
		good = count_rows(&loading, runfile, error);
		owners_deinit(&loading.owners);
	}
	free(loading.kinds);
	if (good && set->count > 0) {
		set->items = calloc(set->count, sizeof(*set->items));
		good = set->items || error_memory(error);
	}
	if (good && set->items)
		twalk_r(set->index, gather, set);
	if (good && set->items)
		find_all_dips(set);
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
	all_samples_deinit(&set->all);
	intern_destroy(set->intern);
	*set = (struct series_set){0};
}

size_t series_samples(const struct series_set *set)
{
	size_t most = 0;

	for (size_t i = 0; i < set->all.count; i++)
		if (set->all.items[i].handles.count > most)
			most = set->all.items[i].handles.count;
	return most;
}

bool series_is_total(const struct series *series)
{
	return strcmp(series->type, SERIES_ALL_HANDLES) == 0;
}

bool series_is_pooled(const struct series *series)
{
	return series->axis == &series->samples->everybody;
}

double series_gain(const struct series *series)
{
	const struct samples *samples = series->samples;

	if (!samples->before || !samples->settled)
		return NAN;
	return series->counts[SAMPLE_SETTLED(samples)] - series->counts[SAMPLE_BEFORE(samples)];
}
