/* Knows which files make one run. */
#include "shards/inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "evidence/identity.h"
#include "runfile/append.h"

static void include(struct source *source, int64_t time)
{
	if (time == TIMESTAMP_UNKNOWN)
		return;
	source->last =
	    source->last == TIMESTAMP_UNKNOWN || time > source->last ? time : source->last;
	source->first =
	    source->first == TIMESTAMP_UNKNOWN || time < source->first ? time : source->first;
}

static void find_times(struct source *source)
{
	source->first = source->last = TIMESTAMP_UNKNOWN;
	for (size_t i = 0; i < source->cycles.count; i++) {
		include(source, source->cycles.items[i].started);
		include(source, source->cycles.items[i].logged_on);
		include(source, source->cycles.items[i].ended);
	}
	for (size_t i = 0; i < source->captures.count; i++) {
		include(source, source->captures.items[i].started);
		include(source, source->captures.items[i].ended);
	}
}

static bool open_one(struct source *source, struct error *error)
{
	source->runfile = runfile_open(source->path, error);
	if (!source->runfile)
		return false;
	if (!part_read(source->runfile, &source->part, error))
		return error_prefix(error, "%s", source->path);
	if (source->part.kind == PART_WHOLE)
		return error_set(error, EXIT_USAGE,
		    "%s is a whole run: merge makes one run of the parts that several injectors played; leaklab judge RUN... pools whole "
		    "runs",
		    source->path);
	source->finished = runfile_is_set(source->runfile, "finished");
	if (!source->finished && source->part.kind == PART_BEFORE)
		return error_set(error, EXIT_USAGE,
		    "%s has not come to its end: there is no sample from before the load",
		    source->path);
	if (!runfile_cycles(source->runfile, &source->cycles, error) ||
	    !runfile_captures(source->runfile, &source->captures, error))
		return false;
	find_times(source);
	return true;
}

static int by_part(const void *a, const void *b)
{
	const struct source *left = a, *right = b;
	if (left->part.kind != right->part.kind)
		return left->part.kind < right->part.kind ? -1 : 1;
	if (left->part.shard != right->part.shard)
		return left->part.shard < right->part.shard ? -1 : 1;
	return strcmp(left->path, right->path);
}

struct source *sources_first(const struct sources *sources, enum part_kind kind)
{
	for (size_t i = 0; i < sources->count; i++) {
		if (sources->items[i].part.kind == kind)
			return &sources->items[i];
	}
	return NULL;
}

/* Several files may have been written during the load, one after the other. */
static bool check_twice(const struct sources *sources, struct error *error)
{
	char what[PART_WORD];
	for (size_t i = 1; i < sources->count; i++) {
		const struct source *one = &sources->items[i - 1], *other = &sources->items[i];
		if (other->part.kind != one->part.kind || other->part.shard != one->part.shard ||
		    other->part.kind == PART_DURING)
			continue;
		return error_set(error, EXIT_USAGE, "%s and %s both have %s: give one of them%s",
		    one->path, other->path, part_format(&one->part, what),
		    one->part.kind == PART_SHARD
		        ? " (a shard that was cut short goes on in its own file, with leaklab run --resume)"
		        : "");
	}
	return true;
}

/* ---- accounts, and whose they are ---- */

struct owned {
	const char *user, *domain;
	const struct source *source;
};

static int by_account(const void *a, const void *b)
{
	const struct owned *left = a, *right = b;
	int order = account_user_order(left->user, right->user);
	if (!order)
		order = strcasecmp(
		    left->domain ? left->domain : "", right->domain ? right->domain : "");
	if (order)
		return order;
	return (left->source > right->source) - (left->source < right->source);
}

static size_t list_accounts(const struct sources *sources, struct owned *out)
{
	size_t count = 0;
	for (size_t i = 0; i < sources->count; i++) {
		const struct source *source = &sources->items[i];
		for (size_t j = 0; source->part.kind == PART_SHARD && j < source->cycles.count;
		     j++) {
			const struct cycle *cycle = &source->cycles.items[j];
			if (cycle->user)
				out[count++] = (struct owned){cycle->user, cycle->domain, source};
		}
	}
	return count;
}

