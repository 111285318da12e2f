#include "probe/looks.h"

#include <stdlib.h>

struct known {
	const void *object; /* NULL: free */
	const struct fact *fact;
};

static struct known *slot_of(struct known *known, size_t room, const void *object)
{
	size_t at = (size_t)((uintptr_t)object >> 4) * (size_t)0x9e3779b97f4a7c15u & (room - 1);

	while (known[at].object && known[at].object != object)
		at = (at + 1) & (room - 1);
	return &known[at];
}

static bool know(struct looks *looks, const void *object, const struct fact *fact)
{
	if (!object)
		return true;
	if (2 * looks->known_count >= looks->known_room) {
		const size_t room = looks->known_room ? 2 * looks->known_room : 1024;
		struct known *larger = calloc(room, sizeof(*larger));

		if (!larger)
			return false;
		for (size_t i = 0; i < looks->known_room; i++)
			if (looks->known[i].object)
				*slot_of(larger, room, looks->known[i].object) = looks->known[i];
		free(looks->known);
		looks->known = larger;
		looks->known_room = room;
	}
	struct known *slot = slot_of(looks->known, looks->known_room, object);
	looks->known_count += !slot->object;
	*slot = (struct known){object, fact};
	return true;
}

static const struct fact *known_fact(const struct looks *looks, const void *object)
{
	return object && looks->known_room ? slot_of(looks->known, looks->known_room, object)->fact
	                                   : NULL;
}

static struct fact *add_fact(struct looks *looks)
{
	if (looks->fact_count == looks->fact_room) {
		const size_t room = looks->fact_room ? 2 * looks->fact_room : 1024;
		struct fact **facts = realloc(looks->facts, room * sizeof(*facts));

		if (!facts)
			return NULL;
		looks->facts = facts;
		looks->fact_room = room;
	}
	struct fact *fact = calloc(1, sizeof(*fact));
	if (fact)
		looks->facts[looks->fact_count++] = fact;
	return fact;
}

/* What the copy of a handle leads to. False: it cannot be asked (any more). */
static bool ask(struct fact *fact, HANDLE copy, bool is_target, bool is_thread, struct names *names)
{
	HANDLE token = NULL;
	bool good;

	fact->is_target = is_target;
	if (!is_target) {
		good = token_query(copy, &fact->token);
		if (good)
			names_of_token(names, copy, fact->token.luid, &fact->user, &fact->domain);
		return good;
	}
	good = target_query(copy, is_thread, &fact->target, &token);
	if (token) {
		if (good && fact->target.has_token)
			names_of_token(
			    names, token, fact->target.token.luid, &fact->user, &fact->domain);
		CloseHandle(token);
	}
	return good;
}

/* False: memory is out. */
static bool look_at(struct looks *looks, struct look *look, const struct handle_table *table,
    HANDLE process, struct names *names)
{
	const struct nt_handle *handle = look->handle;
	const bool is_thread = handle->type == table->thread_type;
	const bool is_target = is_thread || handle->type == table->process_type;
	HANDLE copy = NULL;

	if ((look->fact = known_fact(looks, handle->object)))
		return true;
	if (!(is_target ? target_copy(process, handle->value, is_thread, &copy)
	                : token_copy(process, handle->value, &copy))) {
		look->error = GetLastError();
		look->outcome = look->error == ERROR_INVALID_HANDLE ? LOOK_CLOSED : LOOK_REFUSED;
		return true;
	}
	struct fact *fact = add_fact(looks);
	looks->queries++;
	/* The handle may have been closed and its value used for another object: that one has no such facts. */
	if (fact && ask(fact, copy, is_target, is_thread, names)) {
		look->fact = fact;
	} else {
		look->outcome = LOOK_CLOSED;
	}
	CloseHandle(copy);
	return fact && (!look->fact || know(looks, handle->object, fact));
}

/* The table has the handles of a process one after another, so one process at a time is open. */
static bool look_at_all(struct looks *looks, const struct handle_table *table, struct names *names)
{
	uint64_t pid = UINT64_MAX;
	HANDLE process = NULL;
	DWORD error = 0;
	bool good = true;

	for (size_t i = 0; i < looks->count && good; i++) {
		struct look *look = &looks->items[i];

		if (look->handle->pid != pid) {
			if (process)
				CloseHandle(process);
			pid = look->handle->pid;
			process = OpenProcess(PROCESS_DUP_HANDLE, FALSE, (DWORD)pid);
			error = process ? 0 : GetLastError();
		}
		if (process) {
			good = look_at(looks, look, table, process, names);
		} else {
			/* A process that has ended since has no handles: its ID is no parameter any more. */
			look->outcome = error == ERROR_INVALID_PARAMETER && pid != 4 ? LOOK_CLOSED
			                                                             : LOOK_REFUSED;
			look->error = error;
		}
	}
	if (process)
		CloseHandle(process);
	return good;
}

/* One's own handles to processes tell which objects are processes that run. False: memory is out. */
static bool know_running(struct looks *looks, const struct handle_table *table)
{
	const DWORD own = GetCurrentProcessId();
	struct fact *fact = add_fact(looks);

	if (!fact)
		return false;
	fact->is_target = true;
	for (uint64_t i = 0; i < table->all->count; i++) {
		const struct nt_handle *handle = &table->all->entries[i];

		if (handle->pid == own && handle->type == table->process_type &&
		    !know(looks, handle->object, fact))
			return false;
	}
	return true;
}

/* A process that is none of those that run has exited. */
static bool is_exited(const struct look *look, const struct handle_table *table)
{
	return look->outcome == LOOK_REFUSED && !look->fact && look->handle->object &&
	       look->handle->type == table->process_type;
}

bool looks_take(struct looks *out, const struct handle_table *table, struct names *names)
{
	struct looks looks = {0};
	size_t count = 0;

	for (uint64_t i = 0; i < table->all->count; i++)
		count += handle_table_knows(table, &table->all->entries[i]);
	looks.items = calloc(count + 1, sizeof(*looks.items));
	for (uint64_t i = 0; looks.items && i < table->all->count; i++) {
		const struct nt_handle *handle = &table->all->entries[i];

		/* One's own are an observer's, and gone before anybody reads of them. */
		if (handle_table_knows(table, handle) && handle->pid != GetCurrentProcessId())
			looks.items[looks.count++].handle = handle;
	}
	const bool good =
	    looks.items && know_running(&looks, table) && look_at_all(&looks, table, names);
	for (size_t i = 0; good && i < looks.count; i++) {
		struct look *look = &looks.items[i];

		if (look->outcome != LOOK_REFUSED)
			continue;
		look->fact = known_fact(&looks, look->handle->object);
		look->by_address = look->fact;
		if (look->fact)
			look->outcome = LOOK_SEEN;
		look->exited = is_exited(look, table);
	}
	*out = looks;
	return good;
}

void looks_free(struct looks *looks)
{
	for (size_t i = 0; i < looks->fact_count; i++) {
		free(looks->facts[i]->target.image);
		free(looks->facts[i]);
	}
	free(looks->facts);
	free(looks->known);
	free(looks->items);
	*looks = (struct looks){0};
}
