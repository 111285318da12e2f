/* Who runs in a sample, and what each holds there. Inside this folder. */
#ifndef LEAKLAB_LEAK_HOLDS_H
#define LEAKLAB_LEAK_HOLDS_H

#include "leak/inside.h"

/* Who runs in the sample. */
struct running {
	struct process *items; /* by process ID; the caller's to free() */
	size_t count;
	bool whole; /* who is not among them has ended */
};

/* Those that are listed, and whoever has handles. False: memory is out. */
bool running_init(struct running *running, const struct leak *leak, const struct snapshot *sample);
/* The process that has the ID now; NULL: none is known. */
const struct process *running_find(const struct running *running, int64_t pid);
/* The process that holds it, and no other with its ID. */
bool running_has(const struct running *running, const struct hold *hold);
/* Whether a process that could hold ended since the last sample; those of this one are remembered. False: memory is out. */
bool running_note(struct leak *leak, const struct snapshot *sample, const struct running *running,
    enum yes_no *ended);

/* Who began, who goes on and who has ended. False: memory is out. */
bool lives_add(struct leak *leak, const struct snapshot *sample, const struct running *running);

/* What is held in the sample, each once: of what is watched, or keeps an ID by itself. False: memory is out. */
bool hold_list_make(struct hold_list *list, struct leak *leak, const struct snapshot *sample,
    const struct running *running);
/* That of the same process, of the same thing, most likely at *next, which goes on behind it; *out: NULL, there is none. A list that
 * was made, to which nothing was pushed. False: memory is out. */
bool hold_list_find(
    struct hold_list *list, const struct hold *like, size_t *next, struct hold **out);
bool hold_list_push(struct hold_list *list, const struct hold *hold);
void hold_list_free(struct hold_list *list);

#endif
