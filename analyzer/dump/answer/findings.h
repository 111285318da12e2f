/* What an answer consists of, and how that is called. */
#ifndef LEAKLAB_ANSWER_FINDINGS_H
#define LEAKLAB_ANSWER_FINDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "dump/kernel/kernel.h"
#include "leak/leak.h"

enum culprit_kind {
	CULPRIT_CREATOR, /* who made the tokens, by leak tracking */
	CULPRIT_HOLDER, /* who holds them: they were made by nobody knows, or by lsass on somebody's behalf */
	CULPRIT_KERNEL, /* tokens that nobody holds, or references without a token */
	CULPRIT_UNSEEN, /* the same where not all holders were seen: the kernel, or one of those */
};

#define CULPRIT_HOLDERS 12
#define CULPRIT_PIDS 8

struct culprit_holder {
	enum kernel_holder_kind kind;
	uint32_t process; /* KERNEL_NONE for logon sessions' own tokens */
	uint64_t count;
};

/* Tokens of orphans that have creator, method and stack in common, or a holder where those are not known. */
struct dump_culprit {
	enum culprit_kind kind;
	const char *image;         /* who; NULL for the kernel */
	bool image_is_cut;         /* only its first 14 characters are known */
	const char *creator_image; /* NULL: not known */
	bool creator_is_cut;
	uint32_t method;
	const struct kernel_stack *stack; /* NULL: not known */
	uint64_t pids[CULPRIT_PIDS];
	uint32_t pid_count; /* may be more than are kept */
	uint32_t orphans;   /* distinct ones */
	uint32_t alone;     /* of these, those that nobody else but followers has to do with */
	uint32_t tokens;
	uint64_t
	    references;    /* of logon sessions, without a token: CULPRIT_KERNEL and _UNSEEN only */
	uint64_t captures; /* subject contexts that were captured and not released */
	uint32_t unheld;   /* of tokens, those without a holder in sight */
	struct culprit_holder holders[CULPRIT_HOLDERS];
	uint32_t holder_count; /* kept */
	uint64_t other_holders;
	bool follower; /* lsass or System, which release once the last other holder has */
	bool windows;  /* a part of Windows, by its name */

	uint32_t last_orphan, foreign_orphans; /* private */
};

struct orphan {
	uint32_t logon;
	int64_t session_id; /* NUMBER_UNKNOWN: no token tells */
	const char *user;   /* SID, or NULL */
	/* Those that no token explains, and tokens that nobody holds: the kernel's if all holders were seen. */
	uint64_t kernel_references;
	uint32_t unheld; /* such tokens */
	bool references_known;
	int64_t ended; /* its session had ended by then; TIMESTAMP_UNKNOWN */
	bool is_old;   /* that is longer ago than holders take to release */
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
	struct snapshot *snapshot; /* the dump as evidence */
	struct leak *leak;
	bool holders_seen;    /* all that may hold a token was read */
	uint32_t kernel_held; /* orphans that have kernel references */
	uint32_t unseen_held; /* the same where not all holders were seen */
	struct dump_culprit *culprits;
	uint32_t culprit_count;
};

/* Pages that the dump should hold, but the file ends before them. */
uint64_t answer_pages_cut(const struct kernel *kernel);
/* EXIT_CLEAN, EXIT_LEAK or EXIT_INCONCLUSIVE: what the dump shows may be younger than healthy hosts take to release. */
enum exit_code answer_exit_code(const struct answer *answer);

/* "created", "duplicated", "filtered", "made". */
const char *method_text(uint32_t method);
/* Which calls of a program make tokens so, and by which function of the kernel; NULL: not known. */
const char *method_calls(uint32_t method);
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
