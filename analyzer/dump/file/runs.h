/* Runs of page frames whose pages lie one after the other in the file. */
#ifndef LEAKLAB_DUMP_RUNS_H
#define LEAKLAB_DUMP_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct runs;

/* The first run's first page lies at first_offset. */
struct runs *runs_create(uint64_t first_offset);
void runs_destroy(struct runs *runs); /* NULL is allowed */

/* In the order of the file. False if the run is impossible, or memory is out. */
bool runs_add(struct runs *runs, uint64_t base, uint64_t count, struct error *error);
/* After the last one. False if runs overlap. */
bool runs_sort(struct runs *runs, struct error *error);

bool runs_find(const struct runs *runs, uint64_t pfn, uint64_t *offset);
void runs_extent(
    const struct runs *runs, uint64_t *pages, uint64_t *first_offset, uint64_t *highest);

#endif
