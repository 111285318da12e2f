/* Which session a process is in: by the session's space where the PDB names its members, else by the process's own token, else by other
 * processes that have the same space (_EPROCESS.Session). */
#include "dump/kernel/steps.h"

#include <stdlib.h>

#include "evidence/snapshot.h"

/* What the tokens of processes that share a session's space say. */
struct shared {
	int64_t id;
	bool disputed; /* they disagree: nothing is learnt from any */
	bool hidden;   /* it has processes, and no token of theirs can be read */
};

struct learning {
	struct kernel *kernel;
	struct address_map by_space;
	struct shared *spaces;
	uint32_t count;
};

/* What has exited may point to a space that is another session's now. */
static bool is_surely_alive(const struct kernel *kernel, const struct kernel_process *process)
{
	return process->is_alive && !process->exit_unknown &&
	       kernel->inside->layout.process.exited != ABSENT;
}

/* A process is made in the session that its token names. */
static int64_t id_by_token(const struct kernel *kernel, const struct kernel_process *process)
{
	if (process->primary == KERNEL_NONE || !kernel->tokens[process->primary].is_read)
		return NUMBER_UNKNOWN;
	return kernel_session_id(kernel->tokens[process->primary].session_id);
}

static int64_t id_by_space(struct kernel *kernel, const struct kernel_process *process)
{
	const struct kernel_layout *layout = &kernel->inside->layout;
	uint32_t id;
	if (layout->session_id == ABSENT || !is_surely_alive(kernel, process))
		return NUMBER_UNKNOWN;
	/* System and its like belong to no session; Windows shows them as of session 0. */
	if (process->session_at == 0 && process->session_read)
		return 0;
	if (!address_space_is_kernel(kernel->space, process->session_at) ||
	    !address_space_read_u32(
	        kernel->space, process->session_at + (uint64_t)layout->session_id, &id, NULL))
		return NUMBER_UNKNOWN;
	return kernel_session_id(id);
}

static bool learn(struct learning *learning, const struct kernel_process *process)
{
	const int64_t id = id_by_token(learning->kernel, process);
	if (id == NUMBER_UNKNOWN || !process->session_at ||
	    !is_surely_alive(learning->kernel, process))
		return true;
	const uint32_t known = address_map_find(&learning->by_space, process->session_at);
	if (known != KERNEL_NONE) {
		learning->spaces[known].disputed |= learning->spaces[known].id != id;
		return true;
	}
	learning->spaces[learning->count] = (struct shared){.id = id};
	return address_map_add(&learning->by_space, process->session_at, learning->count++);
}

static int64_t id_by_others(const struct learning *learning, const struct kernel_process *process)
{
	if (!process->session_at || !is_surely_alive(learning->kernel, process))
		return NUMBER_UNKNOWN;
	const uint32_t known = address_map_find(&learning->by_space, process->session_at);
	return known == KERNEL_NONE || learning->spaces[known].disputed
	           ? NUMBER_UNKNOWN
	           : learning->spaces[known].id;
}

/* Why a process's token does not tell. */
static unsigned reason_of(struct kernel *kernel, const struct kernel_process *process)
{
	struct memory_fault fault;
	uint32_t id;
	return process->primary_at &&
	               !address_space_read_u32(kernel->space,
	                   process->primary_at + (uint64_t)kernel->inside->layout.token.session_id,
	                   &id, &fault)
	           ? (unsigned)fault.state
	           : KERNEL_DAMAGED;
}

/* All processes of one space are in one session. */
static bool count_hidden(struct learning *learning, const struct kernel_process *process)
{
	const uint64_t space = is_surely_alive(learning->kernel, process) ? process->session_at : 0;
	const uint32_t known = space ? address_map_find(&learning->by_space, space) : KERNEL_NONE;
	if (known != KERNEL_NONE && learning->spaces[known].hidden)
		return true;
	learning->kernel->hidden_sessions++;
	if (!space || known != KERNEL_NONE)
		return true;
	learning->spaces[learning->count] = (struct shared){.id = NUMBER_UNKNOWN, .hidden = true};
	return address_map_add(&learning->by_space, space, learning->count++);
}

static bool tell(struct learning *learning, struct kernel_process *process)
{
	struct kernel *kernel = learning->kernel;
	process->session_id = id_by_space(kernel, process);
	if (process->session_id == NUMBER_UNKNOWN)
		process->session_id = id_by_token(kernel, process);
	if (process->session_id == NUMBER_UNKNOWN)
		process->session_id = id_by_others(learning, process);
	if (process->session_id != NUMBER_UNKNOWN || !process->is_alive)
		return true;
	kernel_miss(kernel, THING_PROCESS_SESSION, reason_of(kernel, process));
	return count_hidden(learning, process);
}

bool process_sessions_read(struct kernel *kernel, struct error *error)
{
	struct learning learning = {.kernel = kernel,
	    .spaces = calloc(kernel->process_count + 1u, sizeof *learning.spaces)};
	bool good = learning.spaces;
	for (uint32_t i = 0; good && i < kernel->process_count; i++)
		good = learn(&learning, &kernel->processes[i]);
	for (uint32_t i = 0; good && i < kernel->process_count; i++)
		good = tell(&learning, &kernel->processes[i]);
	address_map_deinit(&learning.by_space);
	free(learning.spaces);
	return good || error_memory(error);
}
