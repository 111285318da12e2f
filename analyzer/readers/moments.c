/* Which listings of one text are of the same search, and so of several moments. Of those in order, as the prompts of one console are, the last
 * one stands for the search, and each earlier one is a moment of its own. Of those without order, as in mails, of which the newest may stand
 * first, only what all of them have is held for sure. */
#include "readers/moments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "readers/hosts.h"
#include "readers/listings.h"
#include "readers/text.h"

struct timeline {
	struct span text;
	const char *origin;
	bool mapped;      /* the text is the map of a large file */
	const char *host; /* whose it is, where the text has several; NULL: there is one */
	struct listings listings;
	struct snapshot *all;                  /* as one moment */
	struct snapshot *alone[LISTINGS_MOST]; /* a listing by itself, where it was asked for */
	bool superseded[LISTINGS_MOST];
	size_t group[LISTINGS_MOST]; /* the first listing of the same search, without order */
	struct error *error;
};

static bool counts(const struct timeline *timeline, size_t at)
{
	return timeline->listings.items[at].answered && !timeline->superseded[at];
}

static bool in_order(const struct listing *a, const struct listing *b)
{
	return a->quoted == b->quoted && a->mail == b->mail;
}

static void find_superseded(struct timeline *timeline)
{
	const struct listing *items = timeline->listings.items;
	for (size_t i = 0; i < timeline->listings.count; i++) {
		for (size_t j = i + 1; items[i].asked && j < timeline->listings.count; j++)
			timeline->superseded[i] |= items[j].asked == items[i].asked &&
			                           !items[j].parted && items[j].answered &&
			                           in_order(&items[i], &items[j]);
	}
}

static struct snapshot *read_part(
    const struct timeline *timeline, const struct line_range *ranges, size_t count)
{
	const struct text_part part = {.ranges = ranges,
	    .count = count,
	    .only = true,
	    .host = timeline->host,
	    .mapped = timeline->mapped};
	return text_evidence_read(
	    timeline->text, timeline->origin, &part, NULL, NULL, timeline->error);
}

static struct line_range lines_of(const struct listing *listing)
{
	return (struct line_range){listing->first, listing->last};
}

/* False: memory is out. */
static bool read_alone(struct timeline *timeline, size_t at)
{
	if (!timeline->alone[at]) {
		const struct line_range lines = lines_of(&timeline->listings.items[at]);
		timeline->alone[at] = read_part(timeline, &lines, 1);
	}
	return timeline->alone[at];
}

/* ---- the same search ---- */

static bool is_same_handle(const struct handle *a, const struct handle *b)
{
	const bool image =
	    a->image && b->image ? strcmp(a->image, b->image) == 0 : a->image == b->image;
	return a->pid == b->pid && a->value == b->value && a->luid == b->luid && image;
}

static int by_value(const void *a, const void *b)
{
	const struct handle *left = a, *right = b;
	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	return (left->value > right->value) - (left->value < right->value);
}

static void sort_handles(struct snapshot *snapshot)
{
	if (snapshot->handle_count)
		qsort(
		    snapshot->handles, snapshot->handle_count, sizeof *snapshot->handles, by_value);
}

/* Among sorted ones. */
static bool has_handle(const struct snapshot *snapshot, const struct handle *handle)
{
	const struct handle *found = snapshot->handle_count
	                                 ? bsearch(handle, snapshot->handles,
	                                       snapshot->handle_count, sizeof *handle, by_value)
	                                 : NULL;
	return found && is_same_handle(found, handle);
}

/* All of one logon session, or of one process: what was searched for, as far as the rows tell. */
static bool is_of_one(const struct snapshot *snapshot, bool by_luid)
{
	for (size_t i = 1; i < snapshot->handle_count; i++) {
		const struct handle *first = &snapshot->handles[0], *other = &snapshot->handles[i];
		if (by_luid ? other->luid != first->luid : other->pid != first->pid)
			return false;
	}
	return snapshot->handle_count && (!by_luid || snapshot->handles[0].luid != LUID_UNKNOWN);
}

static bool is_of_many(const struct snapshot *snapshot)
{
	return !is_of_one(snapshot, true) && !is_of_one(snapshot, false);
}

