/* _EPROCESS: the list of active processes, which also has those that exited while somebody still holds them. */
#include "dump/kernel/found.h"

#include "dump/kernel/text.h"
#include "dump/kernel/tokens.h"
#include "evidence/snapshot.h"

#define FAST_REFERENCE UINT64_C(0xf) /* low bits of an EX_FAST_REF */
#define IMAGE_LENGTH 15
#define PROCESS_SPACING_BITS 9              /* no build's processes are smaller than 512 bytes */
#define NT_EPOCH INT64_C(11644473600000000) /* microseconds from 1601 to 1970 */

static int64_t timestamp_of(uint64_t nt_time)
{
	return nt_time == 0 || nt_time > INT64_MAX
	           ? TIMESTAMP_UNKNOWN
	           : timestamp_or_unknown((int64_t)(nt_time / 10) - NT_EPOCH);
}

/* An optional pointer or number of 8 bytes; 0 if it is absent. False if it cannot be read, which is counted as a thing of
 * that kind. */
static bool read_member(
    struct kernel *kernel, uint64_t process, int32_t offset, enum kernel_thing thing, uint64_t *out)
{
	struct memory_fault fault;
	*out = 0;
	if (offset == ABSENT ||
	    address_space_read_u64(kernel->space, process + (uint64_t)offset, out, &fault))
		return true;
	*out = 0;
	kernel_miss(kernel, thing, fault.state);
	return false;
}

/* For what may as well be absent: 0 if it cannot be read. */
static uint64_t read_optional(struct kernel *kernel, uint64_t process, int32_t offset)
{
	uint64_t value;
	read_member(kernel, process, offset, THING_PROCESS, &value);
	return value;
}

static bool read_process(struct kernel *kernel, uint64_t at, bool *failed)
{
	const struct kernel_layout *layout = &kernel->inside->layout;
	uint8_t image[IMAGE_LENGTH];
	struct memory_fault fault;
	struct kernel_process found = {.address = at,
	    .primary = KERNEL_NONE,
	    .handles = NUMBER_UNKNOWN,
	    .session_id = NUMBER_UNKNOWN};
	if (!address_space_read_u64(
	        kernel->space, at + (uint64_t)layout->process.pid, &found.pid, &fault) ||
	    !address_space_read(
	        kernel->space, at + (uint64_t)layout->process.image, image, sizeof image, &fault)) {
		kernel_miss(kernel, THING_PROCESS, fault.state);
		return true;
	}
	if ((found.pid & 3) || found.pid > UINT32_MAX) {
		kernel_damaged(kernel, THING_PROCESS, "process at 0x%llx: its ID is 0x%llx",
		    (unsigned long long)at, (unsigned long long)found.pid);
		return true;
	}
	const char *short_name = kernel_short_string(kernel, image, sizeof image, failed);
	found.created = timestamp_of(read_optional(kernel, at, layout->process.created));
	uint64_t exited;
	found.exit_unknown =
	    !read_member(kernel, at, layout->process.exited, THING_PROCESS, &exited);
	found.exited = timestamp_of(exited);
	found.is_alive = exited == 0;
	found.primary_at = read_optional(kernel, at, layout->process.token) & ~FAST_REFERENCE;
	/* Without it nobody knows what the process holds: 0 would say nothing. */
	found.objects_read =
	    read_member(kernel, at, layout->process.objects, THING_HANDLE_TABLE, &found.objects);
	found.directory = read_optional(kernel, at, layout->process.directory);
	found.peb = read_optional(kernel, at, layout->process.peb);
	found.threads =
	    layout->process.threads == ABSENT ? 0 : at + (uint64_t)layout->process.threads;
	found.session_read = layout->process.session != ABSENT &&
	                     address_space_read_u64(kernel->space,
	                         at + (uint64_t)layout->process.session, &found.session_at, NULL);
	if (!found.session_read)
		found.session_at = 0;
	if (*failed || !process_names_read(kernel, &found, short_name))
		return false;
	struct kernel_process *process = large_array_next(&kernel->processes,
	    &kernel->process_count, &kernel->inside->process_room, sizeof *kernel->processes);
	if (!process)
		return false;
	*process = found;
	if (!address_map_add(&kernel->inside->process_at, at, kernel->process_count - 1))
		return false;
	if (found.pid == 0)
		return true;
	if (address_map_find(&kernel->inside->process_of, found.pid) == UINT32_MAX)
		return address_map_add(
		    &kernel->inside->process_of, found.pid, kernel->process_count - 1);
	kernel_damaged(kernel, THING_PROCESS,
	    "process at 0x%llx: its ID, %llu, is that of another one", (unsigned long long)at,
	    (unsigned long long)found.pid);
	return true;
}

bool processes_read(struct kernel *kernel, struct error *error)
{
	struct list list;
	uint64_t entry, head = dump_file_header(kernel->dump)->active_process_head;
	bool failed = false;
	if (head == 0)
		kernel_find_variable(kernel, "PsActiveProcessHead", &head);
	kernel->inside->process_of.spacing_bits = 2;
	kernel->inside->process_at.spacing_bits = PROCESS_SPACING_BITS;
	list_begin(&list, kernel->space, head, true, kernel_most(kernel, 512));
	while (list_next(&list, &entry) == LIST_ENTRY)
		if (!read_process(
		        kernel, entry - (uint64_t)kernel->inside->layout.process.links, &failed))
			return error_memory(error);
	kernel->processes_counted = !list.broken || list.one_lost || list.joined;
	kernel_broke_off(kernel, THING_PROCESS, &list, "the list of processes");
	return true;
}

bool processes_at(struct kernel *kernel, uint64_t address, uint32_t *out)
{
	const uint32_t before = kernel->process_count;
	bool failed = false;
	*out = address_map_find(&kernel->inside->process_at, address);
	if (*out != KERNEL_NONE || before >= kernel_most(kernel, 512))
		return true;
	if (!read_process(kernel, address, &failed))
		return false;
	if (kernel->process_count == before)
		return true;
	*out = before;
	struct kernel_process *process = &kernel->processes[before];
	return !process->primary_at ||
	       tokens_at(kernel, process->primary_at, KERNEL_NONE, &process->primary);
}
