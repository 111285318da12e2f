/* What a run was played on, and how: two say something of a fix only if they are alike in all but the fix. Inside this folder. */
#ifndef LEAKLAB_SETUP_H
#define LEAKLAB_SETUP_H

#include <stdbool.h>
#include <stddef.h>

#include "evidence/snapshot.h"
#include "runfile/runfile.h"

struct setup {
	char *host, *build;          /* as its snapshots tell; NULL: they do not */
	char *slots, *rate, *logoff; /* as the driver noted; NULL: it did not */
	char **images;      /* of the processes outside sessions that ran in the end; sorted */
	size_t image_count; /* 0: they were not seen */
};

/* snapshot: the last; NULL: there is none. False: memory is out. */
bool setup_read(struct setup *setup, struct runfile *runfile, const struct snapshot *snapshot);
void setup_deinit(struct setup *setup);
/* In what the two differ, in words, the caller's to free(); NULL: in nothing that is known, or memory is out. */
char *setup_difference(const struct setup *now, const struct setup *before, const char *now_name,
    const char *before_name);
/* Whether a process with the image ran; YES_NO_UNKNOWN: processes were not seen. */
enum yes_no setup_runs(const struct setup *setup, const char *image);

#endif