static bool are_alike(const struct snapshot *a, const struct snapshot *b)
{
	bool common = false;
	for (size_t i = 0; !common && i < a->handle_count; i++)
		common = has_handle(b, &a->handles[i]);
	if (!common)
		return false;
	/* They have one in common, and so what each is of is the same. */
	return (is_of_one(a, true) && is_of_one(b, true)) ||
	       (is_of_one(a, false) && is_of_one(b, false)) || (is_of_many(a) && is_of_many(b));
}

/* Of two that count, the later one may tell by a command that it is the same search, or else the rows do. */
static bool is_same_search(const struct timeline *timeline, size_t a, size_t b)
{
	const struct listing *one = &timeline->listings.items[a],
	                     *two = &timeline->listings.items[b];
	if (one->asked && one->asked == two->asked && !two->parted)
		return true;
	if (one->asked && two->asked && one->asked != two->asked)
		return false;
	return are_alike(timeline->alone[a], timeline->alone[b]);
}

static bool find_groups(struct timeline *timeline)
{
	size_t *group = timeline->group, several = 0;
	for (size_t i = 0; i < timeline->listings.count; i++) {
		group[i] = i;
		several += counts(timeline, i);
	}
	for (size_t i = 0; several > 1 && i < timeline->listings.count; i++) {
		if (!counts(timeline, i))
			continue;
		if (!read_alone(timeline, i))
			return false;
		sort_handles(timeline->alone[i]);
		for (size_t j = 0; j < i && group[i] == i; j++) {
			if (counts(timeline, j) && is_same_search(timeline, j, i))
				group[i] = group[j];
		}
	}
	return true;
}

/* ---- what is held at the end ---- */

/* True if another listing of its search, without order, lacks it. */
static bool is_uncertain(const struct timeline *timeline, const struct handle *handle)
{
	for (size_t i = 0; i < timeline->listings.count; i++) {
		const size_t first = timeline->group[i];
		if (first != i && has_handle(timeline->alone[first], handle) &&
		    !has_handle(timeline->alone[i], handle))
			return true;
	}
	return false;
}

static void count_less(struct snapshot *snapshot, int64_t pid)
{
	for (size_t i = 0; i < snapshot->process_count; i++) {
		struct process *process = &snapshot->processes[i];
		if (process->pid == pid && process->handles_listed > 0)
			process->handles_listed--;
	}
}

static void drop_uncertain(const struct timeline *timeline, struct snapshot *snapshot)
{
	size_t kept = 0;
	for (size_t i = 0; i < snapshot->handle_count; i++) {
		const struct handle handle = snapshot->handles[i];
		if (is_uncertain(timeline, &handle))
			count_less(snapshot, handle.pid);
		else
			snapshot->handles[kept++] = handle;
	}
	snapshot->handle_count = kept;
}

/* Those that some listing of its search has, and another lacks. */
static size_t count_uncertain(const struct timeline *timeline, size_t *listings)
{
	size_t count = 0;
	*listings = 0;
	for (size_t i = 0; i < timeline->listings.count; i++) {
		size_t members = 0;
		for (size_t j = i + 1; j < timeline->listings.count; j++)
			members += timeline->group[j] == i;
		if (!members)
			continue;
		*listings += members + 1;
		for (size_t j = i; j < timeline->listings.count; j++) {
			if (timeline->group[j] != i)
				continue;
			const struct snapshot *own = timeline->alone[j];
			for (size_t k = 0; k < own->handle_count; k++) {
				bool all = true, first = true;
				for (size_t l = i; l < timeline->listings.count; l++) {
					if (timeline->group[l] != i || l == j)
						continue;
					const bool has =
					    has_handle(timeline->alone[l], &own->handles[k]);
					all &= has;
					first &= !(has && l < j);
				}
				count += !all && first;
			}
		}
	}
	return count;
}

