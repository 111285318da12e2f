/* A crashed machine made up: what its kernel would have had in memory, written as a memory dump with the PDB that fits. The
 * door of this folder. Nothing in such a dump comes from Windows: image and PDB are lab kernels (kernel.c). */
#ifndef LEAKLAB_LABKERNEL_H
#define LEAKLAB_LABKERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/timestamp.h"

#define LABKERNEL_COMMENT "synthesized by leaklab: a lab kernel, no Windows"

/* DumpType of DUMP_HEADER64. */
enum dump_type { DUMP_FULL = 1, DUMP_BITMAP_FULL = 5, DUMP_BITMAP_KERNEL = 6 };

enum create_method { CREATED = 0xc, DUPLICATED = 0xd, FILTERED = 0xf };

struct crash_options {
	const char *layout; /* "9600", "14393", "19041", "26h1" */
	bool tracking;      /* SeTokenLeakDiag was on at boot */
	enum dump_type type;
	int levels;       /* of paging, 4 or 5; 0: 4 */
	bool large_pages; /* the kernel's image lies in them */
	bool spread;      /* each object has a page of its own, to put it out of sight */
	bool shuffled;    /* its pages stand in the file in no order */
	bool live;        /* taken of a running system */
	const char *tables,
	    *names; /* where all pages of handle tables, and names of accounts and processes' images, are; NULL: resident */
	uint64_t invalid_pte_mask; /* entries of pages in transition are swizzled by it */
	int64_t time;              /* of the crash: timestamp */
	int64_t up_time;           /* microseconds */
	size_t memory;             /* most of the pools, bytes; 0: 64 MiB */
};

struct crash_process {
	const char *image;
	uint64_t pid;
	uint32_t session_id;
	int64_t created, exited; /* timestamps; 0: not */
};

#define CRASH_TRACE 30
#define NONE SIZE_MAX

struct crash_token {
	size_t logon_session;
	uint64_t id; /* 0: the next one */
	uint32_t session_id;
	const char *user;   /* SID, "S-1-5-21-1-2-3-1001" */
	const char *groups; /* more SIDs, with commas between; NULL: none */
	bool impersonation;
	int32_t level;
	uint32_t flags;            /* 0x20: does not hold its logon session */
	uint64_t creator;          /* PID, for the diagnostic entry; the process may have gone */
	const char *creator_image; /* NULL: there is no such entry */
	uint64_t thread;
	enum create_method method;
	uint64_t trace[CRASH_TRACE]; /* ends with 0 */
	int32_t captures;            /* subject contexts captured and not released */
};

struct crash;

/* NULL with an error for a layout that there is not, or when memory is out. All that follows names what it adds by a
 * number from 0, or NONE with an error. */
struct crash *crash_create(const struct crash_options *options, struct error *error);
void crash_destroy(struct crash *crash); /* NULL is allowed */

/* Instead of the options' time and up_time. */
void crash_set_clock(struct crash *crash, int64_t time, int64_t up_time);
size_t crash_add_module(
    struct crash *crash, const char *name, uint64_t base, uint32_t size, struct error *error);
/* A driver that was unloaded, after those that were added before; there is room for 50. */
bool crash_add_unloaded(
    struct crash *crash, const char *name, uint64_t base, uint32_t size, struct error *error);
size_t crash_add_process(
    struct crash *crash, const struct crash_process *process, struct error *error);
/* A module in the user part of the process. */
bool crash_add_user_module(struct crash *crash, size_t process, const char *name, uint64_t base,
    uint32_t size, struct error *error);
size_t crash_add_logon_session(
    struct crash *crash, uint64_t luid, const char *user, const char *domain, struct error *error);
/* Takes the logon session that was added last from its list into one that no reader knows of. */
void crash_unlist_logon_session(struct crash *crash);
size_t crash_add_token(struct crash *crash, const struct crash_token *token, struct error *error);
/* value: of the handle; 0: the next free one. */
bool crash_add_handle(
    struct crash *crash, size_t process, size_t token, uint64_t value, struct error *error);
/* A handle to a process, or (tid not 0) to a thread of it, which is made if there is none. */
bool crash_add_process_handle(struct crash *crash, size_t process, size_t target, uint64_t tid,
    uint64_t value, struct error *error);
/* A handle to a registry key, whose page is where `where` says, as for crash_put_page(). */
bool crash_add_key_handle(
    struct crash *crash, size_t process, const char *where, uint64_t value, struct error *error);
/* How many handles the kernel counts to a token (NONE: to all tokens), instead of those that were added. False: out of memory. */
bool crash_set_handle_count(struct crash *crash, size_t token, uint64_t count);
/* token: whom the thread impersonates, or NONE. */
bool crash_add_thread(
    struct crash *crash, size_t process, uint64_t tid, size_t token, struct error *error);
void crash_set_primary(struct crash *crash, size_t process, size_t token);
/* The logon session's own Token field. */
void crash_set_session_token(struct crash *crash, size_t logon_session, size_t token);
/* References that nobody holds. */
void crash_add_references(struct crash *crash, size_t logon_session, int64_t count);

enum crash_object {
	CRASH_PROCESS,
	CRASH_LOGON_SESSION,
	CRASH_TOKEN,
	CRASH_DIAGNOSTICS,
	CRASH_NODE,
	CRASH_OBJECTS
};

/* The object's address in the kernel; 0: there is none. */
uint64_t crash_address(const struct crash *crash, enum crash_object kind, size_t number);
/* The address of an exported variable or function of the kernel; 0: there is none. */
uint64_t crash_symbol(const struct crash *crash, const char *name);
/* Overwrites a member of an object, by its name in C. False: there is no such member in this layout. */
bool crash_poke(
    struct crash *crash, enum crash_object kind, size_t number, const char *member, uint64_t value);
/* A place of pages, as the options have it; NULL: there is none of that name. */
const char *crash_place(const char *name);
/* Puts the object's page where `where` says: "resident", "transition", "paged-out", "not-dumped". False: no such place. */
bool crash_put_page(struct crash *crash, uint64_t address, const char *where);

/* Writes the dump, and beside it, in the same folder, ntkrnlmp.pdb. */
bool crash_write(struct crash *crash, const char *path, const char *pdb_path, struct error *error);

/* Reads a description (describe.c says its words) and makes the machine. */
struct crash *crash_describe(const char *text, const char *origin, struct error *error);

#endif
