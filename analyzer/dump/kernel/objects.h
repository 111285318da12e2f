/* What is kept of a kernel's objects, and what of them could not be read. Strings belong to the kernel. */
#ifndef LEAKLAB_KERNEL_OBJECTS_H
#define LEAKLAB_KERNEL_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "dump/file/dump_file.h"
#include "dump/memory/address_space.h"
#include "dump/pdb/pe_image.h"

#define KERNEL_NONE UINT32_MAX

/* What can be missing. */
enum kernel_thing {
	THING_MODULE,
	THING_PROCESS,
	THING_PROCESS_SESSION, /* which session a live process is in */
	THING_THREAD,
	THING_LOGON_LIST, /* one of the 16 lists, or what is left of it */
	THING_LOGON_SESSION,
	THING_TOKEN_LIST,
	THING_TOKEN,
	THING_CREATION,
	THING_HANDLE_TABLE, /* a page of one */
	THING_OBJECT,       /* what a handle refers to */
	THING_NAME,
	THING_VARIABLE,
	THINGS
};

/* Why: as for memory, or because its content cannot be. */
#define KERNEL_DAMAGED MEMORY_STATES
#define KERNEL_REASONS (MEMORY_STATES + 1)

struct kernel_module {
	uint64_t base;
	uint32_t size;
	const char *name;
};

struct kernel_process {
	uint64_t address; /* of its _EPROCESS */
	uint64_t pid;
	const char *image;       /* the file's name */
	bool image_is_cut;       /* only its first 14 characters are known */
	int64_t session_id;      /* NUMBER_UNKNOWN: the dump does not say */
	int64_t created, exited; /* timestamps; TIMESTAMP_UNKNOWN: unknown, or still running */
	bool is_alive;           /* true as well if nothing says that it exited */
	bool exit_unknown;       /* whether it exited could not be read */
	uint32_t primary;        /* token, or KERNEL_NONE */
	uint64_t primary_at;     /* private: address of that token */
	uint64_t session_at;     /* private: its session's space, 0: none, or unknown */
	bool session_read;       /* private: what it has for one could be read */
	uint64_t directory;      /* private: its page tables' root, 0: unknown */
	uint64_t peb, objects;   /* private */
	bool objects_read;       /* private: what it has for a handle table could be read */
	uint64_t threads;        /* private: list head */
	int64_t handles;         /* entries in use in its table; NUMBER_UNKNOWN: not read in full */
	int64_t token_handles;
};

/* By the groups of a token. */
enum kernel_logon_type {
	LOGON_TYPE_UNKNOWN,
	LOGON_TYPE_NETWORK,
	LOGON_TYPE_BATCH,
	LOGON_TYPE_INTERACTIVE,
	LOGON_TYPE_SERVICE,
	LOGON_TYPE_REMOTE,
};
/* "network", "remote interactive", "unknown". */
const char *kernel_logon_type_text(enum kernel_logon_type type);

struct kernel_logon_session {
	uint64_t address; /* of its _SEP_LOGON_SESSION_REFERENCES */
	uint64_t luid;
	uint64_t buddy; /* LUID of the linked logon; 0: none, or unknown */
	const char *user, *domain;
	enum kernel_logon_type type; /* of those outside RDS sessions */
	int64_t references;          /* NUMBER_UNKNOWN: not read, or none that can be */
	uint64_t own_at;             /* private: address of its own token */
	uint32_t own;                /* token, or KERNEL_NONE */
	uint32_t tokens;             /* first of its tokens, linked by next_of_session */
	uint32_t token_count;
	uint32_t counted_tokens;  /* of these, those that hold a reference */
	uint32_t unread_tokens;   /* of token_count, those that could not be read */
	bool token_list_complete; /* every node of its token list was read, with tracking on */
};

/* How a token came to be (CreateMethod). */
enum kernel_method { METHOD_CREATE = 0xc, METHOD_DUPLICATE = 0xd, METHOD_FILTER = 0xf };

/* A stack as the kernel recorded it, cut before the first frame that cannot be. */
#define KERNEL_FRAMES 30
struct kernel_stack {
	uint64_t hash;
	uint32_t number; /* from 0; different stacks have different ones */
	uint32_t count;
	uint64_t frame[];
};

struct kernel_token {
	uint64_t address;
	uint64_t id, luid;
	uint64_t creator_pid, creator_tid;
	const char *creator_image;        /* NULL: not recorded */
	const struct kernel_stack *stack; /* NULL as well */
	const char *user;                 /* SID, or NULL */
	uint32_t logon;                   /* logon session, or KERNEL_NONE */
	uint64_t logon_at;                /* private: where it says that this lies */
	uint32_t next_of_session;
	uint32_t holders;    /* first holder, linked by next; KERNEL_NONE */
	uint32_t session_id; /* as it is there: see kernel_session_id() */
	uint32_t flags;
	uint32_t method;
	int32_t captures; /* subject contexts that were captured and not released */
	int32_t handles;  /* how many the kernel counts to it; KERNEL_HANDLES_UNKNOWN */
	uint8_t type : 4; /* 1 primary, 2 impersonation, 0 unknown */
	uint8_t level : 4;
	bool creator_is_cut; /* of its image only the first 14 characters are known */
	bool is_read;        /* false: only its address is known */
	bool is_listed;      /* in its logon session's token list */
};

