/* Which counters are read, which process an instance is, and how many values of a long run are kept. */
#include "readers/counter_list.h"

#include <stdlib.h>
#include <string.h>

#include "common/array.h"

#define POINTS_MOST ((size_t)500000) /* of all series together */
#define SERIES_MOST ((size_t)200000) /* processes that come and go, each with one */
#define ROWS_MOST 4000               /* of which every series has at most one point each */
#define ROWS_LEAST 256               /* so many stay, however many series there are */

struct kept {
	int64_t at, value;
	int64_t row;
};

struct tracked {
	struct counter_key key;
	struct kept *points;
	size_t count;
	struct kept last; /* the newest, kept or not */
	int64_t lowest, highest, seen;
	size_t next; /* of the same hash; SIZE_MAX: none */
};

struct counter_list {
	struct tracked *items;
	size_t count;
	size_t *slots;
	size_t slot_count; /* a power of two */
	int64_t row;       /* the one at hand, from 0 */
	int64_t stride;    /* of so many rows one is kept */
	int64_t at;
	bool repeated; /* the row at hand was not later than one before */
	int64_t left;
	int64_t surplus; /* values of what came when there were so many series already */
};

/* ---- paths ---- */

static size_t find_last(struct span text, char c)
{
	const char *at = text.length ? memrchr(text.text, c, text.length) : NULL;
	return at ? (size_t)(at - text.text) : SIZE_MAX;
}

bool counter_path_split(struct counter_path *path, struct span text)
{
	*path = (struct counter_path){0};
	if (!text.length || text.text[0] != '\\')
		return false;
	if (text.length > 1 && text.text[1] == '\\') {
		text = span_from(text, 2);
		const char *end = memchr(text.text, '\\', text.length);
		if (!end)
			return false;
		path->host = (struct span){text.text, (size_t)(end - text.text)};
		text = span_from(text, path->host.length);
	}
	text = span_from(text, 1);
	const size_t last = find_last(text, '\\');
	if (last == SIZE_MAX)
		return false;
	path->counter = span_trim(span_from(text, last + 1));
	path->object = (struct span){text.text, last};
	const char *open = last ? memchr(text.text, '(', last) : NULL;
	if (open && text.text[last - 1] == ')') {
		path->object.length = (size_t)(open - text.text);
		path->instance = (struct span){open + 1, last - path->object.length - 2};
	}
	return path->object.length > 0 && path->counter.length > 0;
}

/* https://learn.microsoft.com/windows-server/administration/windows-server-2008-help/performance/perf-objects: their names in English, as
 * they are in files of typeperf, perfmon, relog and Get-Counter on an English host. */
static const struct {
	const char *object, *counter;
	enum counter_role role;
} known[] = {
    {"Process", COUNTER_HANDLES, COUNTER_OF_PROCESS},
    {"Process", "ID Process", COUNTER_PROCESS_ID},
    {"Process V2", COUNTER_HANDLES, COUNTER_OF_PROCESS},
    {"Terminal Services", "Active Sessions", COUNTER_OF_HOST},
    {"Terminal Services", "Inactive Sessions", COUNTER_OF_HOST},
    {"Terminal Services", COUNTER_SESSIONS, COUNTER_OF_HOST},
    {"Terminal Services Session", "Active Sessions", COUNTER_OF_HOST},
    {"Terminal Services Session", "Inactive Sessions", COUNTER_OF_HOST},
    {"Terminal Services Session", COUNTER_SESSIONS, COUNTER_OF_HOST},
};

enum counter_role counter_path_role(const struct counter_path *path)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (span_is(path->object, known[i].object) &&
		    span_is(path->counter, known[i].counter) &&
		    (known[i].role == COUNTER_OF_HOST) == !path->instance.length)
			return known[i].role;
	}
	return COUNTER_NOT_READ;
}

/* ---- keys ---- */

static const char *string_of(struct snapshot *snapshot, struct span text, bool *failed)
{
	const char *own = text.length ? snapshot_string(snapshot, text.text, text.length) : NULL;
	*failed |= text.length && !own;
	return own;
}

/* The instance's name without the number behind this mark; *number stays as it is if there is none. */
static struct span name_before(struct span instance, char mark, int64_t *number)
{
	const size_t at = find_last(instance, mark);
	if (at == SIZE_MAX || at == 0 || !span_decimal(span_from(instance, at + 1), number))
		return instance;
	return (struct span){instance.text, at};
}

bool counter_key_of(
    struct snapshot *snapshot, const struct counter_path *path, bool zoned, struct counter_key *out)
{
	bool failed = false;
	int64_t pid = NUMBER_UNKNOWN, number;
	struct span image = {0};
	/* The sum of all processes is none of them. */
	if (counter_path_role(path) != COUNTER_OF_HOST && !span_is(path->instance, "_Total"))
		image = span_is(path->object, "Process V2")
		            ? name_before(path->instance, ':', &pid)
		            : name_before(path->instance, '#', &number);
	*out = (struct counter_key){
	    .object = string_of(snapshot, path->object, &failed),
	    .instance = string_of(snapshot, path->instance, &failed),
	    .image = string_of(snapshot, image, &failed),
	    .counter = string_of(snapshot, path->counter, &failed),
	    .pid = pid,
	    .zoned = zoned,
	};
	return !failed;
}

/* An instance is the same thing only where nothing tells the process. Texts are interned. */
static const char *name_of(const struct counter_key *key)
{
	return key->pid == NUMBER_UNKNOWN ? key->instance : key->image;
}

static bool same_key(const struct counter_key *a, const struct counter_key *b)
{
	return a->pid == b->pid && name_of(a) == name_of(b) && a->counter == b->counter &&
	       a->object == b->object && a->zoned == b->zoned;
}

