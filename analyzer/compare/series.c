/* Series of counts, as they are found one by one. */
#include <stdlib.h>

#include "common/array.h"
#include "compare/inside.h"

struct series *series_add(struct series_set *set, size_t most)
{
	if (!array_reserve(&set->items, set->count, sizeof *set->items))
		return NULL;
	struct series *series = &set->items[set->count];
	*series = (struct series){.x = malloc((most + 1) * sizeof *series->x),
	    .y = malloc((most + 1) * sizeof *series->y)};
	set->count++;
	return series->x && series->y ? series : NULL;
}

void series_set_deinit(struct series_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		free(set->items[i].x);
		free(set->items[i].y);
	}
	free(set->items);
}
