/* Names for the frames of stacks. Kernel modules: by their PDB where it is found, else by what they export. User code: by
 * the modules that the creating process has loaded, if it still runs. */
#include "dump/kernel/frames.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "dump/kernel/found.h"
#include "dump/kernel/text.h"

#define USER_MODULES_MOST 4096
#define DRIVERS_MOST 64 /* whose symbols are looked for */

/* A driver in whose code a frame was. */
struct driver {
	uint64_t base;
	struct pdb *pdb;
	struct pe_exports *exports;
};

struct user_module {
	uint64_t base;
	uint32_t size;
	const char *name;
};

/* The modules of the process that was asked for last. */
struct user_modules {
	uint64_t pid;
	bool is_read;
	struct user_module *items;
	uint32_t count, room;
};

struct frames {
	struct driver drivers[DRIVERS_MOST];
	size_t driver_count;
	struct user_modules user;
};

struct frames *frames_create(void)
{
	return calloc(1, sizeof(struct frames));
}

void frames_destroy(struct frames *frames)
{
	if (!frames)
		return;
	for (size_t i = 0; i < frames->driver_count; i++) {
		pdb_close(frames->drivers[i].pdb);
		pe_exports_destroy(frames->drivers[i].exports);
	}
	free(frames->user.items);
	free(frames);
}

struct image {
	struct kernel *kernel;
	const struct kernel_module *module;
};

static bool read_image(void *context, uint32_t rva, void *buffer, size_t length)
{
	const struct image *image = context;
	return rva < image->module->size && length <= image->module->size - rva &&
	       address_space_read(
	           image->kernel->space, image->module->base + rva, buffer, length, NULL);
}

static void find_driver_symbols(struct kernel *kernel, struct symbol_store *store,
    const struct kernel_module *module, struct driver *driver)
{
	struct image image = {kernel, module};
	struct pe_reader reader = {.read = read_image, .context = &image};
	struct pe_identity identity;
	struct error error;
	if (store && pe_image_identify(&reader, &identity, &error)) {
		char *path = symbol_store_find(store, identity.pdb_name, &identity.pdb, &error);
		if (path)
			driver->pdb = pdb_open(path, &error);
		free(path);
	}
	if (!driver->pdb)
		driver->exports = pe_exports_create(&reader, &error);
}

static struct driver *driver_of(
    struct kernel *kernel, struct symbol_store *store, const struct kernel_module *module)
{
	struct frames *frames = kernel->inside->frames;
	for (size_t i = 0; i < frames->driver_count; i++)
		if (frames->drivers[i].base == module->base)
			return &frames->drivers[i];
	if (frames->driver_count == DRIVERS_MOST)
		return NULL;
	struct driver *driver = &frames->drivers[frames->driver_count++];
	*driver = (struct driver){.base = module->base};
	if (module->base != kernel->base || !kernel->has_symbols)
		find_driver_symbols(kernel, store, module, driver);
	return driver;
}

/* "nt!NtClose+0x10" */
static void name_kernel_frame(struct kernel *kernel, struct symbol_store *store,
    const struct kernel_module *module, uint64_t address, char *out)
{
	struct driver *driver = driver_of(kernel, store, module);
	const bool is_kernel = module->base == kernel->base;
	uint32_t rva = (uint32_t)(address - module->base), at = 0;
	const char *function = NULL, *name = is_kernel ? "nt" : module->name ? module->name : "?";
	const char *dot = strrchr(name, '.');
	int length = dot && dot != name ? (int)(dot - name) : (int)strlen(name);
	struct pdb *pdb = is_kernel && kernel->has_symbols ? kernel->inside->pdb
	                  : driver                         ? driver->pdb
	                                                   : NULL;
	struct pdb_public symbol;
	if (pdb && pdb_nearest_public(pdb, rva, &symbol)) {
		function = symbol.name;
		at = symbol.rva;
	} else if (driver && driver->exports) {
		const struct pe_export *export = pe_exports_nearest(driver->exports, rva);
		if (export) {
			function = export->name;
			at = export->rva;
		}
	}
	if (function)
		snprintf(out, KERNEL_FRAME_TEXT, "%.*s!%.200s+0x%x", length < 80 ? length : 80,
		    name, function, rva - at);
	else
		snprintf(out, KERNEL_FRAME_TEXT, "%.200s+0x%x", name, rva);
}

