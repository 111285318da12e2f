/* What a run was played on, and how: two say something of a fix only if they are alike in all but the fix. Inside this folder. */
#ifndef LEAKLAB_CONDITIONS_H
#define LEAKLAB_CONDITIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "evidence/snapshot.h"
#include "runfile/runfile.h"

struct conditions {
	char *host, *build;          /* as its snapshots tell; NULL: they do not */
	char *slots, *rate, *logoff; /* as the driver noted; NULL: it did not */
	char **images;      /* of the processes outside sessions that ran in the end; sorted */
	size_t image_count; /* 0: they were not seen */
};

/* snapshot: the last; NULL: there is none. False: memory is out. */
bool conditions_read(
    struct conditions *conditions, struct runfile *runfile, const struct snapshot *snapshot);
void conditions_deinit(struct conditions *conditions);
/* In what the two differ, in words, the caller's to free(); NULL: in nothing that is known, or memory is out. */
char *conditions_difference(const struct conditions *now, const struct conditions *before,
    const char *now_name, const char *before_name);
/* Whether a process with the image ran; YES_NO_UNKNOWN: processes were not seen. */
enum yes_no conditions_runs(const struct conditions *conditions, const char *image);

#endif
