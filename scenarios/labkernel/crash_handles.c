/* Knows which handles a process has, and what each leads to; finish.c makes tables of them. */
#include "labkernel/inside.h"

/* One more handle of the process; value 0: the next free one. */
static bool hold(struct crash *crash, size_t number, enum held_type type, size_t object,
    uint64_t value, struct error *error)
{
	struct process_made *process = &crash->processes[number];
	struct held *held =
	    next_of(&process->handles, &process->handle_count, sizeof(*process->handles));

	if (!held)
		return error_memory(error);
	if (value == 0) {
		value = process->next_handle;
		if (value % 1024 == 0) /* the first slot of a page is reserved */
			value += 4;
	}
	process->next_handle = value + 4;
	*held = (struct held){value, type, object};
	return true;
}

bool crash_add_handle(
    struct crash *crash, size_t number, size_t token, uint64_t value, struct error *error)
{
	if (!hold(crash, number, HELD_TOKEN, token, value, error))
		return false;
	crash->tokens[token].handles++;
	return true;
}

/* The thread, made if the process has none with that ID; NONE with an error. */
static size_t thread_of(struct crash *crash, size_t process, uint64_t tid, struct error *error)
{
	for (size_t i = 0; i < crash->thread_count; i++)
		if (crash->threads[i].process == process && crash->threads[i].tid == tid)
			return i;
	return crash_add_thread(crash, process, tid, NONE, error) ? crash->thread_count - 1 : NONE;
}

bool crash_add_process_handle(struct crash *crash, size_t process, size_t target, uint64_t tid,
    uint64_t value, struct error *error)
{
	const size_t thread = tid ? thread_of(crash, target, tid, error) : NONE;

	if (tid && thread == NONE)
		return false;
	if (!hold(crash, process, tid ? HELD_THREAD : HELD_PROCESS, tid ? thread : target, value,
	        error))
		return false;
	if (tid)
		crash->threads[thread].held++;
	else
		crash->processes[target].held++;
	return true;
}

bool crash_add_key_handle(
    struct crash *crash, size_t process, const char *where, uint64_t value, struct error *error)
{
	struct thing *key = next_of(&crash->keys, &crash->key_count, sizeof(*crash->keys));
	uint64_t page;

	if (!key)
		return error_memory(error);
	uint8_t *at = ram_take(crash->paged, RAM_PAGE, RAM_PAGE, &page);
	if (!at)
		return error_set(error, EXIT_TARGET, "the made-up machine's memory is full");
	*key = (struct thing){at + HEADER, page + HEADER};
	return (crash_put_page(crash, page, where) ||
	           error_set(error, EXIT_USAGE, "no such place for a page: %s", where)) &&
	       hold(crash, process, HELD_KEY, crash->key_count - 1, value, error);
}

bool crash_set_handle_count(struct crash *crash, size_t token, uint64_t count)
{
	return token == NONE ? poke_later(crash,
	                           crash->types[HELD_TOKEN].at +
	                               offset_of(crash, L_OBJECT_TYPE_TotalNumberOfHandles),
	                           count, 4)
	                     : poke_later(crash,
	                           crash->tokens[token].body.at - HEADER +
	                               offset_of(crash, L_OBJECT_HEADER_HandleCount),
	                           count, 8);
}