static bool read_user_module(
    struct kernel *kernel, struct address_space *space, uint64_t entry, bool *failed)
{
	const struct kernel_layout *layout = &kernel->inside->layout;
	struct user_modules *user = &kernel->inside->frames->user;
	uint64_t at = entry - (uint64_t)layout->user.links, base;
	uint32_t size;
	if (!address_space_read_u64(space, at + (uint64_t)layout->user.base, &base, NULL) ||
	    !address_space_read_u32(space, at + (uint64_t)layout->user.size, &size, NULL))
		return true;
	struct user_module *module =
	    large_array_next(&user->items, &user->count, &user->room, sizeof *user->items);
	if (!module)
		return false;
	*module = (struct user_module){.base = base, .size = size};
	module->name =
	    kernel_unicode_string(kernel, space, at + (uint64_t)layout->user.name, failed);
	return !*failed;
}

/* By _PEB.Ldr.InLoadOrderModuleList. Paged out, as it often is, there are no modules. */
static void read_user_modules(struct kernel *kernel, const struct kernel_process *process)
{
	const struct kernel_layout *layout = &kernel->inside->layout;
	const int32_t needed[] = {layout->user.loader, layout->user.modules, layout->user.links,
	    layout->user.base, layout->user.size, layout->user.name};
	uint64_t loader, entry;
	struct list list;
	bool failed = false;
	for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
		if (needed[i] == ABSENT)
			return;
	if (!process->directory || !process->peb)
		return;
	struct address_space *space =
	    address_space_create_process(kernel->space, process->directory);
	if (!space)
		return;
	if (address_space_read_u64(
	        space, process->peb + (uint64_t)layout->user.loader, &loader, NULL)) {
		list_begin(&list, space, loader + (uint64_t)layout->user.modules, false,
		    USER_MODULES_MOST);
		while (list_next(&list, &entry) == LIST_ENTRY)
			if (!read_user_module(kernel, space, entry, &failed))
				break;
	}
	address_space_destroy(space);
}

static const struct user_module *find_user_module(
    struct kernel *kernel, uint64_t pid, const char *image, uint64_t address)
{
	struct user_modules *user = &kernel->inside->frames->user;
	if (!user->is_read || user->pid != pid) {
		const uint32_t process = kernel_find_creator(kernel, pid, image);
		user->count = 0;
		user->pid = pid;
		user->is_read = true;
		if (process != KERNEL_NONE)
			read_user_modules(kernel, &kernel->processes[process]);
	}
	for (uint32_t i = 0; i < user->count; i++)
		if (address >= user->items[i].base &&
		    address - user->items[i].base < user->items[i].size)
			return &user->items[i];
	return NULL;
}

char *kernel_frame_text(struct kernel *kernel, struct symbol_store *store, uint64_t pid,
    const char *image, uint64_t address, char out[KERNEL_FRAME_TEXT])
{
	if (address_space_is_kernel(kernel->space, address)) {
		const struct kernel_module *module = modules_find(kernel, address),
		                           *gone = unloaded_find(kernel, address);
		if (module)
			name_kernel_frame(kernel, store, module, address, out);
		else if (gone)
			snprintf(out, KERNEL_FRAME_TEXT, "%.200s+0x%llx (unloaded)",
			    gone->name && *gone->name ? gone->name : "?",
			    (unsigned long long)(address - gone->base));
		else
			snprintf(out, KERNEL_FRAME_TEXT, "kernel 0x%llx (in no module)",
			    (unsigned long long)address);
		text_make_safe(out); /* names of a PDB or an image are no safer than a dump's */
		return out;
	}
	const struct user_module *module = find_user_module(kernel, pid, image, address);
	if (module && module->name && *module->name)
		snprintf(out, KERNEL_FRAME_TEXT, "%.200s+0x%llx", module->name,
		    (unsigned long long)(address - module->base));
	else
		snprintf(out, KERNEL_FRAME_TEXT, "user 0x%llx", (unsigned long long)address);
	return out;
}
