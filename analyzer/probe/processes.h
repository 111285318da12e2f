/* The processes of the system. */
#ifndef LEAKLAB_PROBE_PROCESSES_H
#define LEAKLAB_PROBE_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct process {
	uint64_t pid;
	char *image; /* NULL: the idle process */
	uint32_t session;
	int64_t created;       /* 100 ns since 1601 */
	uint64_t handle_count; /* zero; for the caller to count */
};

struct processes {
	struct process *all; /* by process ID */
	size_t count;
};

bool processes_read(struct processes *out, unsigned long *error);
void processes_free(struct processes *processes);
/* Opens them as far as it may, so that handles of one's own lead to their objects. NULL: memory is out. The caller's to
 * processes_close(). */
void **processes_open(const struct processes *processes);
void processes_close(void **handles);
struct process *processes_find(const struct processes *processes, uint64_t pid); /* NULL: no such */

#endif
