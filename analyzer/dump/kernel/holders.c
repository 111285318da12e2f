/* Who holds a token: a handle or a thread, for which their files call here; the process whose primary token it is, the logon session
 * whose own it is, and whoever keeps a process that has exited. */
#include "dump/kernel/tokens.h"

#include <stdlib.h>

#include "evidence/snapshot.h"

bool holders_add(struct kernel *kernel, uint32_t token, enum kernel_holder_kind kind,
    uint32_t process, uint64_t value)
{
	struct kernel_holder *holder = large_array_next(&kernel->holders, &kernel->holder_count,
	    &kernel->inside->holder_room, sizeof *kernel->holders);
	if (!holder)
		return false;
	*holder = (struct kernel_holder){.value = value,
	    .process = process,
	    .next = kernel->tokens[token].holders,
	    .token = token,
	    .kind = (uint8_t)kind};
	kernel->tokens[token].holders = kernel->holder_count - 1;
	return true;
}

bool holders_read_sessions(struct kernel *kernel, uint32_t first, struct error *error)
{
	for (uint32_t i = first; i < kernel->logon_count; i++) {
		uint64_t at = kernel->logons[i].own_at;
		uint32_t token;
		if (!at)
			continue;
		if (!tokens_at(kernel, at, KERNEL_NONE, &token) ||
		    (token != KERNEL_NONE && !holders_add(kernel, token, HOLDER_SESSION,
		                                 KERNEL_NONE, kernel->logons[i].luid)))
			return error_memory(error);
		kernel->logons[i].own = token;
	}
	return true;
}

bool holders_read_processes(struct kernel *kernel, struct error *error)
{
	for (uint32_t i = 0; i < kernel->process_count; i++) {
		struct kernel_process *process = &kernel->processes[i];
		uint32_t token;
		if (!process->primary_at)
			continue;
		/* What keeps one that has exited is read with the handles. */
		if (!tokens_at(kernel, process->primary_at, KERNEL_NONE, &token) ||
		    (token != KERNEL_NONE && process->is_alive &&
		        !holders_add(kernel, token, HOLDER_PRIMARY, i, 0)))
			return error_memory(error);
		process->primary = token;
	}
	return true;
}

bool holders_read_exited(struct kernel *kernel, struct error *error)
{
	bool *held = calloc(kernel->process_count + 1u, sizeof *held);
	bool good = held;
	for (uint32_t i = 0; good && i < kernel->kept_count; i++) {
		const struct kernel_kept *kept = &kernel->kept[i];
		const uint32_t token = kernel->processes[kept->target].primary;
		held[kept->target] = true;
		good = token == KERNEL_NONE ||
		       holders_add(kernel, token, HOLDER_EXITED, kept->process, kept->value);
	}
	for (uint32_t i = 0; good && i < kernel->process_count; i++) {
		const struct kernel_process *process = &kernel->processes[i];
		good = process->is_alive || process->primary == KERNEL_NONE || held[i] ||
		       holders_add(kernel, process->primary, HOLDER_PRIMARY, i, 0);
	}
	free(held);
	return good || error_memory(error);
}
