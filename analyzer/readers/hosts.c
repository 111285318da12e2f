/* Names of hosts, in the order in which they come. */
#include "readers/hosts.h"

#include <stdlib.h>
#include <string.h>

#include "evidence/identity.h"

static void note(struct reading *reading, const char *host)
{
	struct hosts *hosts = reading->hosts;
	if (!reading->snapshot->host)
		reading->snapshot->host = host;
	for (size_t i = 0; hosts && i < hosts->count; i++) {
		if (host_same(hosts->names[i], host))
			return;
	}
	if (!hosts)
		return;
	hosts->too_many |= hosts->count == HOSTS_MOST;
	if (hosts->count == HOSTS_MOST)
		return;
	hosts->names[hosts->count] = strdup(host);
	hosts->failed |= !hosts->names[hosts->count];
	hosts->count += hosts->names[hosts->count] != NULL;
}

static const char *name_of(struct reading *reading, struct span host)
{
	bool failed = false;
	/* A variable, or a word that stands for a name. */
	if (!host.length || memchr("$%<.", host.text[0], 4))
		return NULL;
	const char *name = reading_string(reading, host, &failed);
	if (failed && reading->hosts)
		reading->hosts->failed = true;
	return name;
}

static bool is_read(const struct reading *reading, const char *host)
{
	return !reading->only ||
	       (host ? *reading->only && host_same(host, reading->only) : !*reading->only);
}

void reading_at_host(struct reading *reading, struct span host)
{
	reading->host = name_of(reading, host);
	if (reading->host && is_read(reading, reading->host))
		note(reading, reading->host);
}

bool reading_is_of_host(struct reading *reading, struct span span)
{
	const char *host = span.length ? name_of(reading, span) : NULL;
	if (!host)
		host = reading->host;
	const bool read = is_read(reading, host);
	if (host && read)
		note(reading, host);
	if (!host && reading->hosts)
		reading->hosts->unnamed = true;
	return read;
}

void hosts_deinit(struct hosts *hosts)
{
	for (size_t i = 0; i < hosts->count; i++)
		free(hosts->names[i]);
	*hosts = (struct hosts){0};
}
