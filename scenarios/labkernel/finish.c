/* Knows handle tables and object headers: what is known only when everything has been added. */
#include <stdlib.h>
#include <string.h>

#include "labkernel/inside.h"

#define LEAF_ENTRIES 256  /* of 16 bytes: a page */
#define UPPER_ENTRIES 512 /* pointers */
#define ENTRY_SIZE 16
#define PREPAID 0x7fff /* references that a handle entry has paid for in advance */

static int by_value(const void *a, const void *b)
{
	const struct held *one = a, *other = b;

	return (one->value > other->value) - (one->value < other->value);
}

static bool take_page(struct crash *crash, struct thing *page, struct error *error)
{
	page->at = ram_take(crash->paged, RAM_PAGE, RAM_PAGE, &page->address);
	if (!page->at)
		return error_set(error, EXIT_TARGET, "the made-up machine's memory is full");
	return !crash->options.tables ||
	       crash_put_page(crash, page->address, crash->options.tables) ||
	       error_set(error, EXIT_USAGE, "no such place for a page: %s", crash->options.tables);
}

static void fill_entry(const struct crash *crash, uint8_t *entry, const struct held *held)
{
	const struct thing body = held->type == HELD_TOKEN     ? crash->tokens[held->number].body
	                          : held->type == HELD_PROCESS ? crash->processes[held->number].body
	                          : held->type == HELD_THREAD  ? crash->threads[held->number].body
	                                                       : crash->keys[held->number];
	const uint64_t header = body.address - HEADER;

	/* Unlocked, RefCnt, ObjectPointerBits (Windows 8 and later); GrantedAccess: TOKEN_QUERY | TOKEN_DUPLICATE */
	put_u64(entry, 1 | (uint64_t)PREPAID << 1 | (header >> 4) << 20);
	put_u64(entry + 8, 0xa);
}

/* Leaf pages for the handles, which are sorted; *pages is how many. */
static bool make_leaves(struct crash *crash, const struct process_made *process,
    struct thing **leaves, size_t *pages, struct error *error)
{
	const uint64_t highest =
	    process->handle_count ? process->handles[process->handle_count - 1].value : 0;

	*pages = (size_t)(highest / 4 / LEAF_ENTRIES + 1);
	*leaves = calloc(*pages, sizeof(**leaves));
	if (!*leaves)
		return error_memory(error);
	for (size_t i = 0; i < *pages; i++)
		if (!take_page(crash, &(*leaves)[i], error))
			return false;
	for (size_t i = 0; i < process->handle_count; i++) {
		const size_t slot = (size_t)(process->handles[i].value / 4);
		fill_entry(crash,
		    (*leaves)[slot / LEAF_ENTRIES].at + slot % LEAF_ENTRIES * ENTRY_SIZE,
		    &process->handles[i]);
	}
	return true;
}

/* One page of pointers to the given pages. */
static bool make_upper(struct crash *crash, const struct thing *below, size_t count,
    struct thing *upper, struct error *error)
{
	if (!take_page(crash, upper, error))
		return false;
	for (size_t i = 0; i < count; i++)
		put_u64(upper->at + 8 * i, below[i].address);
	return true;
}

static bool make_code(struct crash *crash, const struct thing *leaves, size_t pages, uint64_t *code,
    struct error *error)
{
	const size_t uppers = (pages + UPPER_ENTRIES - 1) / UPPER_ENTRIES;
	struct thing top, *middle;

	if (pages == 1) {
		*code = leaves[0].address;
		return true;
	}
	middle = calloc(uppers, sizeof(*middle));
	if (!middle)
		return error_memory(error);
	bool good = true;
	for (size_t i = 0; i < uppers && good; i++) {
		const size_t left = pages - i * UPPER_ENTRIES;
		good = make_upper(crash, leaves + i * UPPER_ENTRIES,
		    left < UPPER_ENTRIES ? left : UPPER_ENTRIES, &middle[i], error);
	}
	if (good && uppers == 1)
		*code = middle[0].address | 1;
	else if ((good = good && make_upper(crash, middle, uppers, &top, error)))
		*code = top.address | 2;
	free(middle);
	return good;
}

static bool make_handle_table(
    struct crash *crash, struct process_made *process, struct error *error)
{
	struct thing table, *leaves = NULL;
	size_t pages = 0;
	uint64_t code = 0;

