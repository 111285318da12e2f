/* What a run that goes on shows so far: it is judged beside it, by a thread of its own. */
#ifndef LEAKLAB_OUTLOOK_H
#define LEAKLAB_OUTLOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "judge/verdict.h"

#define OUTLOOK_HOLDERS 3
#define OUTLOOK_TEXT 240

struct outlook_view {
	bool known;      /* it was judged at least once */
	bool is_leak;    /* proven so far; what goes by itself later was none */
	int64_t leaks;   /* orphans and pinned session IDs that are old enough */
	int64_t young;   /* those that may still be released */
	int64_t counted; /* cycles that a verdict counts */
	int64_t needed;  /* of them, for CLEAN */
	char holders[OUTLOOK_HOLDERS][OUTLOOK_TEXT]; /* who holds most, in words; "": nobody */
};

/* What the verdict comes to in a view; needed stays. */
void outlook_fill(struct outlook_view *view, const struct verdict *verdict);

struct outlook;

/* path: of the run file, which others write. NULL: error. */
struct outlook *outlook_create(const char *path, int64_t needed, struct error *error);
/* There is something new to judge. */
void outlook_ask(struct outlook *outlook);
/* What was judged last. */
void outlook_look(struct outlook *outlook, struct outlook_view *view);
void outlook_destroy(struct outlook *outlook); /* NULL is allowed */

#endif
