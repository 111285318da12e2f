/* Handle tables of all processes: trees of pages with up to three levels, whose leaves have 256 entries of 16 bytes. */
#include "dump/kernel/steps.h"

#include "dump/kernel/found.h"
#include "dump/kernel/tokens.h"
#include "dump/little_endian.h"

#define LEVEL_BITS 3u
#define ENTRY_SIZE 16
#define LEAF_ENTRIES 256
#define UPPER_ENTRIES 512
#define HANDLES_MOST (1u << 24) /* of a process: more Windows does not give */

struct walk {
	struct kernel *kernel;
	uint32_t process;
	uint64_t leaves_left; /* how many this table can have */
	int64_t in_use;
	bool is_whole; /* nothing of the table is missing */
};

uint64_t handles_header(const struct kernel_layout *layout, uint64_t low)
{
	if (!layout->entry.is_packed) /* Windows 7: lock, inherit and audit bits */
		return low & ~UINT64_C(7);
	uint64_t bits = low >> layout->entry.shift;
	return bits ? UINT64_C(0xffff000000000000) | bits << 4 : 0;
}

/* A handle to a process or thread, if the process has exited: one that runs needs nobody to keep it. */
static bool read_kept(struct walk *walk, uint64_t body, bool is_thread, uint64_t value)
{
	struct kernel *kernel = walk->kernel;
	const struct kernel_layout *layout = &kernel->inside->layout;
	struct kernel_kept kept = {.value = value, .process = walk->process};
	struct memory_fault fault;
	uint64_t pid = 0;
	if (!is_thread) {
		if (!processes_at(kernel, body, &kept.target))
			return false;
	} else {
		if (layout->thread.pid == ABSENT || layout->thread.id == ABSENT)
			return true;
		if (!address_space_read_u64(
		        kernel->space, body + (uint64_t)layout->thread.pid, &pid, &fault) ||
		    !address_space_read_u64(
		        kernel->space, body + (uint64_t)layout->thread.id, &kept.tid, &fault)) {
			kernel_miss(kernel, THING_OBJECT, fault.state);
			return true;
		}
		kept.target = address_map_find(&kernel->inside->process_of, pid);
	}
	if (kept.target == KERNEL_NONE || kernel->processes[kept.target].is_alive)
		return true;
	struct kernel_kept *next = large_array_next(
	    &kernel->kept, &kernel->kept_count, &kernel->inside->kept_room, sizeof *kernel->kept);
	if (next)
		*next = kept;
	return next;
}

static bool read_entry(struct walk *walk, uint64_t low, uint64_t value)
{
	struct kernel *kernel = walk->kernel;
	struct kernel_private *inside = kernel->inside;
	uint64_t header = handles_header(&inside->layout, low);
	struct memory_fault fault;
	uint32_t token;
	uint8_t type;
	if (header == 0)
		return true;
	walk->in_use++;
	if ((header & 7) || !address_space_is_kernel(kernel->space, header)) {
		kernel_damaged(kernel, THING_OBJECT,
		    "handle 0x%llx of process %llu refers to 0x%llx, where no object can be",
		    (unsigned long long)value,
		    (unsigned long long)kernel->processes[walk->process].pid,
		    (unsigned long long)header);
		return true;
	}
	uint64_t body = header + (uint64_t)inside->layout.header.body;
	token = address_map_find(&inside->token_at, body);
	if (token != KERNEL_NONE) { /* read before: no need to look at its type again */
		kernel->processes[walk->process].token_handles++;
		return holders_add(kernel, token, HOLDER_HANDLE, walk->process, value);
	}
	if (!address_space_read_u8(
	        kernel->space, header + (uint64_t)inside->layout.header.type, &type, &fault)) {
		kernel_miss(kernel, THING_OBJECT, fault.state);
		return true;
	}
	type = kernel_object_type(inside, header, type);
	if ((inside->has_process_type && type == inside->process_type) ||
	    (inside->has_thread_type && type == inside->thread_type))
		return read_kept(walk, body, type != inside->process_type, value);
	if (type != inside->token_type)
		return true;
	kernel->processes[walk->process].token_handles++;
	return tokens_at(kernel, body, KERNEL_NONE, &token) &&
	       (token == KERNEL_NONE ||
	           holders_add(kernel, token, HOLDER_HANDLE, walk->process, value));
}

static bool read_leaf(struct walk *walk, uint64_t address, uint64_t first)
{
	struct kernel *kernel = walk->kernel;
	uint8_t page[LEAF_ENTRIES * ENTRY_SIZE];
	struct memory_fault fault;
	if (walk->leaves_left == 0)
		return true;
	if (kernel->inside->leaf_budget == 0) {
		kernel_damaged(kernel, THING_HANDLE_TABLE,
		    "the handle table of process %llu goes on, but all tables together have more "
		    "pages than the dump",
		    (unsigned long long)kernel->processes[walk->process].pid);
		walk->leaves_left = 0;
		walk->is_whole = false;
		return true;
	}
	walk->leaves_left--;
	kernel->inside->leaf_budget--;
	if (!address_space_read(kernel->space, address, page, sizeof page, &fault)) {
		kernel_miss(kernel, THING_HANDLE_TABLE, fault.state);
		walk->is_whole = false;
		return true;
	}
	/* The first slot of each page is the table's own. */
	for (unsigned i = 1; i < LEAF_ENTRIES; i++) {
		uint64_t low = load64(page + i * ENTRY_SIZE);
		if (low && !read_entry(walk, low, (first + i) * 4))
			return false;
	}
	return true;
}