	if (process->handle_count)
		qsort(process->handles, process->handle_count, sizeof(*process->handles), by_value);
	if (!make(crash, crash->paged, L_HANDLE_TABLE_size, 0, 0, &table, error))
		return false;
	const bool good = make_leaves(crash, process, &leaves, &pages, error) &&
	                  make_code(crash, leaves, pages, &code, error);
	free(leaves);
	if (!good)
		return false;
	put(crash, table, L_HANDLE_TABLE_TableCode, code, 8);
	put(crash, table, L_HANDLE_TABLE_NextHandleNeedingPool, pages * LEAF_ENTRIES * 4, 4);
	put(crash, table, L_HANDLE_TABLE_QuotaProcess, process->body.address, 8);
	put(crash, table, L_HANDLE_TABLE_UniqueProcessId, process->pid, 4);
	put(crash, process->body, L_EPROCESS_ObjectTable, table.address, 8);
	return true;
}

static void fill_header(
    const struct crash *crash, struct thing body, enum held_type type, int64_t handles)
{
	const struct thing header = {body.at - HEADER, body.address - HEADER};
	const uint64_t index = crash->types[type].at[offset_of(crash, L_OBJECT_TYPE_Index)];
	const uint64_t cookie = crash_symbol(crash, "ObHeaderCookie");
	uint64_t stored = index;

	/* Windows 10 and later hide the index behind a cookie and the second byte of the header's address. */
	if (cookie)
		stored ^= *(uint8_t *)ram_at(crash->ram, cookie, 1) ^ (header.address >> 8 & 0xff);
	put(crash, header, L_OBJECT_HEADER_TypeIndex, stored, 1);
	put(crash, header, L_OBJECT_HEADER_HandleCount, (uint64_t)handles, 8);
	put(crash, header, L_OBJECT_HEADER_PointerCount, (uint64_t)handles * PREPAID + 1, 8);
}

bool crash_finish(struct crash *crash, uint64_t *root, struct error *error)
{
	uint64_t handles = 0;
	uint64_t *roots = calloc(crash->process_count + 1, sizeof(*roots));

	if (crash->process_count == 0) {
		free(roots);
		return error_set(error, EXIT_USAGE, "a machine has one process at least: System");
	}
	if (!roots)
		return error_memory(error);
	for (size_t i = 0; i < crash->process_count; i++) {
		for (size_t j = 0; j < crash->processes[i].handle_count; j++)
			handles += crash->processes[i].handles[j].type == HELD_TOKEN;
		if (crash->processes[i].exited && crash->processes[i].handle_count == 0)
			continue; /* its table went with it */
		if (!make_handle_table(crash, &crash->processes[i], error)) {
			free(roots);
			return false;
		}
	}
	for (size_t i = 0; i < crash->token_count; i++)
		fill_header(crash, crash->tokens[i].body, HELD_TOKEN, crash->tokens[i].handles);
	for (size_t i = 0; i < crash->process_count; i++)
		fill_header(
		    crash, crash->processes[i].body, HELD_PROCESS, crash->processes[i].held);
	for (size_t i = 0; i < crash->thread_count; i++)
		fill_header(crash, crash->threads[i].body, HELD_THREAD, crash->threads[i].held);
	for (size_t i = 0; i < crash->key_count; i++)
		fill_header(crash, crash->keys[i], HELD_KEY, 1);
	for (size_t i = 0; i < crash->logon_session_count; i++)
		put(crash, crash->logon_sessions[i].body,
		    L_SEP_LOGON_SESSION_REFERENCES_ReferenceCount,
		    (uint64_t)crash->logon_sessions[i].references, 8);
	put(crash, crash->types[HELD_TOKEN], L_OBJECT_TYPE_TotalNumberOfObjects, crash->token_count,
	    4);
	put(crash, crash->types[HELD_TOKEN], L_OBJECT_TYPE_TotalNumberOfHandles, handles, 4);
	if (!ram_lay_tables(crash->ram, crash->process_count, roots) ||
	    (crash->options.shuffled && !ram_shuffle(crash->ram, crash->process_count, roots))) {
		free(roots);
		return error_memory(error);
	}
	for (size_t i = 0; i < crash->process_count; i++)
		put(crash, crash->processes[i].body, L_KPROCESS_DirectoryTableBase, roots[i], 8);
	*root = roots[0];
	free(roots);
	for (size_t i = 0; i < crash->poke_count; i++)
		memcpy(crash->pokes[i].at, &crash->pokes[i].value, crash->pokes[i].size);
	return true;
}