/* What the whole text says of itself is kept: rows, and lines that were not understood, wherever they stand. */
static bool keep_notes(const struct timeline *timeline, struct snapshot *snapshot)
{
	const struct snapshot *all = timeline->all;
	bool good = true;
	snapshot->unread_count = 0;
	for (size_t i = 0; good && i < all->unread_count; i++)
		good = snapshot_add_unread(snapshot, all->unread[i].origin, all->unread[i].line,
		    all->unread[i].text, strlen(all->unread[i].text));
	snapshot->rows = all->rows;
	snapshot->rows_left = all->rows_left;
	snapshot->replaced = all->replaced;
	return good || error_memory(timeline->error);
}

static struct snapshot *read_last(const struct timeline *timeline, size_t earlier)
{
	struct line_range ranges[LISTINGS_MOST];
	char why[200];
	size_t listings, count = 0;
	const size_t uncertain = count_uncertain(timeline, &listings);
	struct text_part part = {.ranges = ranges,
	    .earlier = earlier,
	    .host = timeline->host,
	    .mapped = timeline->mapped};
	for (size_t i = 0; i < timeline->listings.count; i++) {
		if (timeline->superseded[i] || timeline->group[i] != i)
			ranges[count++] = lines_of(&timeline->listings.items[i]);
	}
	if (count == 0)
		return timeline->all;
	part.count = count;
	if (listings) {
		snprintf(why, sizeof why,
		    "it has %zu listings of the same search in unknown order: %zu handle%s that not all of them have may "
		    "have been released or not, and are left out",
		    listings, uncertain, uncertain == 1 ? "" : "s");
		part.uncertain = why;
	}
	struct snapshot *snapshot = text_evidence_read(
	    timeline->text, timeline->origin, &part, NULL, NULL, timeline->error);
	if (!snapshot)
		return NULL;
	drop_uncertain(timeline, snapshot);
	if (keep_notes(timeline, snapshot))
		return snapshot;
	snapshot_destroy(snapshot);
	return NULL;
}

/* ---- the moments before ---- */

/* The superseded listings from `first` on that are of one moment: none of them was asked for twice. Returns the one behind them. */
static size_t gather_moment(
    const struct timeline *timeline, size_t first, struct line_range *ranges, size_t *count)
{
	const struct listing *items = timeline->listings.items;
	size_t i = first;
	*count = 0;
	for (; i < timeline->listings.count; i++) {
		if (!timeline->superseded[i])
			continue;
		for (size_t j = first; j < i; j++) {
			if (timeline->superseded[j] && items[j].asked == items[i].asked &&
			    !items[i].parted)
				return i;
		}
		if (items[i].answered)
			ranges[(*count)++] = lines_of(&items[i]);
	}
	return i;
}

static size_t count_moments(const struct timeline *timeline)
{
	struct line_range ranges[LISTINGS_MOST];
	size_t moments = 0, count;
	for (size_t i = 0; i < timeline->listings.count;) {
		i = gather_moment(timeline, i, ranges, &count);
		moments += count > 0;
	}
	return moments;
}

/* Says which lines a moment has alone, from the listing `first` on to the one before `end`. */
static bool describe(const struct timeline *timeline, struct moment *moment, size_t first,
    size_t end, bool superseded)
{
	const struct listing *items = timeline->listings.items;
	struct snapshot *snapshot = moment->snapshot;
	for (size_t i = first; i < end; i++) {
		const struct listing *listing = &items[i];
		if (timeline->superseded[i] != superseded || !listing->answered)
			continue;
		if (!moment->first)
			moment->first = listing->first;
		moment->last = listing->last;
		moment->rows += listing->rows;
		if (!moment->command && listing->command &&
		    !(moment->command =
		            snapshot_string(snapshot, listing->command, strlen(listing->command))))
			return error_memory(timeline->error);
	}
	return true;
}

/* The first of the listings that stand for what was asked for before. */
static size_t find_repeated(const struct timeline *timeline)
{
	const struct listing *items = timeline->listings.items;
	for (size_t i = 0; i < timeline->listings.count; i++) {
		for (size_t j = 0; j < i && !timeline->superseded[i]; j++) {
			if (timeline->superseded[j] && items[j].asked == items[i].asked)
				return i;
		}
	}
	return timeline->listings.count;
}