static size_t hash_of(const struct counter_key *key)
{
	uint64_t mixed = (uint64_t)key->pid;
	const char *const texts[] = {name_of(key), key->counter, key->object};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		mixed = (mixed ^ (uint64_t)(uintptr_t)texts[i]) * UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(mixed ^ mixed >> 32);
}

/* ---- the list ---- */

void counter_list_destroy(struct counter_list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].points);
	free(list->items);
	free(list->slots);
	free(list);
}

static bool grow_slots(struct counter_list *list)
{
	const size_t count = list->slot_count ? list->slot_count * 2 : 64;
	size_t *slots = malloc(count * sizeof *slots);
	if (!slots)
		return false;
	memset(slots, 0xff, count * sizeof *slots);
	for (size_t i = 0; i < list->count; i++) {
		size_t *slot = &slots[hash_of(&list->items[i].key) & (count - 1)];
		list->items[i].next = *slot;
		*slot = i;
	}
	free(list->slots);
	list->slots = slots;
	list->slot_count = count;
	return true;
}

/* Where the series is, a new one if need be; SIZE_MAX: there are too many. False: memory is out. */
static bool find(struct counter_list *list, const struct counter_key *key, size_t *out)
{
	*out = SIZE_MAX;
	if (list->count >= list->slot_count && !grow_slots(list))
		return false;
	size_t *slot = &list->slots[hash_of(key) & (list->slot_count - 1)];
	for (size_t i = *slot; i != SIZE_MAX; i = list->items[i].next) {
		if (same_key(&list->items[i].key, key)) {
			*out = i;
			return true;
		}
	}
	if (list->count == SERIES_MOST)
		return true;
	if (!array_reserve(&list->items, list->count, sizeof *list->items))
		return false;
	list->items[list->count] = (struct tracked){.key = *key, .next = *slot};
	*out = *slot = list->count++;
	return true;
}

/* Of the rows that are kept every second one goes. */
static void thin(struct counter_list *list)
{
	list->stride *= 2;
	for (size_t i = 0; i < list->count; i++) {
		struct tracked *series = &list->items[i];
		size_t kept = 0;
		for (size_t j = 0; j < series->count; j++) {
			if (j == 0 || series->points[j].row % list->stride == 0)
				series->points[kept++] = series->points[j];
		}
		series->count = kept;
	}
}

static int64_t rows_most(const struct counter_list *list)
{
	const size_t share = POINTS_MOST / (list->count + 1);
	return (int64_t)(share < ROWS_LEAST ? ROWS_LEAST : share > ROWS_MOST ? ROWS_MOST : share);
}

bool counter_list_row(struct counter_list **out, int64_t at)
{
	struct counter_list *list = *out;
	if (!list && !(list = *out = calloc(1, sizeof **out)))
		return false;
	list->row = list->stride ? list->row + 1 : 0;
	list->stride = list->stride ? list->stride : 1;
	list->at = at;
	list->repeated = false;
	while (list->row / list->stride >= rows_most(list))
		thin(list);
	return true;
}

bool counter_list_put(
    struct counter_list *list, const struct counter_key *key, int64_t value, size_t *hint)
{
	if ((*hint == SIZE_MAX || !same_key(&list->items[*hint].key, key)) &&
	    !find(list, key, hint))
		return false;
	if (*hint == SIZE_MAX) {
		list->surplus++;
		return true;
	}
	struct tracked *series = &list->items[*hint];
	if (series->seen && list->at <= series->last.at) {
		list->left += !list->repeated;
		list->repeated = true;
		return true;
	}
	series->last = (struct kept){.at = list->at, .value = value, .row = list->row};
	series->lowest = series->seen && series->lowest < value ? series->lowest : value;
	series->highest = series->seen && series->highest > value ? series->highest : value;
	series->seen++;
	if (series->count && list->row % list->stride != 0)
		return true;
	if (!array_reserve(&series->points, series->count, sizeof *series->points))
		return false;
	series->points[series->count++] = series->last;
	return true;
}

/* ---- as evidence ---- */

static bool add_point(
    struct counter *counter, const struct counter_key *key, const struct kept *kept)
{
	struct counter_point *point = counter_add_point(counter);
	if (!point)
		return false;
	point->value = kept->value;
	*(key->zoned ? &point->time : &point->local_time) = kept->at;
	return true;
}

static bool add_series(struct snapshot *snapshot, const struct tracked *series)
{
	struct counter *counter = snapshot_add_counter(snapshot);
	if (!counter)
		return false;
	counter->object = series->key.object;
	counter->instance = series->key.instance;
	counter->image = series->key.image;
	counter->pid = series->key.pid;
	counter->counter = series->key.counter;
	counter->lowest = series->lowest;
	counter->highest = series->highest;
	counter->points_seen = series->seen;
	bool good = true;
	for (size_t i = 0; good && i < series->count; i++)
		good = add_point(counter, &series->key, &series->points[i]);
	if (good && series->count && series->points[series->count - 1].row != series->last.row)
		good = add_point(counter, &series->key, &series->last);
	return good;
}

bool counter_list_finish(struct counter_list *list, struct snapshot *snapshot)
{
	bool good = true;
	for (size_t i = 0; list && good && i < list->count; i++)
		good = add_series(snapshot, &list->items[i]);
	if (list)
		snapshot->counter_rows_left += list->left;
	if (good && list && list->surplus)
		good = snapshot_add_note(snapshot,
		    "counters of more than %zu processes: %lld values of further ones are left out",
		    SERIES_MOST, (long long)list->surplus);
	return good;
}
