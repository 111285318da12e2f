/* Why a cycle failed, as far as what is seen of it tells, and what to do about it. */
#ifndef LEAKLAB_CAUSES_H
#define LEAKLAB_CAUSES_H

#include <stddef.h>

#include "driver/scenario/scenario.h"
#include "runfile/runfile.h"

struct cause {
	const char *id;   /* for programs: it does not change */
	const char *what; /* for people: what is so on the host, or here; no full stop */
	const char
	    *remedy; /* what to do, where nothing on the host is to be changed; no full stop */
	/* What an administrator may change on the host instead, and how to take that back: command lines of Windows, which nobody here runs. NULL:
	 * there is no such change. */
	const char *change, *undo;
};

extern const char
    cause_on_change[]; /* what holds for all of these, a sentence without its full stop */

#define CAUSE_TEXT 900 /* the longest that cause_tell() makes */

/* The probable cause of how a cycle ended. NULL: it did not fail, or nothing of it tells why. */
const struct cause *cause_of(const struct cycle *cycle, const struct scenario *scenario);
/* The cause by its ID; NULL: there is none. */
const struct cause *cause_by_id(const char *id);
/* All of it, as sentences for people. */
void cause_tell(const struct cause *cause, char *text, size_t size);

#endif
