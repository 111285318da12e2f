/* What one step of reading a kernel finds of another. Inside this folder. */
#ifndef LEAKLAB_KERNEL_FOUND_H
#define LEAKLAB_KERNEL_FOUND_H

#include "dump/kernel/reader.h"

/* ---- modules.c: loaded drivers ---- */

bool modules_read(struct kernel *kernel, struct error *error);
/* The module that the address lies in, or NULL. */
const struct kernel_module *modules_find(const struct kernel *kernel, uint64_t address);

/* ---- unloaded.c: drivers that were unloaded ---- */

/* False when memory is out. */
bool unloaded_read(struct kernel *kernel);
/* The one that lay there last, or NULL. */
const struct kernel_module *unloaded_find(const struct kernel *kernel, uint64_t address);

/* ---- logon_sessions.c: logon sessions ---- */

/* Adds the logon session that a token points to, and what its list goes on with; where it cannot be read, by its LUID alone. False when
 * memory is out. */
bool logon_sessions_adopt(struct kernel *kernel, uint64_t address, uint64_t luid);
/* Sorts them by LUID, and finds them by address again. False when memory is out. */
bool logon_sessions_sort(struct kernel *kernel);

/* ---- stacks.c: creation stacks ---- */

struct stacks *stacks_create(void);
void stacks_destroy(struct stacks *stacks);
/* The kept copy of a trace. NULL when memory is out. */
const struct kernel_stack *stacks_add(struct kernel *kernel, const uint8_t *trace, size_t frames);

/* ---- process_names.c: what processes are called ---- */

/* Names a process, whose other members were read, by its file and by what _EPROCESS has of that name. */
bool process_names_read(
    struct kernel *kernel, struct kernel_process *process, const char *short_name);
/* The name of the process with that ID, if it begins with these 14 characters; else they are all that is known. */
const char *process_names_complete(
    const struct kernel *kernel, uint64_t pid, const char *short_name, bool *is_cut);

/* ---- processes.c: processes ---- */

bool processes_read(struct kernel *kernel, struct error *error);
/* The process whose _EPROCESS is there, read if the list of active processes did not have it; *out is KERNEL_NONE if it is none that can
 * be. False when memory is out. */
bool processes_at(struct kernel *kernel, uint64_t address, uint32_t *out);

#endif
