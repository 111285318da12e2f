/* Knows which host a run's observers saw, and which host served a cycle. */
#include "judge/elsewhere.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "evidence/identity.h"

#define HOSTS_NAMED 3

/* How many cycles a host served. */
struct server {
	const char *name;
	size_t cycles;
};

struct servers {
	struct server *items;
	size_t count;
};

static bool is_address(const char *host)
{
	return strchr(host, ':') || strspn(host, "0123456789.") == strlen(host);
}

/* A broker's word names the host where that does not itself. */
const char *cycle_server(const struct cycle *cycle)
{
	if (cycle->server)
		return cycle->server;
	return cycle->served_by && !is_address(cycle->served_by) ? cycle->served_by : NULL;
}

static struct server *find_server(const struct servers *servers, const char *name)
{
	for (size_t i = 0; i < servers->count; i++) {
		if (host_same(servers->items[i].name, name))
			return &servers->items[i];
	}
	return NULL;
}

static bool count_server(struct servers *servers, const char *name)
{
	struct server *server = find_server(servers, name);
	if (!server) {
		if (!array_reserve(&servers->items, servers->count, sizeof *servers->items))
			return false;
		server = &servers->items[servers->count++];
		*server = (struct server){.name = name};
	}
	server->cycles++;
	return true;
}

static int most_first(const void *a, const void *b)
{
	const struct server *one = a, *other = b;
	return (one->cycles < other->cycles) - (one->cycles > other->cycles);
}

static bool came_to_its_end(const struct cycle *cycle)
{
	return cycle->kind == CYCLE_LOAD &&
	       (cycle->result == CYCLE_LOGGED_OFF || cycle->result == CYCLE_UNPROVEN ||
	           cycle->result == CYCLE_DISCONNECTED);
}

static bool count_servers(struct servers *servers, const struct cycles *cycles)
{
	for (size_t i = 0; i < cycles->count; i++) {
		const char *name = cycle_server(&cycles->items[i]);
		if (name && !count_server(servers, name))
			return false;
	}
	if (servers->count > 1)
		qsort(servers->items, servers->count, sizeof *servers->items, most_first);
	return true;
}

/* Where the host's name is not known, another address that a broker sent the logon on to is another host. */
static bool is_farm(const struct servers *servers, const struct cycles *cycles)
{
	const char *target = NULL;
	bool direct = false, others = servers->count > 1;
	for (size_t i = 0; i < cycles->count; i++) {
		const struct cycle *cycle = &cycles->items[i];
		if (cycle_server(cycle) || cycle->kind != CYCLE_LOAD)
			continue;
		direct |= !cycle->served_by && came_to_its_end(cycle);
		others |= target && cycle->served_by && strcmp(target, cycle->served_by) != 0;
		target = cycle->served_by ? cycle->served_by : target;
	}
	return others || (target && (direct || servers->count > 0));
}

/* The first that the observers say of themselves. What stands in a text is what somebody typed, an alias perhaps: it tells the host only
 * where that has the same name. */
struct observed {
	const struct servers *servers;
	char *host;
	bool failed;
};

static void note_observed(void *data, const struct snapshot *header)
{
	struct observed *observed = data;
	if (observed->host || !header->host || is_address(header->host))
		return;
	if (header->time == TIMESTAMP_UNKNOWN && !find_server(observed->servers, header->host))
		return;
	observed->host = strdup(header->host);
	observed->failed |= !observed->host;
}

/* The observers' own word goes before the scenario's, but where no cycle knows a host of that name, as that of a cluster. */
static void take_names(struct elsewhere *out, const struct servers *servers, char *own)
{
	const bool differ = out->host && !host_same(out->host, own);
	if (differ && !find_server(servers, own) && find_server(servers, out->host)) {
		out->alias = own;
		return;
	}
	if (differ)
		out->other = out->host;
	else
		free(out->host);
	out->host = own;
}

static bool find_observed(struct elsewhere *out, const struct servers *servers,
    struct runfile *runfile, struct error *error)
{
	struct observed observed = {.servers = servers};
	if (servers->count == 0)
		return true;
	out->host = runfile_get(runfile, "observed.host");
	if (!runfile_hosts(runfile, note_observed, &observed, error))
		return false;
	if (!out->host && !observed.host && !observed.failed && servers->count > 1) {
		out->guessed = true;
		observed.host = strdup(servers->items[0].name);
		observed.failed = !observed.host;
	}
	if (observed.host)
		take_names(out, servers, observed.host);
	return !observed.failed || error_memory(error);
}

static void name_hosts(struct elsewhere *out, const struct servers *servers)
{
	size_t named = 0, more = 0, used = 0;
	for (size_t i = 0; i < servers->count; i++) {
		if (!out->host || host_same(servers->items[i].name, out->host))
			continue;
		if (named == HOSTS_NAMED || used >= sizeof out->hosts - 1) {
			more++;
			continue;
		}
		used += (size_t)snprintf(out->hosts + used, sizeof out->hosts - used, "%s%.40s",
		    named ? ", " : "", servers->items[i].name);
		named++;
	}
	if (more)
		snprintf(out->hosts + used, sizeof out->hosts - used, " and %zu more", more);
}

static bool move(struct elsewhere *out, struct cycles *cycles, struct error *error)
{
	size_t left = 0;
	out->items = malloc((cycles->count + 1) * sizeof *out->items);
	if (!out->items)
		return error_memory(error);
	for (size_t i = 0; i < cycles->count; i++) {
		const struct cycle *cycle = &cycles->items[i];
		const char *server = cycle_server(cycle);
		const bool here = !server || !out->host || host_same(server, out->host);
		out->unknown += here && (!server || out->alias) && came_to_its_end(cycle);
		if (!here) {
			out->ended += came_to_its_end(cycle);
			out->items[out->count++] = *cycle;
		} else {
			cycles->items[left++] = *cycle;
		}
	}
	cycles->count = left;
	return true;
}

bool elsewhere_split(
    struct elsewhere *out, struct cycles *cycles, struct runfile *runfile, struct error *error)
{
	struct servers servers = {0};
	*out = (struct elsewhere){0};
	bool good = count_servers(&servers, cycles) || error_memory(error);
	out->is_farm = good && is_farm(&servers, cycles);
	good = good && find_observed(out, &servers, runfile, error) && move(out, cycles, error);
	if (good)
		name_hosts(out, &servers);
	out->two_names = good && servers.count == 1 && out->host && !out->other &&
	                 !host_same(servers.items[0].name, out->host);
	free(servers.items);
	return good;
}

void elsewhere_deinit(struct elsewhere *elsewhere)
{
	free(elsewhere->items);
	free(elsewhere->host);
	free(elsewhere->other);
	free(elsewhere->alias);
	*elsewhere = (struct elsewhere){0};
}
