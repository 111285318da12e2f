/* Moments of hosts as a list: which are of one host, and which are chosen. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/identity.h"
#include "readers/reader.h"

void moments_deinit(struct moments *moments)
{
	for (size_t i = 0; i < moments->count; i++)
		snapshot_destroy(moments->items[i].snapshot);
	free(moments->items);
	*moments = (struct moments){0};
}

bool moments_are_of_same(const struct moment *one, const struct moment *other)
{
	const char *host = one->snapshot->host, *second = other->snapshot->host;
	return host && second ? host_same(host, second) : host == second;
}

static bool is_chosen(const struct moments *moments, size_t at, const char *host)
{
	const char *own = moments->items[at].snapshot->host;
	for (size_t i = 0; !own && i < moments->count; i++) {
		if (moments->items[i].snapshot->host)
			return false;
	}
	return !own || host_same(own, host);
}

bool moments_choose(struct moments *moments, const char *host, struct error *error)
{
	struct moments kept = {.items = calloc(moments->count + 1, sizeof *kept.items)};
	if (!kept.items)
		return error_memory(error);
	for (size_t i = 0; i < moments->count; i++) {
		if (is_chosen(moments, i, host))
			kept.items[kept.count++] = moments->items[i];
	}
	if (!kept.count) {
		free(kept.items);
		return error_set(error, EXIT_USAGE, "no output of host %s: it is of %s", host,
		    moments->items[0].snapshot->host ? moments->items[0].snapshot->host : "others");
	}
	for (size_t i = 0; i < moments->count; i++) {
		if (!is_chosen(moments, i, host))
			snapshot_destroy(moments->items[i].snapshot);
	}
	free(moments->items);
	*moments = kept;
	return true;
}

bool moments_are_of_one(const struct moments *moments, struct error *error)
{
	char names[300] = "";
	size_t hosts = 0;
	for (size_t i = 0; i < moments->count; i++) {
		if (i && moments_are_of_same(&moments->items[i], &moments->items[i - 1]))
			continue;
		const char *host = moments->items[i].snapshot->host;
		const size_t used = strlen(names);
		snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
		    host ? host : "one that is not named");
		hosts++;
	}
	return hosts < 2 || error_set(error, EXIT_USAGE,
	                        "outputs of %zu hosts (%s): choose one with --host", hosts, names);
}

struct snapshot *moments_take_last(struct moments *moments)
{
	struct snapshot *last = moments->items[moments->count - 1].snapshot;
	moments->items[moments->count - 1].snapshot = NULL;
	return last;
}
