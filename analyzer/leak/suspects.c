/* Who may hold what is left though it is not seen: token handles that nobody could look into, and exited processes of which nobody
 * knows whose they were. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "leak/leak.h"

static int by_process(const void *a, const void *b)
{
	const struct suspect *left = a, *right = b;
	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	return strcasecmp(left->image ? left->image : "", right->image ? right->image : "");
}

static int64_t most(const struct suspect *suspect)
{
	return suspect->hidden > suspect->exited ? suspect->hidden : suspect->exited;
}

static int most_first(const void *a, const void *b)
{
	const struct suspect *left = a, *right = b;
	if (most(left) != most(right))
		return most(left) > most(right) ? -1 : 1;
	return by_process(a, b);
}

/* Adds the sample's handles, or takes them away. False: memory is out. */
static bool count(struct suspects *found, const struct snapshot *sample, int64_t sign)
{
	struct suspect *larger =
	    reallocarray(found->items, found->count + sample->handle_count + 1, sizeof *larger);
	if (!larger)
		return false;
	found->items = larger;
	for (size_t i = 0; i < sample->handle_count; i++) {
		const struct handle *handle = &sample->handles[i];
		if (handle->luid != LUID_UNKNOWN)
			continue;
		const bool hidden = handle_is_hidden(handle);
		const bool exited =
		    handle->target_pid != NUMBER_UNKNOWN && handle->session_id == NUMBER_UNKNOWN;
		if (hidden || exited)
			larger[found->count++] = (struct suspect){
			    handle->image, handle->pid, hidden ? sign : 0, exited ? sign : 0};
	}
	return true;
}

bool suspects_find(struct suspects *out, const struct snapshot *then, const struct snapshot *now)
{
	struct suspects found = {0};
	size_t kept = 0, gained = 0;
	if (!count(&found, now, 1) || (then && !count(&found, then, -1))) {
		free(found.items);
		return false;
	}
	if (found.count)
		qsort(found.items, found.count, sizeof *found.items, by_process);
	for (size_t i = 0; i < found.count; i++) {
		struct suspect *last = kept ? &found.items[kept - 1] : NULL;
		if (last && by_process(last, &found.items[i]) == 0) {
			last->hidden += found.items[i].hidden;
			last->exited += found.items[i].exited;
		} else {
			found.items[kept++] = found.items[i];
		}
	}
	for (size_t i = 0; i < kept; i++) {
		if (most(&found.items[i]) > 0)
			found.items[gained++] = found.items[i];
	}
	found.count = gained;
	if (gained)
		qsort(found.items, gained, sizeof *found.items, most_first);
	*out = found;
	return true;
}

void suspects_deinit(struct suspects *suspects)
{
	free(suspects->items);
	*suspects = (struct suspects){0};
}
