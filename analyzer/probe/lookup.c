#include "probe/lookup.h"

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

static bool know(struct lookups *lookups, const void *object, const struct fact *fact)
{
	if (!object)
		return true;
	if (2 * lookups->known_count >= lookups->known_room) {
		const size_t room = lookups->known_room ? 2 * lookups->known_room : 1024;
		struct known *larger = calloc(room, sizeof(*larger));

		if (!larger)
			return false;
		for (size_t i = 0; i < lookups->known_room; i++)
			if (lookups->known[i].object)
				*slot_of(larger, room, lookups->known[i].object) =
				    lookups->known[i];
		free(lookups->known);
		lookups->known = larger;
		lookups->known_room = room;
	}
	struct known *slot = slot_of(lookups->known, lookups->known_room, object);
	lookups->known_count += !slot->object;
	*slot = (struct known){object, fact};
	return true;
}

static const struct fact *known_fact(const struct lookups *lookups, const void *object)
{
	return object && lookups->known_room
	           ? slot_of(lookups->known, lookups->known_room, object)->fact
	           : NULL;
}

static struct fact *add_fact(struct lookups *lookups)
{
	if (lookups->fact_count == lookups->fact_room) {
		const size_t room = lookups->fact_room ? 2 * lookups->fact_room : 1024;
		struct fact **facts = realloc(lookups->facts, room * sizeof(*facts));

		if (!facts)
			return NULL;
		lookups->facts = facts;
		lookups->fact_room = room;
	}
	struct fact *fact = calloc(1, sizeof(*fact));
	if (fact)
		lookups->facts[lookups->fact_count++] = fact;
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
static bool look_up_one(struct lookups *lookups, struct lookup *lookup,
    const struct handle_table *table, HANDLE process, struct names *names)
{
	const struct nt_handle *handle = lookup->handle;
	const bool is_thread = handle->type == table->thread_type;
	const bool is_target = is_thread || handle->type == table->process_type;
	HANDLE copy = NULL;

	if ((lookup->fact = known_fact(lookups, handle->object)))
		return true;
	if (!(is_target ? target_copy(process, handle->value, is_thread, &copy)
	                : token_copy(process, handle->value, &copy))) {
		lookup->error = GetLastError();
		lookup->outcome =
		    lookup->error == ERROR_INVALID_HANDLE ? LOOKUP_CLOSED : LOOKUP_REFUSED;
		return true;
	}
	struct fact *fact = add_fact(lookups);
	lookups->queries++;
	/* The handle may have been closed and its value used for another object: that one has no such facts. */
	if (fact && ask(fact, copy, is_target, is_thread, names)) {
		lookup->fact = fact;
	} else {
		lookup->outcome = LOOKUP_CLOSED;
	}
	CloseHandle(copy);
	return fact && (!lookup->fact || know(lookups, handle->object, fact));
}

/* The table has the handles of a process one after another, so one process at a time is open. */
static bool look_up_all(
    struct lookups *lookups, const struct handle_table *table, struct names *names)
{
	uint64_t pid = UINT64_MAX;
	HANDLE process = NULL;
	DWORD error = 0;
	bool good = true;

	for (size_t i = 0; i < lookups->count && good; i++) {
		struct lookup *lookup = &lookups->items[i];

		if (lookup->handle->pid != pid) {
			if (process)
				CloseHandle(process);
			pid = lookup->handle->pid;
			process = OpenProcess(PROCESS_DUP_HANDLE, FALSE, (DWORD)pid);
			error = process ? 0 : GetLastError();
		}
		if (process) {
			good = look_up_one(lookups, lookup, table, process, names);
		} else {
			/* A process that has ended since has no handles: its ID is no parameter any more. */
			lookup->outcome = error == ERROR_INVALID_PARAMETER && pid != 4
			                      ? LOOKUP_CLOSED
			                      : LOOKUP_REFUSED;
			lookup->error = error;
		}
	}
	if (process)
		CloseHandle(process);
	return good;
}

/* One's own handles to processes tell which objects are processes that run. False: memory is out. */
static bool know_running(struct lookups *lookups, const struct handle_table *table)
{
	const DWORD own = GetCurrentProcessId();
	struct fact *fact = add_fact(lookups);

	if (!fact)
		return false;
	fact->is_target = true;
	for (uint64_t i = 0; i < table->all->count; i++) {
		const struct nt_handle *handle = &table->all->entries[i];

		if (handle->pid == own && handle->type == table->process_type &&
		    !know(lookups, handle->object, fact))
			return false;
	}
	return true;
}

/* A process that is none of those that run has exited. */
static bool is_exited(const struct lookup *lookup, const struct handle_table *table)
{
	return lookup->outcome == LOOKUP_REFUSED && !lookup->fact && lookup->handle->object &&
	       lookup->handle->type == table->process_type;
}

bool lookups_take(struct lookups *out, const struct handle_table *table, struct names *names)
{
	struct lookups lookups = {0};
	size_t count = 0;

	for (uint64_t i = 0; i < table->all->count; i++)
		count += handle_table_knows(table, &table->all->entries[i]);
	lookups.items = calloc(count + 1, sizeof(*lookups.items));
	for (uint64_t i = 0; lookups.items && i < table->all->count; i++) {
		const struct nt_handle *handle = &table->all->entries[i];

		/* One's own are an observer's, and gone before anybody reads of them. */
		if (handle_table_knows(table, handle) && handle->pid != GetCurrentProcessId())
			lookups.items[lookups.count++].handle = handle;
	}
	const bool good =
	    lookups.items && know_running(&lookups, table) && look_up_all(&lookups, table, names);
	for (size_t i = 0; good && i < lookups.count; i++) {
		struct lookup *lookup = &lookups.items[i];

		if (lookup->outcome != LOOKUP_REFUSED)
			continue;
		lookup->fact = known_fact(&lookups, lookup->handle->object);
		lookup->by_address = lookup->fact;
		if (lookup->fact)
			lookup->outcome = LOOKUP_SEEN;
		lookup->exited = is_exited(lookup, table);
	}
	*out = lookups;
	return good;
}

void lookups_free(struct lookups *lookups)
{
	for (size_t i = 0; i < lookups->fact_count; i++) {
		free(lookups->facts[i]->target.image);
		free(lookups->facts[i]);
	}
	free(lookups->facts);
	free(lookups->known);
	free(lookups->items);
	*lookups = (struct lookups){0};
}