#define KERNEL_HANDLES_UNKNOWN (-1)
#define TOKEN_FLAG_NO_REFERENCE 0x20u /* the token does not hold its logon session */

enum kernel_holder_kind {
	HOLDER_HANDLE,
	HOLDER_PRIMARY,
	HOLDER_THREAD,
	HOLDER_SESSION,
	HOLDER_EXITED, /* a handle to the exited process whose primary token it is, or to its thread */
	HOLDER_KINDS
};

/* A handle to a process that has exited, or to a thread of it: it keeps the process as an object. */
struct kernel_kept {
	uint64_t value, tid; /* tid 0: to the process itself */
	uint32_t process;    /* whose handle it is */
	uint32_t target;     /* the process that has exited */
};

/* Whether tokens keep the session IDs that they are stamped with. */
enum kernel_rule {
	RULE_UNKNOWN,
	RULE_ABSENT, /* this build's _TOKEN has no SessionObject */
	RULE_OFF,    /* SeTokenDoesNotTrackSessionObject is not 0 */
	RULE_ON,
};

struct kernel_holder {
	uint64_t value;   /* of the handle, or thread ID */
	uint32_t process; /* KERNEL_NONE for a logon session's own token */
	uint32_t next;    /* holder of the same token */
	uint32_t token;
	uint8_t kind; /* enum kernel_holder_kind */
};

enum kernel_tracking { TRACKING_UNKNOWN, TRACKING_ABSENT, TRACKING_OFF, TRACKING_ON };

struct kernel {
	struct dump_file *dump;
	struct address_space *space;

	uint64_t base; /* of the kernel's image */
	uint32_t size;
	bool has_identity;
	struct pe_identity identity;
	char *pdb_path;         /* NULL: not found */
	bool has_symbols;       /* proven to match */
	struct error no_symbol; /* why there are none */

	enum kernel_tracking tracking;
	enum kernel_rule rule;
	int64_t token_objects, token_handles; /* totals of the object type; NUMBER_UNKNOWN */
	int64_t token_handles_found;
	bool moved; /* memory may have changed while the dump was written */
	const char *
	    *lacks; /* members and symbols that this build does not have, and what it costs */
	size_t lack_count;

	struct kernel_module *modules;
	struct kernel_process *processes;
	struct kernel_logon_session *logons;
	struct kernel_token *tokens;
	struct kernel_holder *holders;
	struct kernel_kept *kept;
	uint32_t module_count, process_count, logon_count, token_count, holder_count, kept_count;
	bool processes_counted;  /* as many processes are missing as were counted, and no more */
	uint32_t unlisted_count; /* of the logon sessions, those that no list led to */
	uint32_t
	    hidden_sessions; /* so many at most that only live processes of unknown session are in */
	bool handles_read;   /* token handles could be distinguished from others */
	bool threads_read;   /* impersonating threads could be distinguished from others */

	uint64_t missing[THINGS][KERNEL_REASONS];
	const char *notes[64]; /* the first damages, in words */
	size_t note_count;
	const char *first_damage[THINGS]; /* NULL: none */
	const char *first_mended;         /* a list of which a link is bad, and nothing missing */
	uint64_t mended;                  /* how many there are */

	struct kernel_private *inside;
};

/* "token" and so on; plural for other counts than one. */
const char *kernel_thing_text(enum kernel_thing thing, uint64_t count);
/* "paged out" and so on. */
const char *kernel_reason_text(unsigned reason);

/* How many things of a kind could not be read. */
uint64_t kernel_missing_of(const struct kernel *kernel, enum kernel_thing thing);
/* How many things could not be read. */
uint64_t kernel_missing_total(const struct kernel *kernel);

/* ---- sight.c: whether holders may be hidden ---- */

enum kernel_handle_counts {
	HANDLES_UNCOUNTED, /* how many handles to tokens the kernel counts is not known */
	HANDLES_ALL_FOUND,
	HANDLES_MISSING, /* it counts more than were found */
	HANDLES_VOID,    /* it counts fewer than were found: neither number is to be trusted */
};
enum kernel_handle_counts kernel_handle_counts(const struct kernel *kernel);
/* Whether whoever holds a token was seen: nothing that may hide a holder is missing. */
bool kernel_holders_seen(const struct kernel *kernel);
/* The same of one token, of which the kernel counts the handles: then it does not matter what else could not be read. */
bool kernel_token_holders_seen(const struct kernel *kernel, const struct kernel_token *token);
/* How many handles to the token are certain to exist, and were not found. */
uint32_t kernel_token_handles_hidden(const struct kernel *kernel, const struct kernel_token *token);
/* Whether all tokens of the logon session are known, so that references beyond them are the kernel's. */
bool kernel_tokens_seen(const struct kernel *kernel, const struct kernel_logon_session *logon);

/* The process that made a token, by its ID and image, if it still runs: IDs are used again. KERNEL_NONE: it does not, or is not in sight. */
uint32_t kernel_find_creator(const struct kernel *kernel, uint64_t pid, const char *image);

/* A session ID as the kernel has it, which is negative for none; NUMBER_UNKNOWN for those. */
int64_t kernel_session_id(uint32_t id);

/* Called some times a second; done and total count what is being read (total 0: unknown). */
typedef void kernel_progress(void *context, const char *what, uint64_t done, uint64_t total);

#endif
