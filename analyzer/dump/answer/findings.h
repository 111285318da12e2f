/* What an answer consists of, and how that is called. */
#ifndef LEAKLAB_ANSWER_FINDINGS_H
#define LEAKLAB_ANSWER_FINDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "dump/answer/luid_order.h"
#include "dump/kernel/kernel.h"
#include "leak/leak.h"

enum dump_holder_kind {
	DUMP_HOLDER_PROCESS,
	DUMP_HOLDER_OWN,    /* nobody: the logon sessions' own tokens keep them */
	DUMP_HOLDER_KERNEL, /* of tokens that nobody holds, and of references beyond those of tokens */
	DUMP_HOLDER_UNSEEN, /* the same where not all holders were seen: the kernel, or one of those; and of handles that were not found */
	DUMP_HOLDERS
};

/* What somebody has to do with orphans. */
struct dump_stake {
	struct culprit culprit; /* by which it is ranked; logon_sessions: orphans */
	bool tied;              /* with another one, for the first place */

	bool follows; /* private, as all below: System and lsass */
	uint32_t number, last_orphan, last_token, followed;
};

/* Who keeps orphans. */
struct dump_holder {
	struct dump_stake stake;
	enum dump_holder_kind kind;
	uint32_t process;          /* KERNEL_NONE if the kind is another */
	uint64_t by[HOLDER_KINDS]; /* by what it holds the tokens */
	uint64_t references;       /* that no token explains; of the kernel or unseen */
	uint64_t captures;         /* subject contexts that were captured and not released */
	uint32_t id_tokens;        /* of no orphan, and stamped with the session ID of one */
	uint32_t made_itself;      /* of its tokens */
	uint32_t links;            /* first of them, by next_of_holder */
};

#define CREATOR_PIDS 8

/* Who made tokens of orphans, by leak tracking. */
struct dump_creator {
	struct dump_stake stake;
	uint32_t
	    process; /* KERNEL_NONE: it runs no more, or is not in sight; then all of that image are one */
	bool image_is_cut; /* only its first 14 characters are known */
	uint64_t pids[CREATOR_PIDS];
	uint32_t pid_count;   /* may be more than are kept */
	uint32_t held_itself; /* of its tokens */
	uint32_t unheld;      /* of its tokens, those without a holder in sight */
	uint32_t unseen;      /* of these, those that may have one that was not seen */
	uint64_t captures;
	uint32_t links;                  /* first of them, by next_of_creator */
	uint32_t first_path, path_count; /* how it made them, those with most tokens first */
	bool creates, duplicates, filters;
};

/* A holder has tokens of a creator. */
struct dump_link {
	uint32_t holder, creator, tokens;
	uint32_t next_of_holder,
	    next_of_creator; /* KERNEL_NONE: the last; those with most tokens first */
};

/* A stack as tokens of one creator have it. */
struct dump_variant {
	const struct kernel_stack *stack;
	uint32_t creator, method, tokens;
	uint32_t path; /* private */
};

/* Stacks of one creator and method that have their kernel frames in common, or the frames before those that differ from token to token. */
struct dump_path {
	uint32_t creator, method, tokens;
	uint32_t frames;          /* that all have in common */
	uint32_t first, variants; /* stacks */
};

/* How stacks of a path go on behind what they have in common. */
struct path_branch {
	uint64_t frame;
	uint32_t tokens;
};

struct orphan {
	uint32_t logon;
	int64_t session_id; /* NUMBER_UNKNOWN: no token tells */
	const char *user;   /* SID, or NULL */
	uint64_t beyond;    /* references that no token explains */
	uint32_t unheld;    /* tokens that nobody holds in sight */
	uint32_t unseen;    /* of these, those that somebody may hold who was not seen */
	bool tokens_seen;   /* all of them: what no token explains is the kernel's */
	int64_t ended;      /* its session had ended by then; TIMESTAMP_UNKNOWN */
	bool is_old;        /* that is longer ago than holders take to release */
};

/* Logon sessions outside RDS sessions that only handles of one process keep: of one account and type. */
struct kept_logons {
	uint32_t process;
	const char *user, *domain; /* NULL: not known */
	enum kernel_logon_type type;
	uint32_t count;
};

struct answer {
	struct kernel *kernel;
	struct orphan *orphans;
	uint32_t orphan_count;
	uint32_t old_count; /* of these, those that are old: a leak */
	uint32_t unjudged;  /* logon sessions of which too little is known */
	uint32_t in_doubt;  /* sessions of orphans, of which so many at most may not be over */
	int64_t *referred;  /* session IDs in no session list that something refers to, ascending */
	uint32_t referred_count;
	struct kept_logons *kept;  /* those with most first */
	uint32_t kept_count;       /* of rows */
	uint32_t kept_total;       /* of logon sessions in them */
	struct luid_order order;   /* when logon sessions were made */
	struct snapshot *snapshot; /* the dump as evidence */
	struct leak *leak;
	bool holders_seen;           /* all that may hold a token was read */
	uint32_t kernel_held;        /* orphans that have kernel references */
	uint32_t unseen_held;        /* orphans that may have holders that were not seen instead */
	struct dump_holder *holders; /* the worst first */
	struct dump_creator *creators; /* the same order */
	struct dump_link *links;
	struct dump_variant *variants;
	struct dump_path *paths;
	uint32_t holder_count, creator_count, link_count, variant_count, path_count;
	uint32_t
	    unknown_creator; /* tokens of orphans: leak tracking was on, but who made them cannot be read */
};

/* Pages that the dump should hold, but the file ends before them. */
uint64_t answer_pages_cut(const struct kernel *kernel);
/* EXIT_CLEAN, EXIT_LEAK or EXIT_INCONCLUSIVE: what the dump shows may be younger than healthy hosts take to release. */
enum exit_code answer_exit_code(const struct answer *answer);

/* References that are the kernel's: of tokens that nobody holds, and beyond those of tokens. */
uint64_t orphan_kernel_references(const struct orphan *orphan);
/* Whether there may be more: where it is not known whether anybody else holds them. */
bool orphan_is_unseen(const struct orphan *orphan);

/* "created", "duplicated", "filtered", "made". */
const char *method_text(uint32_t method);
/* Which calls of a program make tokens so, and by which function of the kernel; NULL: not known. */
const char *method_calls(uint32_t method);
/* Whether it makes tokens on others' behalf: of whoever logs on, of services. */
bool image_makes_for_others(const char *image);
/* The ways on from a path, those with most tokens first; no more than `most` of them. Returns how many there are. */
uint32_t path_branches(const struct answer *answer, const struct dump_path *path,
    struct path_branch *out, uint32_t most);
/* "handle", "primary token", "impersonating thread", "logon session's own token". */
const char *holder_kind_text(enum kernel_holder_kind kind, uint64_t count);

/* What stands behind an image's name of which only the beginning is known. */
static inline const char *cut_mark(bool is_cut)
{
	return is_cut ? "\u2026" : "";
}

/* The session ID of a logon session, by its tokens (NUMBER_UNKNOWN: none can be read), and its user's SID or NULL. */
int64_t logon_session_id(
    const struct kernel *kernel, const struct kernel_logon_session *logon, const char **sid);

#endif
