/* What a process is called. _EPROCESS.ImageFileName has 14 characters of its file's name; the whole path is kept for the
 * security audit (_EPROCESS.SeAuditProcessCreationInfo), in the kernel's memory, and by the process's loader in
 * its own, which a kernel dump does not have. */
#include "dump/kernel/found.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "dump/kernel/text.h"

#define SHORT_LENGTH 14

/* A name that was overwritten, or that a process made up in its own memory, does not begin like the kernel's. Characters
 * that the kernel had to translate prove nothing. */
static bool agree(const char *name, const char *short_name)
{
	for (size_t i = 0; i < SHORT_LENGTH && short_name[i]; i++) {
		if ((unsigned char)name[i] >= 0x80 || (unsigned char)short_name[i] >= 0x80 ||
		    short_name[i] == '?')
			return true;
		if (tolower((unsigned char)name[i]) != tolower((unsigned char)short_name[i]))
			return false;
	}
	return strlen(short_name) >= SHORT_LENGTH || strlen(name) == strlen(short_name);
}

static const char *read_audit_name(
    struct kernel *kernel, const struct kernel_process *process, bool *failed)
{
	const struct kernel_layout *layout = &kernel->inside->layout;
	uint64_t name;
	if (layout->process.audit == ABSENT || layout->audit_path == ABSENT ||
	    !address_space_read_u64(
	        kernel->space, process->address + (uint64_t)layout->process.audit, &name, NULL) ||
	    !address_space_is_kernel(kernel->space, name))
		return NULL;
	return kernel_file_name(kernel, kernel->space, name + (uint64_t)layout->audit_path, failed);
}

/* The first module of a process is its own image. */
static const char *read_loader_name(
    struct kernel *kernel, const struct kernel_process *process, bool *failed)
{
	const struct kernel_layout *layout = &kernel->inside->layout;
	const char *name = NULL;
	uint64_t loader, entry;
	if (layout->user.loader == ABSENT || layout->user.modules == ABSENT ||
	    layout->user.links == ABSENT || layout->user.name == ABSENT || !process->directory ||
	    !process->peb)
		return NULL;
	struct address_space *space =
	    address_space_create_process(kernel->space, process->directory);
	*failed = !space;
	if (space &&
	    address_space_read_u64(
	        space, process->peb + (uint64_t)layout->user.loader, &loader, NULL) &&
	    address_space_read_u64(space, loader + (uint64_t)layout->user.modules, &entry, NULL) &&
	    entry != loader + (uint64_t)layout->user.modules)
		name = kernel_file_name(kernel, space,
		    entry - (uint64_t)layout->user.links + (uint64_t)layout->user.name, failed);
	address_space_destroy(space);
	return name;
}

bool process_names_read(
    struct kernel *kernel, struct kernel_process *process, const char *short_name)
{
	bool failed = false;
	const char *name = read_audit_name(kernel, process, &failed);
	if (!failed && (!name || !agree(name, short_name)) && strlen(short_name) >= SHORT_LENGTH)
		name = read_loader_name(kernel, process, &failed);
	const bool is_whole = name && agree(name, short_name);
	process->image = is_whole ? name : short_name;
	process->image_is_cut = !is_whole && strlen(short_name) >= SHORT_LENGTH;
	return !failed;
}

const char *process_names_complete(
    const struct kernel *kernel, uint64_t pid, const char *short_name, bool *is_cut)
{
	*is_cut = false;
	if (strlen(short_name) < SHORT_LENGTH)
		return short_name;
	uint32_t number = address_map_find(&kernel->inside->process_of, pid);
	*is_cut = true;
	if (number == KERNEL_NONE || pid == 0 ||
	    strncasecmp(kernel->processes[number].image, short_name, SHORT_LENGTH) != 0)
		return short_name;
	*is_cut = kernel->processes[number].image_is_cut;
	return kernel->processes[number].image;
}

uint32_t kernel_find_creator(const struct kernel *kernel, uint64_t pid, const char *image)
{
	const uint32_t number =
	    pid ? address_map_find(&kernel->inside->process_of, pid) : KERNEL_NONE;
	const struct kernel_process *process =
	    number == KERNEL_NONE ? NULL : &kernel->processes[number];
	/* Of one of the two names there may be only the first 14 characters. */
	return process && process->is_alive && process->image && image &&
	               strncasecmp(process->image, image, SHORT_LENGTH) == 0
	           ? number
	           : KERNEL_NONE;
}
