/* nt!SepLogonSessions: 16 singly linked lists of _SEP_LOGON_SESSION_REFERENCES. Builds differ in how they choose a list,
 * so all are walked. */
#include "dump/kernel/steps.h"

#include <stdlib.h>

#include "dump/kernel/found.h"
#include "dump/kernel/text.h"
#include "dump/little_endian.h"
#include "evidence/snapshot.h"

#define LISTS 16
#define SPACING_BITS 6 /* no build's logon sessions are smaller than 64 bytes */

/* The count of references; NUMBER_UNKNOWN for one that cannot be. */
static int64_t references_of(struct kernel *kernel, uint64_t address, const uint8_t *bytes)
{
	const struct kernel_layout *layout = &kernel->inside->layout;
	const uint8_t *at = bytes + layout->logon.references;
	int64_t count =
	    layout->logon.references_size == 8 ? (int64_t)load64(at) : (int32_t)load32(at);
	if (count >= 0 && count <= UINT32_MAX)
		return count;
	kernel_damaged(kernel, THING_LOGON_SESSION,
	    "logon session at 0x%llx: its reference count is 0x%llx", (unsigned long long)address,
	    (unsigned long long)count);
	return NUMBER_UNKNOWN;
}

static size_t bytes_needed(const struct kernel_layout *layout)
{
	const int32_t ends[] = {layout->logon.next + 8, layout->logon.luid + 8,
	    layout->logon.buddy + 8, layout->logon.references + 8, layout->logon.own_token + 8,
	    layout->logon.user + 16, layout->logon.domain + 16};
	int32_t most = 0;
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		most = ends[i] > most ? ends[i] : most;
	return (size_t)most;
}

static bool add_logon(struct kernel *kernel, uint64_t address, const uint8_t *bytes, bool *failed)
{
	const struct kernel_layout *layout = &kernel->inside->layout;
	struct kernel_logon_session *logon = large_array_next(&kernel->logons, &kernel->logon_count,
	    &kernel->inside->logon_room, sizeof *kernel->logons);
	if (!logon || !address_map_add(&kernel->inside->logon_at, address, kernel->logon_count - 1))
		return false;
	*logon = (struct kernel_logon_session){
	    .address = address,
	    .luid = load64(bytes + layout->logon.luid),
	    .references = references_of(kernel, address, bytes),
	    .own = KERNEL_NONE,
	    .tokens = KERNEL_NONE,
	};
	if (layout->logon.buddy != ABSENT)
		logon->buddy = load64(bytes + layout->logon.buddy);
	if (layout->logon.own_token != ABSENT)
		logon->own_at = load64(bytes + layout->logon.own_token);
	if (layout->logon.user != ABSENT)
		logon->user =
		    kernel_unicode_bytes(kernel, kernel->space, bytes + layout->logon.user, failed);
	if (layout->logon.domain != ABSENT)
		logon->domain = kernel_unicode_bytes(
		    kernel, kernel->space, bytes + layout->logon.domain, failed);
	return !*failed;
}

static bool add_by_luid(struct kernel *kernel, uint64_t address, uint64_t luid)
{
	struct kernel_logon_session *logon = large_array_next(&kernel->logons, &kernel->logon_count,
	    &kernel->inside->logon_room, sizeof *kernel->logons);
	if (!logon || !address_map_add(&kernel->inside->logon_at, address, kernel->logon_count - 1))
		return false;
	*logon = (struct kernel_logon_session){.address = address,
	    .luid = luid,
	    .references = NUMBER_UNKNOWN,
	    .own = KERNEL_NONE,
	    .tokens = KERNEL_NONE};
	return true;
}

#define LOGON_LARGEST 1048576 /* bytes; builds have 0x50 to 0xc8 */

/* One of the lists, and where it goes on. */
struct walk {
	int number;
	uint64_t next; /* 0: the list has ended */
};

/* False when memory is out; a list that breaks off is counted. bytes: room for a logon session. */
static bool read_next(struct kernel *kernel, struct walk *walk, uint8_t *bytes)
{
	const size_t length = bytes_needed(&kernel->inside->layout);
	const uint64_t address = walk->next;
	struct memory_fault fault;
	bool failed = false;
	walk->next = 0;
	if ((address & 7) || !address_space_is_kernel(kernel->space, address)) {
		kernel_damaged(kernel, THING_LOGON_LIST,
		    "list %d of logon sessions leads to 0x%llx, where none can be", walk->number,
		    (unsigned long long)address);
		return true;
	}
	if (address_map_find(&kernel->inside->logon_at, address) != UINT32_MAX) {
		kernel_damaged(kernel, THING_LOGON_LIST,
		    "list %d of logon sessions leads back to 0x%llx", walk->number,
		    (unsigned long long)address);
		return true;
	}
	if (kernel->logon_count >= kernel_most(kernel, length)) {
		kernel_damaged(kernel, THING_LOGON_LIST,
		    "list %d has more logon sessions than fit into the dump", walk->number);
		return true;
	}
	if (!address_space_read(kernel->space, address, bytes, length, &fault)) {
		kernel_miss(kernel, THING_LOGON_LIST, fault.state);
		return true;
	}
	if (!add_logon(kernel, address, bytes, &failed))
		return false;
	if (kernel->logon_count % 4096 == 0)
		kernel_tell(kernel, "logon sessions", kernel->logon_count, 0);
	walk->next = load64(bytes + kernel->inside->layout.logon.next);
	return true;
}

