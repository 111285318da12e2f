/* The processes of a text: a hash table from process ID to place in the snapshot, and whether all of them were listed. */
#include "readers/process_list.h"

#include <stdlib.h>

#define FIRST_SLOTS 1024 /* a power of two */

static bool create(struct reading *reading)
{
	struct process_list *list = calloc(1, sizeof *list);
	reading->processes = list;
	if (!list)
		return false;
	list->slots = calloc(FIRST_SLOTS, sizeof *list->slots);
	list->slot_count = FIRST_SLOTS;
	return list->slots;
}

static void destroy(struct reading *reading)
{
	if (reading->processes)
		free(reading->processes->slots);
	free(reading->processes);
}

static uint32_t *find_slot(
    const struct process_list *list, const struct process *processes, int64_t pid)
{
	size_t mask = list->slot_count - 1;
	size_t at = (size_t)((uint64_t)pid * UINT64_C(0x9e3779b97f4a7c15) >> 32) & mask;
	while (list->slots[at] && processes[list->slots[at] - 1].pid != pid)
		at = (at + 1) & mask;
	return &list->slots[at];
}

static bool grow(struct process_list *list, const struct process *processes, size_t count)
{
	struct process_list larger = *list;
	larger.slot_count *= 2;
	larger.slots = calloc(larger.slot_count, sizeof *larger.slots);
	if (!larger.slots)
		return false;
	for (size_t i = 0; i < count; i++)
		*find_slot(&larger, processes, processes[i].pid) = (uint32_t)(i + 1);
	free(list->slots);
	*list = larger;
	return true;
}

struct process *reading_process(struct reading *reading, int64_t pid)
{
	struct snapshot *snapshot = reading->snapshot;
	struct process_list *list = reading->processes;
	uint32_t *slot = find_slot(list, snapshot->processes, pid);
	if (*slot)
		return &snapshot->processes[*slot - 1];
	if (snapshot->process_count >= list->slot_count / 2) {
		if (!grow(list, snapshot->processes, snapshot->process_count))
			return NULL;
		slot = find_slot(list, snapshot->processes, pid);
	}
	struct process *process = snapshot_add_process(snapshot);
	if (!process)
		return NULL;
	process->pid = pid;
	*slot = (uint32_t)snapshot->process_count;
	return process;
}

void reading_lists_processes(struct reading *reading)
{
	reading->processes->listed = true;
}

static void unread(struct reading *reading, struct span line)
{
	flaw_note_line(&reading->processes->flaw, reading, line);
}

/* Process 4 is in every list of all processes. */
static bool lists_system(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->process_count; i++) {
		if (snapshot->processes[i].pid == 4)
			return true;
	}
	return false;
}

static bool see(struct reading *reading)
{
	const struct process_list *list = reading->processes;
	if (!list->listed && list->of_logons && !list->flaw.line)
		return reading_see(reading, SECTION_PROCESSES, EXTENT_PARTIAL,
		    "only the processes of logon sessions are listed", NULL);
	if (!list->listed && !list->of_logons)
		return reading_see(reading, SECTION_PROCESSES, EXTENT_ABSENT,
		    "no list of processes is in the evidence", NULL);
	if (list->flaw.line)
		return reading_see(reading, SECTION_PROCESSES, EXTENT_CUT_OFF, NULL, &list->flaw);
	if (!lists_system(reading->snapshot))
		return reading_see(reading, SECTION_PROCESSES, EXTENT_PARTIAL,
		    "process 4, which every host has, is not listed", NULL);
	return reading_see(reading, SECTION_PROCESSES, EXTENT_WHOLE, NULL, NULL);
}

static bool finish(struct reading *reading, bool ends)
{
	(void)ends;
	return see(reading) && snapshot_unify(reading->snapshot, SECTION_PROCESSES);
}

const struct section_reader section_processes = {
    .create = create,
    .destroy = destroy,
    .unread = unread,
    .finish = finish,
};
