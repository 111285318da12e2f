/* What reading a kernel goes on, and what all that read its objects need: a count of what is missing, variables.
 * Inside this folder. */
#ifndef LEAKLAB_KERNEL_READER_H
#define LEAKLAB_KERNEL_READER_H

#include "common/intern.h"
#include "dump/kernel/address_map.h"
#include "dump/kernel/large_array.h"
#include "dump/kernel/layout.h"
#include "dump/kernel/list.h"
#include "dump/kernel/objects.h"
#include "dump/pdb/pdb.h"

struct frames;
struct stacks;

#define UNLOADED_MOST 50

struct kernel_private {
	struct pdb *pdb;
	struct kernel_layout layout;
	struct intern *strings;
	struct address_map logon_at, token_at;
	struct address_map process_of; /* by PID, which is not 0 */
	struct address_map process_at;
	uint32_t kept_room;
	uint32_t token_room, holder_room, logon_room, process_room, module_room, lack_room;
	struct kernel_module unloaded[UNLOADED_MOST]; /* the one that went last is the first */
	uint32_t unloaded_count;
	struct stacks *stacks;
	struct frames *frames;
	uint64_t budget;      /* bytes of the dump: more things than fit into it are damage */
	bool token_type_lost; /* its object type is not in the dump */
	bool has_token_type, has_process_type, has_thread_type, has_cookie;
	uint8_t token_type, process_type, thread_type, cookie;
	uint64_t leaf_budget; /* pages of handle tables left to read */
	kernel_progress *progress;
	void *context;
	/* Images, users and SIDs that were just seen: interning takes longer than reading. */
	struct recent {
		uint8_t bytes[72];
		uint8_t length;
		const char *text;
	} recent[256];
};

/* The index of an object's type, by the byte in its header, which is disguised since Windows 10. */
static inline uint8_t kernel_object_type(
    const struct kernel_private *inside, uint64_t header, uint8_t stored)
{
	return inside->has_cookie ? stored ^ inside->cookie ^ (uint8_t)(header >> 8) : stored;
}

void kernel_miss(struct kernel *kernel, enum kernel_thing thing, unsigned reason);
/* Damage, in words; the first ones are kept. */
void kernel_damaged(struct kernel *kernel, enum kernel_thing thing, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* How many things of this size may be in the dump. */
uint32_t kernel_most(const struct kernel *kernel, size_t size);
void kernel_tell(struct kernel *kernel, const char *what, uint64_t done, uint64_t total);
bool kernel_lack(struct kernel *kernel, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Counts why the walk over a list broke off, if it did; the format names the list. */
void kernel_broke_off(struct kernel *kernel, enum kernel_thing thing, const struct list *list,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
/* False if the kernel has no such variable. */
bool kernel_find_variable(const struct kernel *kernel, const char *name, uint64_t *address);

#endif