/* first: number of the first entry below this page. */
static bool read_level(struct walk *walk, uint64_t address, unsigned level, uint64_t first)
{
	struct kernel *kernel = walk->kernel;
	uint8_t page[UPPER_ENTRIES * 8];
	struct memory_fault fault;
	if ((address & 0xf) || !address_space_is_kernel(kernel->space, address)) {
		kernel_damaged(kernel, THING_HANDLE_TABLE,
		    "the handle table of process %llu leads to 0x%llx, where no page can be",
		    (unsigned long long)kernel->processes[walk->process].pid,
		    (unsigned long long)address);
		walk->is_whole = false;
		return true;
	}
	if (level == 0)
		return read_leaf(walk, address, first);
	if (!address_space_read(kernel->space, address, page, sizeof page, &fault)) {
		kernel_miss(kernel, THING_HANDLE_TABLE, fault.state);
		walk->is_whole = false;
		return true;
	}
	uint64_t below = level == 1 ? LEAF_ENTRIES : LEAF_ENTRIES * UPPER_ENTRIES;
	for (unsigned i = 0; i < UPPER_ENTRIES && walk->leaves_left > 0; i++) {
		uint64_t next = load64(page + 8 * i);
		if (next && !read_level(walk, next, level - 1, first + i * below))
			return false;
	}
	return true;
}

static bool read_table(struct kernel *kernel, uint32_t number)
{
	const struct kernel_layout *layout = &kernel->inside->layout;
	struct kernel_process *process = &kernel->processes[number];
	struct walk walk = {.kernel = kernel, .process = number, .is_whole = true};
	struct memory_fault fault;
	uint64_t code;
	uint32_t limit = 0;
	if (process->objects == 0) {
		/* Debuggers show one even of those that never have a handle (Registry, MemCompression), and none of those that have exited. */
		if (process->objects_read && process->is_alive && !process->exit_unknown)
			kernel_damaged(kernel, THING_HANDLE_TABLE,
			    "process %llu runs, and has no handle table",
			    (unsigned long long)process->pid);
		return true;
	}
	if ((process->objects & 7) || !address_space_is_kernel(kernel->space, process->objects)) {
		kernel_damaged(kernel, THING_HANDLE_TABLE,
		    "the handle table of process %llu is at 0x%llx, where none can be",
		    (unsigned long long)process->pid, (unsigned long long)process->objects);
		return true;
	}
	if (!address_space_read_u64(
	        kernel->space, process->objects + (uint64_t)layout->table.code, &code, &fault) ||
	    (layout->table.limit != ABSENT &&
	        !address_space_read_u32(kernel->space,
	            process->objects + (uint64_t)layout->table.limit, &limit, &fault))) {
		kernel_miss(kernel, THING_HANDLE_TABLE, fault.state);
		return true;
	}
	unsigned level = code & LEVEL_BITS;
	if (level == 3) {
		kernel_damaged(kernel, THING_HANDLE_TABLE,
		    "the handle table of process %llu has the code 0x%llx",
		    (unsigned long long)process->pid, (unsigned long long)code);
		return true;
	}
	uint64_t entries = limit ? limit / 4 : HANDLES_MOST;
	if (entries > HANDLES_MOST) {
		kernel_damaged(kernel, THING_HANDLE_TABLE,
		    "the handle table of process %llu goes up to 0x%x; %u handles are read of it",
		    (unsigned long long)process->pid, limit, HANDLES_MOST);
		walk.is_whole = false;
		entries = HANDLES_MOST;
	}
	walk.leaves_left = (entries + LEAF_ENTRIES - 1) / LEAF_ENTRIES;
	if (!read_level(&walk, code & ~(uint64_t)LEVEL_BITS, level, 0))
		return false;
	if (walk.is_whole)
		process->handles = walk.in_use;
	return true;
}

bool handles_read(struct kernel *kernel, struct error *error)
{
	const struct kernel_layout *layout = &kernel->inside->layout;
	if (layout->process.objects == ABSENT || layout->table.code == ABSENT ||
	    layout->entry.object == ABSENT || layout->header.body == ABSENT ||
	    !kernel->inside->has_token_type)
		return true; /* said before */
	for (uint32_t i = 0; i < kernel->process_count; i++) {
		kernel_tell(kernel, "handle tables", i, kernel->process_count);
		if (!read_table(kernel, i))
			return error_memory(error);
	}
	for (uint32_t i = 0; i < kernel->process_count; i++)
		kernel->token_handles_found += kernel->processes[i].token_handles;
	kernel->handles_read = true;
	return true;
}
