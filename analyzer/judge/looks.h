/* Where each observer looked. Inside this folder. */
#ifndef LEAKLAB_LOOKS_H
#define LEAKLAB_LOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "judge/evidence.h"
#include "judge/samples.h"

/* Of one observer. */
struct look {
	struct samples handles, processes;
};

struct looks {
	struct look *items;
	size_t count;
};

/* slots: how many cycles ran at a time. False only when memory is out. The caller calls looks_deinit() in any case. */
bool looks_choose(struct looks *looks, const struct evidence *evidence, int64_t slots);
void looks_deinit(struct looks *looks);

/* The samples that the capture is one of, and its place in them; NULL: it was not chosen. */
const struct samples *looks_with_handles(const struct looks *looks, int64_t capture, size_t *place);
const struct samples *looks_with_processes(
    const struct looks *looks, int64_t capture, size_t *place);

#endif
