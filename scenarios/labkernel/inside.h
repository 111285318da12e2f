/* What a machine that is made up consists of. Inside this folder. */
#ifndef LEAKLAB_LABKERNEL_INSIDE_H
#define LEAKLAB_LABKERNEL_INSIDE_H

#include "labkernel/labkernel.h"
#include "labkernel/layout.h"
#include "labkernel/ram.h"

#define LISTS 16 /* of logon sessions */
#define UNLOADED_MOST 50
#define HEADER 0x30 /* of an object, before its body */

/* An object in the kernel's memory: here, and where it is there. NULL, 0: there is none. */
struct thing {
	uint8_t *at;
	uint64_t address;
};

/* The types of objects that handles lead to. */
enum held_type { HELD_TOKEN, HELD_PROCESS, HELD_THREAD, HELD_KEY, HELD_TYPES };

struct held {
	uint64_t value;
	enum held_type type;
	size_t number; /* of the token, process, thread or key */
};

struct process_made {
	struct thing body, peb, ldr; /* the last two: user part */
	uint64_t session_space;
	uint32_t session_id;
	struct region *user;
	uint64_t pid;
	struct held *handles;
	size_t handle_count;
	size_t primary;
	uint64_t next_handle;
	int64_t held; /* handles to it */
	bool exited;
};

struct thread_made {
	struct thing body;
	size_t process;
	uint64_t tid;
	int64_t held;
};

struct logon_session_made {
	struct thing body;
	int64_t references;
};

struct token_made {
	struct thing body, diagnostics, node;
	size_t logon_session;
	int64_t handles;
};

struct poke {
	uint8_t *at;
	uint64_t value;
	size_t size;
};

struct crash {
	struct crash_options options;
	const struct layout *layout;
	struct ram *ram;
	struct region *image, *nonpaged, *paged;
	struct thing kernel, types[HELD_TYPES];
	uint64_t logon_lists;  /* address of the array */
	struct thing unloaded; /* array of _UNLOADED_DRIVERS, and how many are in use */
	uint32_t unloaded_count;
	uint64_t unlisted; /* the first logon session that is in none of those */
	struct process_made *processes;
	struct logon_session_made *logon_sessions;
	struct token_made *tokens;
	struct thread_made *threads;
	struct thing *keys;
	size_t thread_count, key_count;
	size_t process_count, logon_session_count, token_count;
	struct poke *pokes;
	size_t poke_count;
	uint64_t next_luid;
};

/* offset of a member in this layout; -1: absent */
static inline int offset_of(const struct crash *crash, enum layout_member member)
{
	return crash->layout->offsets[member];
}

/* Writes `size` bytes of value to a member; nothing if the layout has no such member. */
void put(const struct crash *crash, struct thing thing, enum layout_member member, uint64_t value,
    size_t size);
uint64_t take_u64(const uint8_t *at);
void put_u64(uint8_t *at, uint64_t value);
/* Links the list entry (a member of the thing) in before the head. */
void link_before(struct crash *crash, uint64_t head, struct thing thing, enum layout_member member);
/* Fills in a UNICODE_STRING whose buffer comes from the region. */
bool put_name(struct crash *crash, struct region *region, struct thing thing,
    enum layout_member member, const char *text, struct error *error);
/* A structure of the layout, with `extra` bytes behind it. Its page is its own with options.spread. */
bool make(struct crash *crash, struct region *region, enum layout_member size_member, size_t before,
    size_t extra, struct thing *thing, struct error *error);

/* Says that memory is out; NONE. */
size_t fail_memory(struct error *error);
/* Room for one more in an array, zeroed; NULL: out of memory. */
void *next_of(void *items, size_t *count, size_t size);

/* Bytes that are to hold that value once the machine is complete. False: out of memory. */
bool poke_later(struct crash *crash, uint8_t *at, uint64_t value, size_t size);

/* Builds handle tables, object headers and the directory roots: after that nothing is added. */
bool crash_finish(struct crash *crash, uint64_t *root, struct error *error);

#endif
