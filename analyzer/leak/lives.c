/* When processes ran: of one that ended, what it held then was not released. */
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/intern.h"
#include "leak/holds.h"

static int by_pid(const void *a, const void *b)
{
	const struct life *left = a, *right = b;
	return (left->pid > right->pid) - (left->pid < right->pid);
}

static bool push(struct life_list *list, const struct life *life)
{
	if (!array_reserve(&list->items, list->count, sizeof *list->items))
		return false;
	list->items[list->count++] = *life;
	return true;
}

static bool keep(struct leak *leak, const char **out, const char *text)
{
	return !text || (*out = intern_string(leak->pool, text, strlen(text)));
}

/* What this sample adds to what is known of it. */
static bool go_on(struct leak *leak, const struct snapshot *sample, struct life *life,
    const struct process *process)
{
	if (life->start_time == TIMESTAMP_UNKNOWN)
		life->start_time = process->start_time;
	life->last = leak->time;
	life->seen = sample->time;
	return keep(leak, &life->image, process->image) &&
	       keep(leak, &life->services, process->services);
}

static bool runs_on(const struct running *running, const struct life *life)
{
	return running_has(running, &(struct hold){.pid = life->pid,
	                                .image = life->image,
	                                .start_time = life->start_time,
	                                .seen = life->seen});
}

static bool begin(struct leak *leak, const struct snapshot *sample, const struct process *process,
    const struct life_list *known, struct life_list *now)
{
	const struct life wanted = {.pid = process->pid};
	struct life life = {.pid = process->pid,
	    .start_time = TIMESTAMP_UNKNOWN,
	    .first = leak->time,
	    .over = TIMESTAMP_UNKNOWN};
	if (process->exited || process->pid == sample->observer_pid ||
	    (known->count && bsearch(&wanted, known->items, known->count, sizeof wanted, by_pid)))
		return true;
	return go_on(leak, sample, &life, process) && push(now, &life);
}

bool lives_add(struct leak *leak, const struct snapshot *sample, const struct running *running)
{
	struct life_list *lives = &leak->holds.lives, now = {0};
	bool good = true;
	for (size_t i = 0; good && i < lives->count; i++) {
		struct life *life = &lives->items[i];
		if (runs_on(running, life)) {
			good = go_on(leak, sample, life, running_find(running, life->pid)) &&
			       push(&now, life);
		} else if (running->whole) {
			life->over = leak->time;
			good = push(&leak->holds.past_lives, life);
		} else {
			good = push(&now, life);
		}
	}
	const struct life_list known = {now.items, now.count};
	struct life_list begun = {0};
	for (size_t i = 0; good && i < running->count; i++)
		good = begin(leak, sample, &running->items[i], &known, &begun);
	for (size_t i = 0; good && i < begun.count; i++)
		good = push(&now, &begun.items[i]);
	if (now.count)
		qsort(now.items, now.count, sizeof *now.items, by_pid);
	free(begun.items);
	free(lives->items);
	*lives = now;
	return good;
}
