/* The order in which a kernel is read, and the count of what is missing. */
#include "dump/kernel/inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "dump/kernel/large_array.h"
#include "evidence/snapshot.h"

const char *kernel_thing_text(enum kernel_thing thing, uint64_t count)
{
	static const char *const texts[THINGS][2] = {
	    [THING_MODULE] = {"module", "modules"},
	    [THING_PROCESS] = {"process", "processes"},
	    [THING_THREAD] = {"thread", "threads"},
	    [THING_LOGON_LIST] = {"list of logon sessions", "lists of logon sessions"},
	    [THING_LOGON_SESSION] = {"logon session", "logon sessions"},
	    [THING_TOKEN_LIST] = {"logon session's token list", "logon sessions' token lists"},
	    [THING_TOKEN] = {"token", "tokens"},
	    [THING_CREATION] = {"creation record", "creation records"},
	    [THING_HANDLE_TABLE] = {"page of a handle table", "pages of handle tables"},
	    [THING_OBJECT] = {"object behind a handle", "objects behind handles"},
	    [THING_NAME] = {"name", "names"},
	    [THING_VARIABLE] = {"kernel variable", "kernel variables"},
	};
	return texts[thing][count != 1];
}

const char *kernel_reason_text(unsigned reason)
{
	return reason == KERNEL_DAMAGED ? "damaged" : memory_state_text(reason);
}

uint64_t kernel_missing_of(const struct kernel *kernel, enum kernel_thing thing)
{
	uint64_t total = 0;
	for (size_t i = 0; i < KERNEL_REASONS; i++)
		total += kernel->missing[thing][i];
	return total;
}

uint64_t kernel_missing_total(const struct kernel *kernel)
{
	uint64_t total = 0;
	for (unsigned i = 0; i < THINGS; i++)
		total += kernel_missing_of(kernel, (enum kernel_thing)i);
	return total;
}

bool kernel_holders_seen(const struct kernel *kernel)
{
	static const enum kernel_thing hiding[] = {
	    THING_PROCESS, THING_THREAD, THING_TOKEN, THING_HANDLE_TABLE, THING_OBJECT};
	for (size_t i = 0; i < sizeof hiding / sizeof hiding[0]; i++)
		if (kernel_missing_of(kernel, hiding[i]) > 0)
			return false;
	return kernel->handles_read && kernel->threads_read;
}

void kernel_miss(struct kernel *kernel, enum kernel_thing thing, unsigned reason)
{
	kernel->missing[thing][reason]++;
}

void kernel_damaged(struct kernel *kernel, enum kernel_thing thing, const char *format, ...)
{
	va_list arguments;
	kernel_miss(kernel, thing, KERNEL_DAMAGED);
	if (kernel->note_count == sizeof kernel->notes / sizeof kernel->notes[0])
		return;
	va_start(arguments, format);
	char **note = &kernel->notes[kernel->note_count];
	if (vasprintf(note, format, arguments) >= 0)
		kernel->note_count++;
	va_end(arguments);
}

void *kernel_next(void *items, uint32_t *count, uint32_t *room, size_t size)
{
	void **array = items;
	if (*count == *room) {
		uint32_t larger = *room ? *room * 2 : 64;
		void *grown = larger > *room ? reallocarray(*array, larger, size) : NULL;
		if (!grown)
			return NULL;
		large_array_hint(grown, larger * size);
		*array = grown;
		*room = larger;
	}
	return (char *)*array + size * (*count)++;
}

void kernel_reserve(void *items, uint32_t *room, uint64_t count, size_t size)
{
	void **array = items;
	void *reserved = *room < count ? reallocarray(*array, count, size) : NULL;
	if (!reserved)
		return;
	large_array_hint(reserved, count * size);
	*array = reserved;
	*room = (uint32_t)count;
}

uint32_t kernel_most(const struct kernel *kernel, size_t size)
{
	uint64_t most = kernel->inside->budget / size + 1;
	return most < UINT32_MAX / 2 ? (uint32_t)most : UINT32_MAX / 2;
}

void kernel_tell(struct kernel *kernel, const char *what, uint64_t done, uint64_t total)
{
	if (kernel->inside->progress)
		kernel->inside->progress(kernel->inside->context, what, done, total);
}

