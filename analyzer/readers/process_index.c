/* A hash table from process ID to place in the snapshot, and the strings that rows repeat. Rows come by the million, so
 * the string that came last is looked for before the pool of all. */
#include "readers/process_index.h"

#include <stdlib.h>
#include <string.h>

#include "readers/format.h"

#define FIRST_SLOTS 1024 /* a power of two */

struct process_index {
	uint32_t *slots; /* 1 + place; 0: free */
	size_t slot_count;
};

struct process_index *process_index_create(void)
{
	struct process_index *index = calloc(1, sizeof *index);
	if (!index)
		return NULL;
	index->slots = calloc(FIRST_SLOTS, sizeof *index->slots);
	index->slot_count = FIRST_SLOTS;
	if (index->slots)
		return index;
	free(index);
	return NULL;
}

void process_index_destroy(struct process_index *index)
{
	if (!index)
		return;
	free(index->slots);
	free(index);
}

static uint32_t *find_slot(
    const struct process_index *index, const struct process *processes, int64_t pid)
{
	size_t mask = index->slot_count - 1;
	size_t at = (size_t)((uint64_t)pid * UINT64_C(0x9e3779b97f4a7c15) >> 32) & mask;
	while (index->slots[at] && processes[index->slots[at] - 1].pid != pid)
		at = (at + 1) & mask;
	return &index->slots[at];
}

static bool grow(struct process_index *index, const struct process *processes, size_t count)
{
	struct process_index larger = {.slot_count = index->slot_count * 2};
	larger.slots = calloc(larger.slot_count, sizeof *larger.slots);
	if (!larger.slots)
		return false;
	for (size_t i = 0; i < count; i++)
		*find_slot(&larger, processes, processes[i].pid) = (uint32_t)(i + 1);
	free(index->slots);
	*index = larger;
	return true;
}

struct process *reading_process(struct reading *reading, int64_t pid)
{
	struct snapshot *snapshot = reading->snapshot;
	struct process_index *index = reading->processes;
	uint32_t *slot = find_slot(index, snapshot->processes, pid);
	if (*slot)
		return &snapshot->processes[*slot - 1];
	if (snapshot->process_count >= index->slot_count / 2) {
		if (!grow(index, snapshot->processes, snapshot->process_count))
			return NULL;
		slot = find_slot(index, snapshot->processes, pid);
	}
	size_t current =
	    reading->process ? (size_t)(reading->process - snapshot->processes) : SIZE_MAX;
	struct process *process = snapshot_add_process(snapshot);
	if (!process)
		return NULL;
	if (current != SIZE_MAX)
		reading->process = &snapshot->processes[current];
	process->pid = pid;
	*slot = (uint32_t)snapshot->process_count;
	return process;
}

/* Eleven bits that tell most strings from each other: their ends and their middle. */
static size_t quick_hash(struct span span)
{
	uint64_t head = 0, middle = 0, tail = 0;
	size_t part = span.length < 8 ? span.length : 8;
	memcpy(&head, span.text, part);
	memcpy(&middle, span.text + (span.length - part) / 2, part);
	memcpy(&tail, span.text + span.length - part, part);
	uint64_t mixed =
	    (head ^ middle * 3 ^ tail * 7 ^ span.length) * UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(mixed >> 53);
}

const char *reading_string(struct reading *reading, struct span span, bool *failed)
{
	if (span.length == 0)
		return NULL;
	const char **recent = &reading->recent[quick_hash(span)];
	if (*recent && strncmp(*recent, span.text, span.length) == 0 &&
	    (*recent)[span.length] == '\0')
		return *recent;
	const char *own = snapshot_string(reading->snapshot, span.text, span.length);
	if (!own)
		*failed = true;
	else
		*recent = own;
	return own;
}

struct account reading_account(struct reading *reading, struct span span, bool *failed)
{
	struct account *known = &reading->accounts[span.length ? quick_hash(span) % 1024 : 0];
	size_t domain_length = known->domain_length;
	if (span.length && known->user && known->domain &&
	    span.length == domain_length + 1 + known->user_length &&
	    span.text[domain_length] == '\\' &&
	    memcmp(span.text, known->domain, domain_length) == 0 &&
	    memcmp(span.text + domain_length + 1, known->user, known->user_length) == 0)
		return *known;
	struct span domain, user;
	account_split(span, &domain, &user);
	struct account account = {reading_string(reading, domain, failed),
	    reading_string(reading, user, failed), domain.length, user.length};
	if (!*failed)
		*known = account;
	return account;
}
