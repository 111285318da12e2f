/* Who may hold what is left though it is not seen: token handles that nobody could look into, and exited processes of which nobody
 * knows whose they were. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "leak/leak.h"

/* A handle, +1 at the later moment and -1 at the earlier. */
struct seen {
	const char *image;
	int64_t pid;
	int64_t
	    target; /* the exited process; NUMBER_UNKNOWN: a handle that could not be looked into */
	int sign;
};

static int text_order(const char *a, const char *b)
{
	return a == b ? 0 : strcasecmp(a ? a : "", b ? b : "");
}

static int number_order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* By image, then by process; what is of one exited process is together. */
static int seen_order(const void *a, const void *b)
{
	const struct seen *left = a, *right = b;
	int order = text_order(left->image, right->image);
	order = order ? order : number_order(left->sign, right->sign);
	order = order ? order : number_order(left->pid, right->pid);
	return order ? order : number_order(left->target, right->target);
}

static int64_t most(const struct suspect *suspect)
{
	return suspect->hidden > suspect->exited ? suspect->hidden : suspect->exited;
}

static int most_first(const void *a, const void *b)
{
	const struct suspect *left = a, *right = b;
	const int order = number_order(most(right), most(left));
	return order ? order : number_order(left->pid, right->pid);
}

/* Adds the sample's handles. Returns how many. */
static size_t collect(struct seen *out, const struct snapshot *sample, int sign)
{
	size_t count = 0;
	for (size_t i = 0; i < sample->handle_count; i++) {
		const struct handle *handle = &sample->handles[i];
		if (handle->luid != LUID_UNKNOWN)
			continue;
		const bool exited =
		    handle->session_id == NUMBER_UNKNOWN && handle_keeps_exited(handle);
		if (!exited && !handle_is_hidden(handle))
			continue;
		out[count] = (struct seen){handle->image, handle->pid, handle->target_pid, sign};
		if (exited && handle->target_pid == NUMBER_UNKNOWN)
			out[count].target =
			    INT64_MAX - (int64_t)i; /* none is known to be another */
		count++;
	}
	return count;
}

/* Sorted, so that those of the earlier moment come first: they are taken from what the processes with that image have now, as it may
 * have been started again since. An exited process counts once for each that keeps it. */
static size_t sum_up(struct suspect *out, const struct seen *seen, size_t count)
{
	size_t found = 0;
	int64_t hidden = 0, exited = 0;
	for (size_t i = 0; i < count; i++) {
		const struct seen *now = &seen[i], *last = i ? now - 1 : NULL;
		if (!last || text_order(last->image, now->image) != 0)
			hidden = exited = 0;
		if (last && seen_order(last, now) == 0 && now->target != NUMBER_UNKNOWN)
			continue;
		if (now->sign < 0) {
			hidden += now->target == NUMBER_UNKNOWN;
			exited += now->target != NUMBER_UNKNOWN;
			continue;
		}
		if (found == 0 || out[found - 1].pid != now->pid ||
		    text_order(out[found - 1].image, now->image) != 0)
			out[found++] = (struct suspect){now->image, now->pid, 0, 0};
		int64_t *before = now->target == NUMBER_UNKNOWN ? &hidden : &exited;
		if (*before > 0)
			--*before;
		else if (now->target == NUMBER_UNKNOWN)
			out[found - 1].hidden++;
		else
			out[found - 1].exited++;
	}
	return found;
}

bool suspects_find(struct suspects *out, const struct snapshot *then, const struct snapshot *now)
{
	size_t count = now->handle_count + (then ? then->handle_count : 0), gained = 0;
	struct seen *seen = malloc((count + 1) * sizeof *seen);
	struct suspect *items = NULL;
	if (seen) {
		count = collect(seen, now, 1);
		count += then ? collect(seen + count, then, -1) : 0;
		if (count)
			qsort(seen, count, sizeof *seen, seen_order);
		items = malloc((count + 1) * sizeof *items);
	}
	if (!items) {
		free(seen);
		return false;
	}
	count = sum_up(items, seen, count);
	free(seen);
	for (size_t i = 0; i < count; i++) {
		if (most(&items[i]) > 0)
			items[gained++] = items[i];
	}
	if (gained)
		qsort(items, gained, sizeof *items, most_first);
	*out = (struct suspects){items, gained, then != NULL};
	return true;
}

void suspects_deinit(struct suspects *suspects)
{
	free(suspects->items);
	*suspects = (struct suspects){0};
}
