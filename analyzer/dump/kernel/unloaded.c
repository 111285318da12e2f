/* Drivers that were unloaded: the kernel remembers the last 50 for debuggers, so that what ran in them can be named.
 *
 * nt!MmUnloadedDrivers points to an array of entries that no PDB describes; debuggers and forensic tools have shown them in the same
 * way since Windows Vista: name, first address, end, and when it went. What cannot be so is passed over. */
#include "dump/kernel/found.h"

#include <stdlib.h>

#include "dump/kernel/text.h"
#include "dump/little_endian.h"

#define ENTRY_SIZE 0x28
#define ENTRY_START 0x10
#define ENTRY_END 0x18
#define ENTRY_TIME 0x20
#define SIZE_MOST (1u << 30)

struct gone {
	struct kernel_module module;
	uint64_t time;
};

static int last_first(const void *a, const void *b)
{
	const struct gone *left = a, *right = b;
	return (left->time < right->time) - (left->time > right->time);
}

bool unloaded_read(struct kernel *kernel)
{
	uint8_t bytes[UNLOADED_MOST * ENTRY_SIZE];
	struct gone gone[UNLOADED_MOST];
	uint64_t variable, array;
	uint32_t count = 0;
	bool failed = false;
	if (!kernel_find_variable(kernel, "MmUnloadedDrivers", &variable) ||
	    !address_space_read_u64(kernel->space, variable, &array, NULL) || (array & 7) ||
	    !address_space_is_kernel(kernel->space, array) ||
	    !address_space_read(kernel->space, array, bytes, sizeof bytes, NULL))
		return true;
	for (size_t i = 0; i < UNLOADED_MOST && !failed; i++) {
		const uint8_t *entry = bytes + i * ENTRY_SIZE;
		const uint64_t start = load64(entry + ENTRY_START), end = load64(entry + ENTRY_END);
		if ((start & 0xfff) || !address_space_is_kernel(kernel->space, start) ||
		    end <= start || end - start > SIZE_MOST)
			continue;
		gone[count++] =
		    (struct gone){{start, (uint32_t)(end - start),
		                      kernel_unicode_bytes(kernel, kernel->space, entry, &failed)},
		        load64(entry + ENTRY_TIME)};
	}
	if (count)
		qsort(gone, count, sizeof *gone, last_first);
	for (uint32_t i = 0; i < count; i++)
		kernel->inside->unloaded[i] = gone[i].module;
	kernel->inside->unloaded_count = count;
	return !failed;
}

const struct kernel_module *unloaded_find(const struct kernel *kernel, uint64_t address)
{
	const struct kernel_private *inside = kernel->inside;
	for (uint32_t i = 0; i < inside->unloaded_count; i++)
		if (address >= inside->unloaded[i].base &&
		    address - inside->unloaded[i].base < inside->unloaded[i].size)
			return &inside->unloaded[i];
	return NULL;
}
