#include "dump/answer/luid_order.h"

#include <stdlib.h>

#include "common/timestamp.h"
#include "evidence/identity.h"

/* A process's token is made a moment before it, and may be exchanged a moment later. */
#define SLACK INT64_C(60000000)

static bool has_id(const struct kernel_token *token)
{
	return token->is_read && token->id > 0 && token->id <= INT64_MAX;
}

static int by_luid(const void *a, const void *b)
{
	const struct luid_mark *left = a, *right = b;
	return (left->luid > right->luid) - (left->luid < right->luid);
}

static void find_before(struct luid_order *out, const struct kernel *kernel)
{
	for (uint32_t i = 0; i < kernel->process_count; i++) {
		const struct kernel_process *process = &kernel->processes[i];
		if (process->is_alive && process->created != TIMESTAMP_UNKNOWN &&
		    process->primary != KERNEL_NONE && has_id(&kernel->tokens[process->primary]))
			out->before[out->before_count++] = (struct luid_mark){
			    kernel->tokens[process->primary].id, process->created};
	}
	if (out->before_count)
		qsort(out->before, out->before_count, sizeof *out->before, by_luid);
	/* What is below one mark is below all higher ones too. */
	for (uint32_t i = out->before_count; i-- > 1;)
		if (out->before[i].time < out->before[i - 1].time)
			out->before[i - 1].time = out->before[i].time;
}

static void find_after(struct luid_order *out, const struct kernel *kernel)
{
	for (uint32_t i = 0; i < kernel->token_count; i++) {
		const struct kernel_token *token = &kernel->tokens[i];
		if (!token->creator_image || !has_id(token))
			continue;
		const uint32_t creator =
		    kernel_find_creator(kernel, token->creator_pid, token->creator_image);
		if (creator != KERNEL_NONE &&
		    kernel->processes[creator].created != TIMESTAMP_UNKNOWN)
			out->after[out->after_count++] =
			    (struct luid_mark){token->id, kernel->processes[creator].created};
	}
	if (out->after_count)
		qsort(out->after, out->after_count, sizeof *out->after, by_luid);
	for (uint32_t i = 1; i < out->after_count; i++)
		if (out->after[i].time < out->after[i - 1].time)
			out->after[i].time = out->after[i - 1].time;
}

/* How many marks there are below the LUID; with `same`, or at it. */
static uint32_t count_below(const struct luid_mark *marks, uint32_t count, uint64_t luid, bool same)
{
	uint32_t low = 0;
	while (low < count) {
		const uint32_t middle = low + (count - low) / 2;
		if (marks[middle].luid < luid || (same && marks[middle].luid == luid))
			low = middle + 1;
		else
			count = middle;
	}
	return low;
}

bool luid_order_init(struct luid_order *out, const struct kernel *kernel)
{
	*out =
	    (struct luid_order){.before = calloc(kernel->process_count + 1u, sizeof *out->before),
	        .after = calloc(kernel->token_count + 1u, sizeof *out->after)};
	if (!out->before || !out->after)
		return false;
	find_before(out, kernel);
	find_after(out, kernel);
	for (uint32_t i = 0; i < out->before_count; i++) {
		const uint32_t below =
		    count_below(out->after, out->after_count, out->before[i].luid, true);
		out->contradicted |=
		    below > 0 && out->after[below - 1].time > out->before[i].time + SLACK;
	}
	return true;
}

void luid_order_deinit(struct luid_order *order)
{
	free(order->before);
	free(order->after);
}

/* LUIDs of the system itself are the same on every host, and of no counter. */
struct luid_bounds luid_order_bounds(const struct luid_order *order, uint64_t luid)
{
	struct luid_bounds bounds = {TIMESTAMP_UNKNOWN, TIMESTAMP_UNKNOWN};
	if (order->contradicted || luid_is_lasting(luid))
		return bounds;
	const uint32_t below = count_below(order->after, order->after_count, luid, false),
	               above = count_below(order->before, order->before_count, luid, true);
	if (below > 0)
		bounds.after = order->after[below - 1].time;
	if (above < order->before_count)
		bounds.before = order->before[above].time;
	if (bounds.after != TIMESTAMP_UNKNOWN && bounds.before != TIMESTAMP_UNKNOWN &&
	    bounds.after > bounds.before)
		bounds.after = bounds.before;
	return bounds;
}
