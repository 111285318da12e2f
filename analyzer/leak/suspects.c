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
	order = order ? order : number_order(left->pid, right->pid);
	order = order ? order : number_order(left->sign, right->sign);
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

/* What a process has now and had before, of one kind. */
struct tally {
	int64_t now, before;
};

static int64_t gain_of(const struct tally *tally, int64_t *ended)
{
	const int64_t gain = tally->now - tally->before;
	int64_t inherited = 0;
	/* Started since: it may be what another process with its image was before. */
	if (gain > 0 && tally->before == 0)
		inherited = gain < *ended ? gain : *ended;
	*ended -= inherited;
	return gain > inherited ? gain - inherited : 0;
}

/* Of one process, its handles in a row. Returns how many those are. */
static size_t tally_process(
    struct tally *hidden, struct tally *exited, const struct seen *seen, size_t count)
{
	size_t at = 0;
	*hidden = *exited = (struct tally){0};
	for (; at < count && seen[at].pid == seen[0].pid; at++) {
		struct tally *tally = seen[at].target == NUMBER_UNKNOWN ? hidden : exited;
		/* An exited process counts once for each that keeps it. */
		if (at > 0 && tally == exited && seen_order(&seen[at - 1], &seen[at]) == 0)
			continue;
		*(seen[at].sign > 0 ? &tally->now : &tally->before) += 1;
	}
	return at;
}

/* Of one image, its processes in a row: what those had that have none any more is of those that had none before. Returns how many
 * gained. */
static size_t sum_up_image(struct suspect *out, const struct seen *seen, size_t count)
{
	struct tally hidden, exited;
	int64_t ended_hidden = 0, ended_exited = 0;
	size_t found = 0;
	for (size_t i = 0; i < count;) {
		i += tally_process(&hidden, &exited, seen + i, count - i);
		ended_hidden += hidden.now ? 0 : hidden.before;
		ended_exited += exited.now ? 0 : exited.before;
	}
	for (size_t i = 0; i < count;) {
		const struct seen *first = &seen[i];
		i += tally_process(&hidden, &exited, first, count - i);
		const struct suspect suspect = {first->image, first->pid,
		    gain_of(&hidden, &ended_hidden), gain_of(&exited, &ended_exited)};
		if (most(&suspect) > 0)
			out[found++] = suspect;
	}
	return found;
}

static size_t sum_up(struct suspect *out, const struct seen *seen, size_t count)
{
	size_t found = 0, end;
	for (size_t i = 0; i < count; i = end) {
		for (end = i + 1; end < count && text_order(seen[end].image, seen[i].image) == 0;
		     end++)
			;
		found += sum_up_image(out + found, seen + i, end - i);
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
	gained = sum_up(items, seen, count);
	free(seen);
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
