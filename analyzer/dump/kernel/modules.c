/* Loaded drivers, sorted by address: whose code a frame of a stack is. */
#include "dump/kernel/found.h"

#include <stdlib.h>

#include "dump/kernel/text.h"

static int by_base(const void *a, const void *b)
{
	const struct kernel_module *left = a, *right = b;
	return (left->base > right->base) - (left->base < right->base);
}

static bool read_module(struct kernel *kernel, uint64_t entry, bool *failed)
{
	const struct kernel_layout *layout = &kernel->inside->layout;
	struct memory_fault fault;
	struct kernel_module found = {0};
	uint64_t at = entry - (uint64_t)layout->module.links;
	if (!address_space_read_u64(
	        kernel->space, at + (uint64_t)layout->module.base, &found.base, &fault) ||
	    !address_space_read_u32(
	        kernel->space, at + (uint64_t)layout->module.size, &found.size, &fault)) {
		kernel_miss(kernel, THING_MODULE, fault.state);
		return true;
	}
	if ((found.base & 0xfff) || !address_space_is_kernel(kernel->space, found.base) ||
	    found.size == 0 || found.base + found.size < found.base) {
		kernel_damaged(kernel, THING_MODULE, "module at 0x%llx: base 0x%llx, size 0x%x",
		    (unsigned long long)at, (unsigned long long)found.base, found.size);
		return true;
	}
	found.name = kernel_unicode_string(
	    kernel, kernel->space, at + (uint64_t)layout->module.name, failed);
	struct kernel_module *module = large_array_next(&kernel->modules, &kernel->module_count,
	    &kernel->inside->module_room, sizeof *kernel->modules);
	if (!module || *failed)
		return false;
	*module = found;
	return true;
}

bool modules_read(struct kernel *kernel, struct error *error)
{
	struct list list;
	uint64_t entry;
	bool failed = false;
	list_begin(&list, kernel->space, dump_file_header(kernel->dump)->loaded_module_list, true,
	    kernel_most(kernel, 64));
	while (list_next(&list, &entry) == LIST_ENTRY)
		if (!read_module(kernel, entry, &failed))
			return error_memory(error);
	kernel_broke_off(kernel, THING_MODULE, &list, "the list of modules");
	if (kernel->module_count)
		qsort(kernel->modules, kernel->module_count, sizeof *kernel->modules, by_base);
	return true;
}

const struct kernel_module *modules_find(const struct kernel *kernel, uint64_t address)
{
	uint32_t low = 0, high = kernel->module_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (kernel->modules[middle].base <= address)
			low = middle + 1;
		else
			high = middle;
	}
	const struct kernel_module *module = low ? &kernel->modules[low - 1] : NULL;
	return module && address - module->base < module->size ? module : NULL;
}
