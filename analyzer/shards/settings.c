/* Knows what the settings of the parts are of the run that is made of them. */
#include "shards/inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/timestamp.h"
#include "runfile/append.h"

struct writing {
	struct runfile *out;
	const struct sources *sources;
	const struct shards_summary *summary;
	struct error *error;
};

bool source_time(const struct source *source, const char *key, int64_t *out)
{
	char *text = runfile_get(source->runfile, key);
	const bool known = text && timestamp_parse(text, out);
	free(text);
	*out += known ? source->shift : 0;
	return known;
}

static bool put_setting(void *data, const char *key, const char *value)
{
	/* What is true of one file alone. */
	static const char *const own[] = {"part", "shard", "shard.late", "clock.boot",
	    "clock.since", "plan.refusals", "plan.start", "plan.lead", "started", "finished",
	    "interrupted", "ended-early", "ended-early.code"};
	struct writing *writing = data;
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
		if (strcmp(own[i], key) == 0)
			return true;
	}
	return runfile_set(writing->out, key, value, writing->error);
}

static bool put_time(struct writing *writing, const struct source *source, const char *key)
{
	char shown[TIMESTAMP_TEXT];
	int64_t time = 0;
	return !source_time(source, key, &time) ||
	       runfile_set(writing->out, key, timestamp_format(time, shown), writing->error);
}

static bool put_number(struct writing *writing, const char *key, int64_t number)
{
	char text[24];
	snprintf(text, sizeof text, "%" PRId64, number);
	return runfile_set(writing->out, key, text, writing->error);
}

static bool copy_setting(struct writing *writing, const struct source *source, const char *key)
{
	char *value = runfile_get(source->runfile, key);
	const bool good = !value || runfile_set(writing->out, key, value, writing->error);
	free(value);
	return good;
}

/* How the parts ended is how the run did: the first that was cut short, one whose target failed before others. What only watched the load may be
 * ended at any time. */
static const struct source *find_cut(const struct sources *sources)
{
	const struct source *cut = NULL;
	int64_t code;
	for (size_t i = 0; i < sources->count; i++) {
		const struct source *source = &sources->items[i];
		if (source->part.kind == PART_DURING ||
		    !runfile_is_set(source->runfile, "ended-early"))
			continue;
		if (runfile_get_number(source->runfile, "ended-early.code", &code) &&
		    code == EXIT_TARGET)
			return source;
		cut = cut ? cut : source;
	}
	return cut;
}

static bool put_end(struct writing *writing)
{
	const struct source *cut = find_cut(writing->sources);
	if (cut && (!copy_setting(writing, cut, "ended-early") ||
	               !copy_setting(writing, cut, "ended-early.code")))
		return false;
	const struct source *after = sources_first(writing->sources, PART_SETTLED);
	if (!after)
		return put_time(writing, &writing->sources->items[writing->sources->count - 1],
		           "finished") &&
		       (cut ||
		           runfile_set(writing->out, "ended-early",
		               "no part has the host after the load (leaklab observe --mark settled): cut short",
		               writing->error));
	return copy_setting(writing, after, "settled") &&
	       copy_setting(writing, after, "interrupted") && put_time(writing, after, "finished");
}

/* Arrivals that found no slot. */
static bool put_missed(struct writing *writing)
{
	int64_t missed = 0, own;
	bool open = false;
	for (size_t i = 0; i < writing->sources->count; i++) {
		if (!runfile_get_number(writing->sources->items[i].runfile, "load.missed", &own))
			continue;
		open = true;
		missed += own;
	}
	return !open || put_number(writing, "load.missed", missed);
}

bool settings_put(struct runfile *out, const struct sources *sources,
    const struct shards_summary *summary, struct error *error)
{
	struct writing own = {out, sources, summary, error}, *writing = &own;
	const struct source *plan = sources_first(writing->sources, PART_BEFORE);
	return runfile_settings(plan->runfile, put_setting, writing, writing->error) &&
	       put_time(writing, plan, "started") && put_end(writing) && put_missed(writing) &&
	       put_number(writing, "shards.missing", (int64_t)summary->missing_count) &&
	       put_number(writing, "shards.cycles_missing", summary->cycles_missing) &&
	       runfile_set(writing->out, "shards.order", summary->unordered ? "unknown" : "known",
	           writing->error);
}