static bool add_moment(
    const struct timeline *timeline, struct moments *moments, struct snapshot *snapshot)
{
	if (!snapshot)
		return false;
	if (!array_reserve(&moments->items, moments->count, sizeof *moments->items)) {
		snapshot_destroy(snapshot);
		return error_memory(timeline->error);
	}
	moments->items[moments->count++] = (struct moment){.snapshot = snapshot};
	return true;
}

/* The moments before the last. */
static bool read_earlier(const struct timeline *timeline, const char *host, struct moments *moments)
{
	struct line_range ranges[LISTINGS_MOST];
	size_t count;
	for (size_t i = 0; i < timeline->listings.count;) {
		const size_t first = i;
		i = gather_moment(timeline, i, ranges, &count);
		if (!count)
			continue;
		if (!add_moment(timeline, moments, read_part(timeline, ranges, count)))
			return false;
		struct moment *moment = &moments->items[moments->count - 1];
		if (!moment->snapshot->host && host &&
		    !(moment->snapshot->host =
		            snapshot_string(moment->snapshot, host, strlen(host))))
			return error_memory(timeline->error);
		if (!describe(timeline, moment, first, i, true))
			return false;
	}
	return true;
}

/* Takes `all` over. */
static bool read_timeline(struct timeline *timeline, bool last_only, struct moments *moments)
{
	const size_t listings = timeline->listings.count;
	struct snapshot *last = timeline->all;
	bool good = true;
	if (listings > 1) {
		find_superseded(timeline);
		good = find_groups(timeline);
		last = good ? read_last(timeline, count_moments(timeline)) : NULL;
	}
	good = last && (last_only || listings < 2 || read_earlier(timeline, last->host, moments));
	const bool given = good;
	if (given)
		good = add_moment(timeline, moments, last) &&
		       (listings < 2 || describe(timeline, &moments->items[moments->count - 1],
		                            find_repeated(timeline), listings, false));
	else if (last != timeline->all)
		snapshot_destroy(last);
	/* Only now, as the listings' strings are its. */
	if (!given || last != timeline->all)
		snapshot_destroy(timeline->all);
	for (size_t i = 0; i < LISTINGS_MOST; i++)
		snapshot_destroy(timeline->alone[i]);
	listings_deinit(&timeline->listings);
	return good;
}

/* One of several hosts: its rows are read alone. */
static bool read_host(
    const struct timeline *whole, const char *host, bool last_only, struct moments *moments)
{
	struct timeline timeline = {.text = whole->text,
	    .origin = whole->origin,
	    .mapped = whole->mapped,
	    .host = host,
	    .error = whole->error};
	const struct text_part part = {.host = host, .mapped = whole->mapped};
	timeline.all = text_evidence_read(
	    whole->text, whole->origin, &part, &timeline.listings, NULL, whole->error);
	return timeline.all && read_timeline(&timeline, last_only, moments);
}

static bool read_hosts(const struct timeline *whole, const struct hosts *hosts, bool last_only,
    struct moments *moments)
{
	bool good = !hosts->failed || error_memory(whole->error);
	if (good && hosts->too_many)
		good = error_set(whole->error, EXIT_USAGE,
		    "outputs of more than %d hosts: split it into files of fewer", HOSTS_MOST);
	for (size_t i = 0; good && i < hosts->count; i++)
		good = read_host(whole, hosts->names[i], last_only, moments);
	return good && (!hosts->unnamed || read_host(whole, "", last_only, moments));
}

bool moments_read(struct span text, const char *origin, bool mapped, bool last_only,
    struct moments *moments, struct error *error)
{
	struct timeline timeline = {
	    .text = text, .origin = origin, .mapped = mapped, .error = error};
	const struct text_part all = {.mapped = mapped};
	struct hosts hosts = {0};
	bool good = false;
	timeline.all = text_evidence_read(text, origin, &all, &timeline.listings, &hosts, error);
	if (timeline.all && hosts.count < 2 && !hosts.failed) {
		good = read_timeline(&timeline, last_only, moments);
	} else {
		if (timeline.all)
			good = read_hosts(&timeline, &hosts, last_only, moments);
		snapshot_destroy(timeline.all);
		listings_deinit(&timeline.listings);
	}
	hosts_deinit(&hosts);
	return good;
}
