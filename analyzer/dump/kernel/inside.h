/* What the files of this folder share. */
#ifndef LEAKLAB_KERNEL_INSIDE_H
#define LEAKLAB_KERNEL_INSIDE_H

#include "common/intern.h"
#include "dump/kernel/address_map.h"
#include "dump/kernel/kernel.h"
#include "dump/kernel/layout.h"
#include "dump/kernel/list.h"
#include "dump/pdb/pdb.h"

struct frames; /* frames.c */
struct stacks; /* stacks.c */

struct kernel_private {
	struct pdb *pdb;
	struct kernel_layout layout;
	struct intern *strings;
	struct address_map logon_at, token_at;
	struct address_map process_of; /* by PID, which is not 0 */
	struct address_map process_at;
	uint32_t kept_room;
	uint32_t token_room, holder_room, logon_room, process_room, module_room, lack_room;
	struct stacks *stacks;
	struct frames *frames;
	uint64_t budget; /* bytes of the dump: more things than fit into it are damage */
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

static inline bool kernel_no_memory(struct error *error)
{
	return error_set(error, EXIT_TARGET, "out of memory");
}

/* ---- kernel.c: what is missing ---- */

void kernel_miss(struct kernel *kernel, enum kernel_thing thing, unsigned reason);
/* Damage, in words; the first ones are kept. */
void kernel_damaged(struct kernel *kernel, enum kernel_thing thing, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Room for one more; NULL when memory is out. */
void *kernel_next(void *items, uint32_t *count, uint32_t *room, size_t size);
/* Room for so many, if there is that much memory: what grows without it is copied again and again. */
void kernel_reserve(void *items, uint32_t *room, uint64_t count, size_t size);
/* How many things of this size may be in the dump. */
uint32_t kernel_most(const struct kernel *kernel, size_t size);
void kernel_tell(struct kernel *kernel, const char *what, uint64_t done, uint64_t total);
bool kernel_lack(struct kernel *kernel, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- text.c: strings of the dump; "" or NULL when they cannot be read ---- */

/* The UNICODE_STRING at an address, as UTF-8 of at most a KiB; NULL when it cannot be read. *failed when memory is out. */
const char *kernel_unicode_string(
    struct kernel *kernel, struct address_space *space, uint64_t address, bool *failed);
/* The same for one that has been read. */
const char *kernel_unicode_bytes(
    struct kernel *kernel, struct address_space *space, const uint8_t string[16], bool *failed);
/* The last part of the path in the UNICODE_STRING at an address; NULL when there is none, or it cannot be read. */
const char *kernel_file_name(
    struct kernel *kernel, struct address_space *space, uint64_t address, bool *failed);
/* Bytes of an array of char, up to the first NUL. */
const char *kernel_short_string(
    struct kernel *kernel, const uint8_t *bytes, size_t length, bool *failed);
/* A SID as "S-1-5-18". NULL for none that can be. */
const char *kernel_sid(struct kernel *kernel, const uint8_t *sid, size_t length, bool *failed);

/* ---- one file each ---- */

bool modules_read(struct kernel *kernel, struct error *error);
const struct kernel_module *modules_find(const struct kernel *kernel, uint64_t address);
bool processes_read(struct kernel *kernel, struct error *error);
/* The process whose _EPROCESS is there, read if the list of active processes did not have it; *out is KERNEL_NONE if it is none that can
 * be. False when memory is out. */
bool processes_at(struct kernel *kernel, uint64_t address, uint32_t *out);
/* Names a process, whose other members were read, by its file and by what _EPROCESS has of that name. */
bool process_names_read(
    struct kernel *kernel, struct kernel_process *process, const char *short_name);
/* The name of the process with that ID, if it begins with these 14 characters; else they are all that is known. */
const char *process_names_complete(
    const struct kernel *kernel, uint64_t pid, const char *short_name, bool *is_cut);
bool logon_sessions_read(struct kernel *kernel, struct error *error);
bool handles_read(struct kernel *kernel, struct error *error);
/* The object header that the first 8 bytes of a handle table's entry refer to; 0: a free entry. */
uint64_t handles_header(const struct kernel_layout *layout, uint64_t low);
bool threads_read(struct kernel *kernel, struct error *error);

/* The token with this address, new or known; *out is KERNEL_NONE if it is none that can be (which has been counted). logon: in
 * whose token list it is, or KERNEL_NONE. False when memory is out. */
bool tokens_at(struct kernel *kernel, uint64_t address, uint32_t logon, uint32_t *out);
bool tokens_hold(struct kernel *kernel, uint32_t token, enum kernel_holder_kind kind,
    uint32_t process, uint64_t value);
/* Makes room for as many tokens as the kernel counted. */
void tokens_prepare(struct kernel *kernel);
/* The token lists of all logon sessions. */
bool tokens_read_lists(struct kernel *kernel, struct error *error);

struct stacks *stacks_create(void);
void stacks_destroy(struct stacks *stacks);
/* The kept copy of a trace. NULL when memory is out. */
const struct kernel_stack *stacks_add(struct kernel *kernel, const uint8_t *trace, size_t frames);

struct frames *frames_create(void);
void frames_destroy(struct frames *frames);

#endif
