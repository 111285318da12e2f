#include "probe/processes.h"

#include <stdlib.h>

#include "probe/nt.h"
#include "windows/win32.h"

static const struct nt_process *next_process(const struct nt_process *process)
{
	return process->next ? (const void *)((const uint8_t *)process + process->next) : NULL;
}

static int compare(const void *a, const void *b)
{
	const uint64_t left = ((const struct process *)a)->pid;
	const uint64_t right = ((const struct process *)b)->pid;

	return (left > right) - (left < right);
}

bool processes_read(struct processes *out, unsigned long *error)
{
	struct nt_process *first = nt_query(NT_PROCESSES, error);
	size_t count = 0;

	if (!first)
		return false;
	for (const struct nt_process *at = first; at; at = next_process(at))
		count++;
	struct processes processes = {.all = calloc(count, sizeof(*processes.all))};
	if (!processes.all) {
		free(first);
		*error = ERROR_NOT_ENOUGH_MEMORY;
		return false;
	}
	for (const struct nt_process *at = first; at; at = next_process(at))
		processes.all[processes.count++] = (struct process){
		    .pid = at->pid,
		    .image = at->image.Buffer && at->image.Length
		                 ? utf8(at->image.Buffer, at->image.Length / 2)
		                 : NULL,
		    .session = at->session,
		    .created = at->created,
		};
	free(first);
	qsort(processes.all, processes.count, sizeof(*processes.all), compare);
	*out = processes;
	return true;
}

void processes_free(struct processes *processes)
{
	for (size_t i = 0; i < processes->count; i++)
		free(processes->all[i].image);
	free(processes->all);
	*processes = (struct processes){0};
}

void **processes_open(const struct processes *processes)
{
	void **handles = calloc(processes->count + 1, sizeof(*handles));
	size_t count = 0;

	for (size_t i = 0; handles && i < processes->count; i++) {
		handles[count] = OpenProcess(
		    PROCESS_QUERY_LIMITED_INFORMATION, FALSE, (DWORD)processes->all[i].pid);
		count += handles[count] != NULL;
	}
	return handles;
}

void processes_close(void **handles)
{
	for (size_t i = 0; handles && handles[i]; i++)
		CloseHandle(handles[i]);
	free(handles);
}

struct process *processes_find(const struct processes *processes, uint64_t pid)
{
	const struct process key = {.pid = pid};

	return processes->count
	           ? bsearch(&key, processes->all, processes->count, sizeof(key), compare)
	           : NULL;
}
