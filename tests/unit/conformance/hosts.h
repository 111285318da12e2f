/* Hosts of any kind, as the lab models them, for tests of what evidence of them says. */
#ifndef LEAKLAB_TESTS_HOSTS_H
#define LEAKLAB_TESTS_HOSTS_H

#include "evidence/snapshot.h"
#include "labhost/model.h"

#define HOST_MOMENTS                                                                               \
	4 /* before, with users, right after they logged off, and when healthy holders have released */

struct host {
	struct model *model;
	int64_t now;
	uint64_t chance;
	unsigned moment; /* the next */
	uint32_t leaker; /* its process */
	unsigned leak_from;
	unsigned shape;
	/* what leaks: process handles, winlogon's or dwm's token, users' tokens */ /* of 100 logons, how many leak */
	uint32_t sessions[8];
	unsigned session_count;
};

/* The same seed makes the same host. */
void host_start(struct host *host, uint64_t seed);
/* On to the next moment; false when there is none. */
bool host_next(struct host *host);
void host_end(struct host *host);

/* A number below `below`, by the host's own chance. */
uint64_t host_chance(struct host *host, uint64_t below);

/* What the tools print of it; the caller's to free. */
enum host_tool { TOOL_SNAPSHOT, TOOL_QWINSTA, TOOL_LOGONSESSIONS, TOOL_HANDLE, TOOL_COUNT };
char *host_shown(const struct host *host, enum host_tool tool);

#endif
