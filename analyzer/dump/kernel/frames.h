/* Names for the frames of stacks. */
#ifndef LEAKLAB_KERNEL_FRAMES_H
#define LEAKLAB_KERNEL_FRAMES_H

#include "dump/kernel/objects.h"
#include "dump/symbols/symbol_store.h"

/* What was found of drivers and user modules lately: a kernel's own. */
struct frames *frames_create(void);
void frames_destroy(struct frames *frames);

/* A frame of a stack as text: "nt!NtDuplicateToken+0x10", "gone.sys+0x1010 (unloaded)", "kernel 0xfffff80399990010 (in no module)",
 * "ntdll.dll+0x9d3e4", "user 0x7ff8c0000000". pid: whose user modules are meant. image: of that process, as IDs are used again. store may be NULL. out is returned. */
#define KERNEL_FRAME_TEXT 320
char *kernel_frame_text(struct kernel *kernel, struct symbol_store *store, uint64_t pid,
    const char *image, uint64_t address, char out[KERNEL_FRAME_TEXT]);

#endif
