/* Threads that impersonate: a token in _ETHREAD.ClientSecurity, whose low bits are level and flags. */
#include "dump/kernel/steps.h"

#include "dump/kernel/tokens.h"

#define CLIENT_FLAGS UINT64_C(7)
#define THREAD_LEAST 0x200 /* bytes; threads of all builds are larger */

static bool is_impersonating(struct kernel *kernel, uint64_t thread)
{
	const struct kernel_layout *layout = &kernel->inside->layout;
	uint32_t flags;
	if (layout->thread.impersonating == ABSENT)
		return true; /* the pointer alone must say it */
	return !address_space_read_u32(
	           kernel->space, thread + (uint64_t)layout->thread.impersonating, &flags, NULL) ||
	       flags >> layout->thread.impersonating_bit & 1;
}

static bool read_thread(struct kernel *kernel, uint32_t process, uint64_t entry)
{
	const struct kernel_layout *layout = &kernel->inside->layout;
	uint64_t at = entry - (uint64_t)layout->thread.links, client, id = 0;
	struct memory_fault fault;
	uint32_t token;
	if (!address_space_read_u64(
	        kernel->space, at + (uint64_t)layout->thread.client, &client, &fault)) {
		kernel_miss(kernel, THING_THREAD, fault.state);
		return true;
	}
	if ((client & ~CLIENT_FLAGS) == 0 || !is_impersonating(kernel, at))
		return true;
	if (layout->thread.id != ABSENT)
		address_space_read_u64(kernel->space, at + (uint64_t)layout->thread.id, &id, NULL);
	return tokens_at(kernel, client & ~CLIENT_FLAGS, KERNEL_NONE, &token) &&
	       (token == KERNEL_NONE || holders_add(kernel, token, HOLDER_THREAD, process, id));
}

bool threads_read(struct kernel *kernel, struct error *error)
{
	const struct kernel_layout *layout = &kernel->inside->layout;
	uint64_t budget = kernel_most(kernel, THREAD_LEAST), entry;
	struct list list;
	if (layout->thread.links == ABSENT || layout->thread.client == ABSENT)
		return true; /* said before */
	for (uint32_t i = 0; i < kernel->process_count; i++) {
		struct kernel_process *process = &kernel->processes[i];
		if (!process->threads)
			continue;
		list_begin(&list, kernel->space, process->threads, true, budget);
		while (list_next(&list, &entry) == LIST_ENTRY)
			if (!read_thread(kernel, i, entry))
				return error_memory(error);
		budget = list.most;
		kernel_broke_off(kernel, THING_THREAD, &list, "the threads of process %llu",
		    (unsigned long long)process->pid);
	}
	kernel->threads_read = true;
	return true;
}
