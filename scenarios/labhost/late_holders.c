/* Knows which handle is due first. */
#include "labhost/model_parts.h"

#include "labhost/memory.h"

static void put(struct late_holders *holders, size_t place, struct nt_handle *handle)
{
	holders->heap[place] = handle;
	handle->place = place;
}

static void rise(struct late_holders *holders, size_t place, struct nt_handle *handle)
{
	while (place > 0 && handle->due < holders->heap[(place - 1) / 2]->due) {
		put(holders, place, holders->heap[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	put(holders, place, handle);
}

static void sink(struct late_holders *holders, size_t place, struct nt_handle *handle)
{
	for (;;) {
		size_t child = 2 * place + 1;

		if (child + 1 < holders->count &&
		    holders->heap[child + 1]->due < holders->heap[child]->due)
			child++;
		if (child >= holders->count || handle->due <= holders->heap[child]->due)
			break;
		put(holders, place, holders->heap[child]);
		place = child;
	}
	put(holders, place, handle);
}

void late_holders_deinit(struct late_holders *holders)
{
	free(holders->heap);
	*holders = (struct late_holders){0};
}

void late_holders_add(struct late_holders *holders, struct nt_handle *handle, int64_t due)
{
	if (holders->count == holders->room) {
		holders->room = holders->room ? 2 * holders->room : 64;
		holders->heap =
		    memory_resized(holders->heap, holders->room, sizeof(struct nt_handle *));
	}
	handle->due = due;
	rise(holders, holders->count++, handle);
}

void late_holders_remove(struct late_holders *holders, struct nt_handle *handle)
{
	const size_t place = handle->place;
	struct nt_handle *last = holders->heap[--holders->count];

	if (last == handle)
		return;
	if (place > 0 && last->due < holders->heap[(place - 1) / 2]->due)
		rise(holders, place, last);
	else
		sink(holders, place, last);
}

struct nt_handle *late_holders_first(const struct late_holders *holders)
{
	return holders->count ? holders->heap[0] : NULL;
}
