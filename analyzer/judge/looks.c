/* What two observers saw is never added up: one may have seen better, and both the same. */
#include "judge/looks.h"

#include <stdlib.h>

static bool fits_handles(const struct capture *capture)
{
	return capture->shows_handles;
}

static bool fits_processes(const struct capture *capture)
{
	return capture->shows_processes;
}

static bool whole_handles(const struct capture *capture)
{
	return capture->handles_whole;
}

static bool whole_processes(const struct capture *capture)
{
	return capture->processes_whole;
}

static bool has(const struct looks *looks, const char *observer)
{
	for (size_t i = 0; i < looks->count; i++)
		if (samples_same_observer(looks->items[i].handles.observer, observer))
			return true;
	return false;
}

bool looks_choose(struct looks *looks, const struct evidence *evidence, int64_t slots)
{
	const struct captures *captures = &evidence->captures;

	*looks = (struct looks){.items = calloc(captures->count + 1, sizeof *looks->items)};
	if (!looks->items)
		return false;
	for (size_t i = 0; i < captures->count; i++) {
		const struct capture *capture = &captures->items[i];
		struct look *look = &looks->items[looks->count];
		if (!(fits_handles(capture) || fits_processes(capture)) ||
		    has(looks, capture->observer))
			continue;
		looks->count++;
		if (!samples_choose(&look->handles, evidence, capture->observer, slots,
		        fits_handles, whole_handles) ||
		    !samples_choose(&look->processes, evidence, capture->observer, slots,
		        fits_processes, whole_processes))
			return false;
	}
	return true;
}

void looks_deinit(struct looks *looks)
{
	for (size_t i = 0; i < looks->count; i++) {
		samples_deinit(&looks->items[i].handles);
		samples_deinit(&looks->items[i].processes);
	}
	free(looks->items);
	*looks = (struct looks){0};
}

const struct samples *looks_with_handles(const struct looks *looks, int64_t capture, size_t *place)
{
	for (size_t i = 0; i < looks->count; i++)
		if (samples_place(&looks->items[i].handles, capture, place))
			return &looks->items[i].handles;
	return NULL;
}

const struct samples *looks_with_processes(
    const struct looks *looks, int64_t capture, size_t *place)
{
	for (size_t i = 0; i < looks->count; i++)
		if (samples_place(&looks->items[i].processes, capture, place))
			return &looks->items[i].processes;
	return NULL;
}
