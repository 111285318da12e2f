/* How what one run file has gets into another. For those who make one run of several files. */
#ifndef LEAKLAB_APPEND_H
#define LEAKLAB_APPEND_H

#include "runfile/runfile.h"

/* All that is written between the two is durable at once, or not at all. */
bool runfile_begin(struct runfile *runfile, struct error *error);
bool runfile_commit(struct runfile *runfile, struct error *error);

/* Calls visit for each setting. Its false ends it. */
bool runfile_settings(struct runfile *runfile,
    bool (*visit)(void *data, const char *key, const char *value), void *data, struct error *error);

/* Where what was taken from a file stands in the other. */
struct placing {
	int64_t shift;              /* is added to times that are its writer's: microseconds */
	int64_t rounds[MARK_COUNT]; /* are added to the rounds of each mark */
	/* The number that a cycle of the file has in the other; 0: none. */
	int64_t (*number)(const void *data, int64_t cycle);
	/* How many cycles were finished at a time by the other's clock. */
	int64_t (*finished)(const void *data, int64_t time);
	const char *speaker; /* is set before the text of each event; NULL: nothing is */
	const void *data;
};

/* Captures with what was read of them, as they are. */
bool runfile_append_captures(
    struct runfile *out, struct runfile *from, const struct placing *placing, struct error *error);
bool runfile_append_events(
    struct runfile *out, struct runfile *from, const struct placing *placing, struct error *error);
/* Reconnects, and what commands printed, of the file's cycles. */
bool runfile_append_details(struct runfile *out, struct runfile *from, const struct cycles *cycles,
    const struct placing *placing, struct error *error);

#endif
