/* The files that one run is made of. Inside this folder. */
#ifndef LEAKLAB_SHARDS_INSIDE_H
#define LEAKLAB_SHARDS_INSIDE_H

#include "runfile/part.h"
#include "shards/shards.h"

/* One of the files. */
struct source {
	const char *path;
	struct runfile *runfile;
	struct run_part part;
	struct cycles cycles;
	struct captures captures;
	bool finished;
	int64_t first, last; /* times of what it has, by its clock; TIMESTAMP_UNKNOWN: nothing */
	int64_t shift;       /* from its clock to the merged run's */
	int64_t *numbers;    /* of its cycles there, by place in cycles; 0: none */
};

struct sources {
	struct source *items;
	size_t count;
};

/* Opens and checks them: each is part of the one plan, which is among them, none is there twice, and no account in two shards. They are in
 * the order of the run then: before, shards, during, settled. */
bool sources_open(struct sources *out, char *const *paths, size_t count, struct error *error);
void sources_deinit(struct sources *sources);
/* NULL: there is none of this kind. */
struct source *sources_first(const struct sources *sources, enum part_kind kind);

/* Finds each file's shift: to the host's clock, of those that are known to relate to it, where there are several clocks. Where not all are, the
 * host before and after the load is put there. False: memory is out. */
bool sources_align(struct sources *sources, struct shards_summary *summary);

/* Which shards did not come back, and how many cycles with them; and how late the others were. */
bool missing_find(
    const struct sources *sources, struct shards_summary *summary, struct error *error);

/* A time of the file's settings, by the merged run's clock. False: it does not say. */
bool source_time(const struct source *source, const char *key, int64_t *out);

/* The settings of the run: the plan's, but for what is of one file alone; how the parts ended; and what is missing. */
bool settings_put(struct runfile *out, const struct sources *sources,
    const struct shards_summary *summary, struct error *error);

#endif