/* A session of each list in turn: what was made at one time lies near in memory, and each page of the dump is needed
 * for a short while only. */
static bool read_lists(struct kernel *kernel, struct walk walks[LISTS])
{
	uint8_t *bytes = malloc(bytes_needed(&kernel->inside->layout));
	bool good = bytes;
	for (bool more = true; good && more;) {
		more = false;
		for (int i = 0; good && i < LISTS; i++) {
			good = !walks[i].next || read_next(kernel, &walks[i], bytes);
			more |= walks[i].next != 0;
		}
	}
	free(bytes);
	return good;
}

static int by_luid(const void *a, const void *b)
{
	const struct kernel_logon_session *left = a, *right = b;
	if (left->luid != right->luid)
		return left->luid < right->luid ? -1 : 1;
	return (left->address > right->address) - (left->address < right->address);
}

bool logon_sessions_adopt(struct kernel *kernel, uint64_t address, uint64_t luid)
{
	const struct kernel_layout *layout = &kernel->inside->layout;
	const size_t length = bytes_needed(layout);
	struct memory_fault fault;
	uint8_t *bytes = calloc(1, length);
	bool good = bytes, failed = false;
	uint64_t next = address;
	while (good && next && !(next & 7) && address_space_is_kernel(kernel->space, next) &&
	       address_map_find(&kernel->inside->logon_at, next) == UINT32_MAX &&
	       kernel->logon_count < kernel_most(kernel, length)) {
		if (!address_space_read(kernel->space, next, bytes, length, &fault)) {
			kernel_miss(kernel, THING_LOGON_LIST, fault.state);
			break;
		}
		if (next == address && load64(bytes + layout->logon.luid) != luid) {
			kernel_damaged(kernel, THING_TOKEN,
			    "what should be logon session 0x%llx at 0x%llx has another LUID",
			    (unsigned long long)luid, (unsigned long long)address);
			free(bytes);
			return true;
		}
		good = add_logon(kernel, next, bytes, &failed);
		next = load64(bytes + layout->logon.next);
	}
	free(bytes);
	if (good && address_map_find(&kernel->inside->logon_at, address) == UINT32_MAX)
		return add_by_luid(kernel, address, luid);
	return good;
}

/* In the order in which they were made: what belongs to neighbours mostly lies near in memory, and the dump is read in
 * one direction then. */
bool logon_sessions_sort(struct kernel *kernel)
{
	struct address_map *map = &kernel->inside->logon_at;
	address_map_deinit(map);
	*map = (struct address_map){.spacing_bits = map->spacing_bits};
	if (kernel->logon_count)
		qsort(kernel->logons, kernel->logon_count, sizeof *kernel->logons, by_luid);
	for (uint32_t i = 0; i < kernel->logon_count; i++)
		if (!address_map_add(map, kernel->logons[i].address, i))
			return false;
	return true;
}

void logon_sessions_check(struct kernel *kernel)
{
	for (uint32_t i = 0; i < kernel->logon_count; i++) {
		const struct kernel_logon_session *logon = &kernel->logons[i];
		const bool can_be = logon->luid != 0 && logon->luid != LUID_UNKNOWN;
		if (!can_be || (i > 0 && logon[-1].luid == logon->luid))
			kernel_damaged(kernel, THING_LOGON_SESSION,
			    "logon session at 0x%llx: its LUID, 0x%llx, is %s",
			    (unsigned long long)logon->address, (unsigned long long)logon->luid,
			    can_be ? "that of another one" : "not a possible one");
	}
}

bool logon_sessions_read(struct kernel *kernel, struct error *error)
{
	uint64_t variable, array;
	struct memory_fault fault;
	struct walk walks[LISTS];
	kernel->inside->logon_at.spacing_bits = SPACING_BITS;
	if (bytes_needed(&kernel->inside->layout) > LOGON_LARGEST)
		return error_set(error, EXIT_INCONCLUSIVE,
		    "the PDB describes a logon session of more than %d bytes, which cannot be",
		    LOGON_LARGEST);
	if (!kernel_find_variable(kernel, "SepLogonSessions", &variable))
		return error_set(error, EXIT_INCONCLUSIVE,
		    "%s has no public symbol SepLogonSessions; this build's logon sessions cannot be "
		    "found",
		    kernel->pdb_path);
	if (!address_space_read_u64(kernel->space, variable, &array, &fault))
		return error_set(error, EXIT_INCONCLUSIVE,
		    "the pointer to the logon sessions (0x%llx) is %s",
		    (unsigned long long)fault.address, memory_state_text(fault.state));
	if ((array & 7) || !address_space_is_kernel(kernel->space, array))
		return error_set(error, EXIT_INCONCLUSIVE,
		    "SepLogonSessions points to 0x%llx, where no lists can be",
		    (unsigned long long)array);
	for (int i = 0; i < LISTS; i++) {
		walks[i] = (struct walk){.number = i};
		if (address_space_read_u64(
		        kernel->space, array + 8u * (unsigned)i, &walks[i].next, &fault))
			continue;
		if (i == 0)
			return error_set(error, EXIT_INCONCLUSIVE,
			    "the lists of logon sessions (0x%llx) are %s",
			    (unsigned long long)fault.address, memory_state_text(fault.state));
		kernel_miss(kernel, THING_LOGON_LIST, fault.state);
	}
	return (read_lists(kernel, walks) && logon_sessions_sort(kernel)) || error_memory(error);
}
