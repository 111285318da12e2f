/* What follows from what a kernel knew: which logon sessions are orphaned, and who is to blame. The door of this folder, with
 * the forms in which it is presented.
 *
 * The dump is evidence like any other, and the leak rule (leak/leak.h) says what is orphaned; its RDS sessions are those in which
 * processes run. Beyond that a dump knows references: a logon session that has some, and no token that would tell its session, is
 * an orphan that the kernel holds; and the linked half of an administrator's logon is none while the other half runs processes.
 * Where processes could not be read, a logon session is not an orphan because it has none. What holds a token is the kernel only where all that
 * may hold one was read; else it is a holder that was not seen. */
#ifndef LEAKLAB_ANSWER_H
#define LEAKLAB_ANSWER_H

#include <stdio.h>

#include "dump/answer/findings.h"

/* NULL: out of memory. The kernel was read, and outlives the answer. Of the terms only times count. */
struct answer *answer_create(
    struct kernel *kernel, const struct leak_terms *terms, struct error *error);
void answer_destroy(struct answer *answer); /* NULL is allowed */

struct telling {
	const char *path;            /* of the dump */
	const struct answer *answer; /* NULL: without symbols there is none */
	struct kernel *kernel;       /* NULL: not even that was found */
	struct symbol_store *store;
	bool verbose;
	bool all; /* every logon session, and each token */
};

/* Text of 80 columns at most. */
void answer_print_text(const struct telling *telling, FILE *out);
/* JSON, schema leaklab.dump/3. */
void answer_print_json(const struct telling *telling, FILE *out);

/* Dump, symbols and kernel in one, for those who only want the evidence. */
struct snapshot *dump_to_snapshot(
    const char *path, struct symbol_store *store, struct error *error);

#endif
