/* Whether holders of tokens may be hidden. What could not be read may hide any; but the kernel counts the handles to each token
 * (_OBJECT_HEADER.HandleCount), and to all of them (_OBJECT_TYPE.TotalNumberOfHandles). PointerCount is no help: entries of handle tables
 * have paid for references in advance. */
#include "dump/kernel/objects.h"

#include "evidence/snapshot.h"

enum kernel_handle_counts kernel_handle_counts(const struct kernel *kernel)
{
	if (!kernel->handles_read || kernel->token_handles == NUMBER_UNKNOWN)
		return HANDLES_UNCOUNTED;
	return kernel->token_handles == kernel->token_handles_found  ? HANDLES_ALL_FOUND
	       : kernel->token_handles > kernel->token_handles_found ? HANDLES_MISSING
	                                                             : HANDLES_VOID;
}

static bool missing_any(const struct kernel *kernel, const enum kernel_thing *things, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (kernel_missing_of(kernel, things[i]) > 0)
			return true;
	return false;
}

/* Whether whoever has a handle, to whatever, was seen. */
static bool all_handles_read(const struct kernel *kernel)
{
	static const enum kernel_thing hiding[] = {THING_HANDLE_TABLE, THING_OBJECT};
	return kernel->handles_read && !missing_any(kernel, hiding, 2);
}

/* Whether whoever has a token in another way was seen: a process that runs with it, a thread that impersonates. */
static bool all_users_read(const struct kernel *kernel)
{
	static const enum kernel_thing hiding[] = {THING_PROCESS, THING_THREAD};
	return kernel->threads_read && !missing_any(kernel, hiding, 2);
}

/* While memory moves, the numbers differ by what came and went meanwhile, or agree by chance. */
bool kernel_holders_seen(const struct kernel *kernel)
{
	const enum kernel_handle_counts counts = kernel_handle_counts(kernel);
	const bool handles_seen = kernel->moved
	                              ? all_handles_read(kernel)
	                              : counts == HANDLES_ALL_FOUND ||
	                                    (counts != HANDLES_MISSING && all_handles_read(kernel));
	return handles_seen && all_users_read(kernel) &&
	       kernel_missing_of(kernel, THING_TOKEN) == 0;
}

/* Handles to the token that were found; *left_by_exited: one that has exited ran with it, and nobody has a handle to that in sight. */
static int64_t count_found(
    const struct kernel *kernel, const struct kernel_token *token, bool *left_by_exited)
{
	int64_t found = 0;
	*left_by_exited = false;
	for (uint32_t i = token->holders; i != KERNEL_NONE; i = kernel->holders[i].next) {
		const struct kernel_holder *holder = &kernel->holders[i];
		found += holder->kind == HOLDER_HANDLE;
		*left_by_exited |=
		    holder->kind == HOLDER_PRIMARY && !kernel->processes[holder->process].is_alive;
	}
	return found;
}

bool kernel_token_holders_seen(const struct kernel *kernel, const struct kernel_token *token)
{
	const enum kernel_handle_counts counts = kernel_handle_counts(kernel);
	bool left_by_exited;
	const int64_t found = count_found(kernel, token, &left_by_exited);
	if (token->handles > found || (left_by_exited && !all_handles_read(kernel)))
		return false;
	return kernel_holders_seen(kernel) ||
	       (all_users_read(kernel) && token->handles == found &&
	           (counts == HANDLES_ALL_FOUND || counts == HANDLES_MISSING));
}

uint32_t kernel_token_handles_hidden(const struct kernel *kernel, const struct kernel_token *token)
{
	bool left_by_exited;
	const enum kernel_handle_counts counts = kernel_handle_counts(kernel);
	if (!kernel->handles_read || counts == HANDLES_VOID || counts == HANDLES_ALL_FOUND ||
	    (kernel->moved && all_handles_read(kernel)))
		return 0;
	const int64_t found = count_found(kernel, token, &left_by_exited);
	return token->handles > found ? (uint32_t)(token->handles - found) : 0;
}

bool kernel_tokens_seen(const struct kernel *kernel, const struct kernel_logon_session *logon)
{
	return (logon->token_list_complete && logon->unread_tokens == 0) ||
	       kernel_holders_seen(kernel) ||
	       (kernel_missing_of(kernel, THING_TOKEN) == 0 &&
	           kernel->token_objects == kernel->token_count);
}
