/* What the kernel in a memory dump knew of logon sessions: modules, processes, logon sessions, tokens, who made them and
 * who holds them. The door of this folder.
 *
 *	struct kernel *kernel = kernel_create(dump, &error);       (the kernel's image is found)
 *	kernel_find_symbols(kernel, store, &error);                (false: modules are all that can be said)
 *	kernel_read(kernel, progress, context, &error);
 *
 * All offsets come by name from the PDB that was proven to belong to the kernel in the dump. The dump is untrusted:
 * every list has an end, and what could not be read is counted by what it was and why. Strings belong to the kernel;
 * what could steer a terminal was taken out of them. */
#ifndef LEAKLAB_KERNEL_H
#define LEAKLAB_KERNEL_H

#include "dump/kernel/frames.h"
#include "dump/kernel/objects.h"

/* Finds the kernel's image through the header's pointers. The dump's pages were found, and it outlives the kernel. NULL: no
 * kernel is to be seen at all (EXIT_INCONCLUSIVE), or memory is out. */
struct kernel *kernel_create(struct dump_file *dump, struct error *error);
void kernel_destroy(struct kernel *kernel); /* NULL is allowed */

/* Finds the PDB and proves that it belongs to the image. False: kernel->no_symbol says why, too. */
bool kernel_find_symbols(struct kernel *kernel, struct symbol_store *store, struct error *error);

/* Reads everything. False if the logon sessions cannot be found at all or memory is out. */
bool kernel_read(
    struct kernel *kernel, kernel_progress *progress, void *context, struct error *error);

#endif