bool kernel_lack(struct kernel *kernel, const char *format, ...)
{
	char text[256];
	va_list arguments;
	uint32_t count = (uint32_t)kernel->lack_count;
	va_start(arguments, format);
	int length = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	const char **item =
	    kernel_next(&kernel->lacks, &count, &kernel->inside->lack_room, sizeof *kernel->lacks);
	if (!item)
		return false;
	*item = intern_string(kernel->inside->strings, text,
	    (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
	kernel->lack_count = *item ? count : kernel->lack_count;
	return *item;
}

void kernel_destroy(struct kernel *kernel)
{
	if (!kernel)
		return;
	struct kernel_private *inside = kernel->inside;
	if (inside) {
		frames_destroy(inside->frames);
		stacks_destroy(inside->stacks);
		address_map_deinit(&inside->logon_at);
		address_map_deinit(&inside->token_at);
		address_map_deinit(&inside->process_of);
		address_map_deinit(&inside->process_at);
		pdb_close(inside->pdb);
		intern_destroy(inside->strings);
		free(inside);
	}
	for (size_t i = 0; i < kernel->note_count; i++)
		free(kernel->notes[i]);
	free(kernel->lacks);
	free(kernel->pdb_path);
	free(kernel->modules);
	free(kernel->processes);
	free(kernel->logons);
	free(kernel->tokens);
	free(kernel->holders);
	free(kernel->kept);
	address_space_destroy(kernel->space);
	free(kernel);
}

/* The logon sessions' own tokens, whose sessions all have been read by now. */
static bool read_own_tokens(struct kernel *kernel, struct error *error)
{
	for (uint32_t i = 0; i < kernel->logon_count; i++) {
		uint64_t at = kernel->logons[i].own_at;
		uint32_t token;
		if (!at)
			continue;
		if (!tokens_at(kernel, at, KERNEL_NONE, &token) ||
		    (token != KERNEL_NONE && !tokens_hold(kernel, token, HOLDER_SESSION,
		                                 KERNEL_NONE, kernel->logons[i].luid)))
			return kernel_no_memory(error);
		kernel->logons[i].own = token;
	}
	return true;
}

static bool read_primary_tokens(struct kernel *kernel, struct error *error)
{
	for (uint32_t i = 0; i < kernel->process_count; i++) {
		struct kernel_process *process = &kernel->processes[i];
		uint32_t token;
		if (!process->primary_at)
			continue;
		/* What keeps one that has exited is read with the handles. */
		if (!tokens_at(kernel, process->primary_at, KERNEL_NONE, &token) ||
		    (token != KERNEL_NONE && process->is_alive &&
		        !tokens_hold(kernel, token, HOLDER_PRIMARY, i, 0)))
			return kernel_no_memory(error);
		process->primary = token;
		/* A process is made in the session that its token names. */
		if (process->session_id == NUMBER_UNKNOWN && token != KERNEL_NONE &&
		    kernel->tokens[token].is_read)
			process->session_id = kernel_session_id(kernel->tokens[token].session_id);
	}
	return true;
}

/* Of processes that have exited: who has handles to them holds their tokens; those of whom nobody has any hold them themselves. */
static bool read_exited(struct kernel *kernel, struct error *error)
{
	bool *held = calloc(kernel->process_count + 1u, sizeof *held);
	bool good = held;
	for (uint32_t i = 0; good && i < kernel->kept_count; i++) {
		const struct kernel_kept *kept = &kernel->kept[i];
		const uint32_t token = kernel->processes[kept->target].primary;
		held[kept->target] = true;
		good = token == KERNEL_NONE ||
		       tokens_hold(kernel, token, HOLDER_EXITED, kept->process, kept->value);
	}
	for (uint32_t i = 0; good && i < kernel->process_count; i++) {
		const struct kernel_process *process = &kernel->processes[i];
		good = process->is_alive || process->primary == KERNEL_NONE || held[i] ||
		       tokens_hold(kernel, process->primary, HOLDER_PRIMARY, i, 0);
	}
	free(held);
	return good || kernel_no_memory(error);
}

bool kernel_read(
    struct kernel *kernel, kernel_progress *progress, void *context, struct error *error)
{
	kernel->inside->progress = progress;
	kernel->inside->context = context;
	if (!modules_read(kernel, error))
		return false;
	if (!kernel->has_symbols)
		return true;
	if (!processes_read(kernel, error) || !logon_sessions_read(kernel, error))
		return false;
	tokens_prepare(kernel);
	return tokens_read_lists(kernel, error) && read_own_tokens(kernel, error) &&
	       read_primary_tokens(kernel, error) && handles_read(kernel, error) &&
	       read_exited(kernel, error) && threads_read(kernel, error);
}

int64_t kernel_session_id(uint32_t id)
{
	return id <= INT32_MAX ? (int64_t)id : NUMBER_UNKNOWN;
}