static bool check_accounts(const struct sources *sources, struct error *error)
{
	size_t most = 1;
	bool good = true;
	for (size_t i = 0; i < sources->count; i++)
		most += sources->items[i].cycles.count;
	struct owned *owned = malloc(most * sizeof *owned);
	if (!owned)
		return error_memory(error);
	const size_t count = list_accounts(sources, owned);
	if (count > 1)
		qsort(owned, count, sizeof *owned, by_account);
	for (size_t i = 1; good && i < count; i++) {
		const struct owned *one = &owned[i - 1], *other = &owned[i];
		if (one->source != other->source &&
		    account_same(one->user, one->domain, other->user, other->domain))
			good = error_set(error, EXIT_USAGE,
			    "%s and %s have cycles of one account, %s: their cycles overlap, and whose logon is whose cannot be told",
			    one->source->path, other->source->path, one->user);
	}
	free(owned);
	return good;
}

/* ---- all ---- */

static bool check_host(const struct source *plan, const struct source *source, struct error *error)
{
	char *there = runfile_get(plan->runfile, "host"),
	     *here = runfile_get(source->runfile, "host");
	const bool same = !there || !here || strcmp(there, here) == 0;
	if (!same)
		error_set(error, EXIT_USAGE, "%s is of another host (%s) than the plan (%s)",
		    source->path, here, there);
	free(there);
	free(here);
	return same;
}

static bool check_all(const struct sources *sources, struct error *error)
{
	const struct source *plan = sources_first(sources, PART_BEFORE);
	if (!plan)
		return error_set(error, EXIT_USAGE,
		    "none of the files is of the host before the load, which has the plan (leaklab observe --mark before): nothing can be said of "
		    "what was there already");
	if (!check_twice(sources, error))
		return false;
	for (size_t i = 0; i < sources->count; i++) {
		const struct source *source = &sources->items[i];
		if (!part_check(&plan->part, &source->part, source->path, error) ||
		    !check_host(plan, source, error))
			return false;
	}
	return sources_first(sources, PART_SHARD)
	           ? check_accounts(sources, error)
	           : error_set(error, EXIT_USAGE, "none of the files is a shard of the load");
}

/* A file that is still written, or whose writer was killed, has others beside it, which its name with a star finds too. */
static bool is_beside(const char *path, char *const *paths, size_t count)
{
	static const char *const suffixes[] = {"-wal", "-shm", "-journal"};
	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		const size_t length = strlen(path), own = strlen(suffixes[i]);
		if (length <= own || strcmp(path + length - own, suffixes[i]) != 0)
			continue;
		for (size_t j = 0; j < count; j++) {
			if (strlen(paths[j]) == length - own &&
			    strncmp(paths[j], path, length - own) == 0)
				return true;
		}
	}
	return false;
}

bool sources_open(struct sources *out, char *const *paths, size_t count, struct error *error)
{
	*out = (struct sources){.items = calloc(count + 1, sizeof *out->items)};
	bool good = out->items || error_memory(error);
	for (size_t i = 0; good && i < count; i++) {
		if (is_beside(paths[i], paths, count))
			continue;
		struct source *source = &out->items[out->count++];
		source->path = paths[i];
		good = open_one(source, error);
	}
	if (good)
		qsort(out->items, out->count, sizeof *out->items, by_part);
	if (good && check_all(out, error))
		return true;
	sources_deinit(out);
	return false;
}

void sources_deinit(struct sources *sources)
{
	for (size_t i = 0; i < sources->count; i++) {
		captures_deinit(&sources->items[i].captures);
		cycles_deinit(&sources->items[i].cycles);
		runfile_close(sources->items[i].runfile);
		free(sources->items[i].numbers);
	}
	free(sources->items);
	*sources = (struct sources){0};
}
