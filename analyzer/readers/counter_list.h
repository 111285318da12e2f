/* Performance counters over time, whatever text tells their values. Inside this folder.
 *
 * A run of hours has more rows than anybody looks at: of many every second, fourth ... is kept, so that memory stays bounded. */
#ifndef LEAKLAB_COUNTER_LIST_H
#define LEAKLAB_COUNTER_LIST_H

#include "evidence/snapshot.h"
#include "readers/lines.h"

struct counter_list;
void counter_list_destroy(struct counter_list *list); /* NULL is allowed */

/* "\\RDS01\Process(svchost#3)\Handle Count" in parts; without a host or an instance that part is empty. */
struct counter_path {
	struct span host, object, instance, counter;
};
/* False: it is no path of a counter. */
bool counter_path_split(struct counter_path *path, struct span text);

enum counter_role {
	COUNTER_NOT_READ,
	COUNTER_OF_PROCESS, /* of each process a series */
	COUNTER_OF_HOST,
	COUNTER_PROCESS_ID, /* tells which process an instance is at that time */
};
enum counter_role counter_path_role(const struct counter_path *path);

/* What a series is of; texts are the snapshot's. */
struct counter_key {
	const char *object, *instance, *image, *counter;
	int64_t pid; /* NUMBER_UNKNOWN: the instance's name is all that is known */
	bool zoned;  /* its times are UTC; else by the host's clock */
};
/* The key of a path; "name:pid" is a process, "name#3" the third of that name. False: memory is out. */
bool counter_key_of(struct snapshot *snapshot, const struct counter_path *path, bool zoned,
    struct counter_key *out);

/* A row begins, of this time (microseconds). False: memory is out. */
bool counter_list_row(struct counter_list **list, int64_t at);
/* A value of it. *hint: where the series was found the last time, or SIZE_MAX. Values that are not later than the series' last are left out. False: memory
 * is out. */
bool counter_list_put(
    struct counter_list *list, const struct counter_key *key, int64_t value, size_t *hint);

/* Writes all series into the snapshot. list may be NULL. False: memory is out. */
bool counter_list_finish(struct counter_list *list, struct snapshot *snapshot);

#endif
