/* The parts of an answer, each by a file of its own. Inside this folder. */
#ifndef LEAKLAB_ANSWER_INSIDE_H
#define LEAKLAB_ANSWER_INSIDE_H

#include "dump/answer/answer.h"
#include "dump/answer/json_writer.h"

struct token_groups;

/* ---- orphans.c: which logon sessions are orphaned ---- */

/* Fills in all but the culprits. False when memory is out. */
bool answer_find_orphans(struct answer *answer);

/* One that has exited ran with the token, and nobody in sight has a handle to that: it holds nothing itself. */
bool holder_is_left_by_exited(const struct kernel *kernel, const struct kernel_holder *holder);
/* Whether something in sight holds the token. */
bool token_is_held(const struct kernel *kernel, const struct kernel_token *token);

/* ---- id_tokens.c: what else keeps the session IDs of orphans ---- */

struct id_tokens {
	uint32_t *
	    ids; /* by orphan: its session ID, if no session has that and something refers to it; else 0 */
	uint32_t *first;             /* by ID: its first token that is of no orphan; KERNEL_NONE */
	uint32_t *next;              /* by token: the next one of its ID */
	bool *is_orphan, *is_wanted; /* private */
};

/* False when memory is out; to be deinitialized in any case. */
bool id_tokens_init(struct id_tokens *out, const struct answer *answer);
void id_tokens_deinit(struct id_tokens *tokens);

/* ---- culprits.c: who holds the orphans, and who made their tokens ---- */

/* False when memory is out. */
bool answer_find_culprits(struct answer *answer);

/* ---- creation_paths.c: the stacks by which creators made tokens ---- */

/* Makes paths of the answer's variants. The creators are ranked. False when memory is out. */
bool answer_find_paths(struct answer *answer);

/* ---- kept_logons.c: what a process keeps outside RDS sessions ---- */

/* False when memory is out. */
bool answer_find_kept(struct answer *answer);

/* ---- kernel_snapshot.c: a dump as evidence ---- */

/* What the kernel knew, as evidence. NULL: memory is out. */
struct snapshot *kernel_to_snapshot(const struct kernel *kernel, bool holders_seen);

/* ---- text_holders.c, text_creators.c: culprits for people ---- */

#define CULPRITS_SHOWN 10 /* without --verbose */

void print_holders(const struct telling *telling, FILE *out);
void print_creators(const struct telling *telling, FILE *out);
/* "agent.exe (4100)", "the kernel". */
#define CULPRIT_WORDS 400
char *holder_words(
    const struct kernel *kernel, const struct dump_holder *holder, char out[CULPRIT_WORDS]);
char *creator_words(
    const struct kernel *kernel, const struct dump_creator *creator, char out[CULPRIT_WORDS]);
/* Says that the first of a list are tied, if they are: of `items`, that begin with a stake. */
void print_tied(const void *items, uint32_t count, size_t size, const char *what, FILE *out);

/* ---- json_culprits.c: the same as JSON ---- */

void put_culprits(struct json_writer *writer, const struct telling *telling);

/* ---- json_tokens.c: tokens as JSON, and the words that culprits share with them ---- */

/* An image's name; where only its first 14 characters are known, that is said. */
void put_image(struct json_writer *writer, const char *name, bool is_cut);
void put_method(struct json_writer *writer, uint32_t method);
/* Of a logon session, groups of tokens that are alike; with --all, each token too. */
void put_tokens(struct json_writer *writer, const struct telling *telling,
    struct token_groups *groups, uint32_t logon);

/* ---- text_kept.c: logon sessions that a process keeps outside RDS sessions ---- */

void print_kept(const struct telling *telling, FILE *out);

/* ---- machine.c: which host it is ---- */

struct machine {
	char name[256];
	const char *domain; /* or workgroup; NULL: not known */
};

/* False: the dump does not tell. */
bool machine_find(const struct kernel *kernel, struct machine *out);

/* ---- text_tokens.c, text_logons.c: tokens and logon sessions for people ---- */

void print_tokens(
    const struct telling *telling, const struct kernel_logon_session *logon, FILE *out);
void print_orphans(const struct telling *telling, FILE *out);
/* With --all. */
void print_all_logons(const struct telling *telling, FILE *out);

/* ---- text_verdict.c: the head of the answer ---- */

void print_verdict(const struct answer *answer, FILE *out);

#endif
