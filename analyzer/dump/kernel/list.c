/* Each entry's back link must lead to where we came from: that tells a list that was changed or overwritten from one that is
 * whole, and finds most loops at once. Brent's algorithm finds the rest. */
#include "dump/kernel/list.h"

#include "dump/little_endian.h"

static void fail(struct list *list, unsigned reason, const char *what, uint64_t where)
{
	if (list->broken)
		return; /* the first reason counts */
	list->broken = true;
	list->reason = reason;
	list->what = what;
	list->where = where;
}

/* Both links of an entry, checked. */
static bool read_links(struct list *list, uint64_t entry, uint64_t *flink, uint64_t *blink)
{
	struct memory_fault fault;
	uint8_t bytes[16];
	if (entry & 7) {
		fail(list, MEMORY_STATES, "is not aligned", entry);
		return false;
	}
	if (address_space_is_kernel(list->space, entry) != list->kernel || entry < 0x10000) {
		fail(list, MEMORY_STATES,
		    list->kernel ? "lies outside the kernel" : "lies outside the process", entry);
		return false;
	}
	if (!address_space_read(list->space, entry, bytes, sizeof bytes, &fault)) {
		fail(list, fault.state, "cannot be read", fault.address);
		return false;
	}
	*flink = load64(bytes);
	*blink = load64(bytes + 8);
	return true;
}

void list_begin(
    struct list *list, struct address_space *space, uint64_t head, bool kernel, uint64_t most)
{
	uint64_t blink;
	*list = (struct list){.space = space,
	    .head = head,
	    .at = head,
	    .next = head,
	    .power = 1,
	    .most = most,
	    .kernel = kernel};
	if (!read_links(list, head, &list->next, &blink))
		list->next = head;
}

/* Goes on from the list's other end. False if that is broken too. */
static bool turn(struct list *list)
{
	uint64_t flink, blink;
	bool was_broken = list->broken;
	if (list->backward || !was_broken)
		return false;
	list->backward = true;
	list->farthest = list->at;
	if (!read_links(list, list->head, &flink, &blink))
		return false;
	list->at = list->head;
	list->next = blink;
	list->anchor = 0;
	list->power = 1;
	list->steps = 0;
	return true;
}

static bool is_cycle(struct list *list, uint64_t entry)
{
	if (entry == list->anchor)
		return true;
	if (list->steps == list->power) {
		list->anchor = entry;
		list->power *= 2;
		list->steps = 0;
	}
	list->steps++;
	return false;
}

static bool step(struct list *list, uint64_t *entry)
{
	uint64_t flink, blink, at = list->next;
	if (list->most == 0) {
		fail(list, MEMORY_STATES, "has more entries than fit into the dump", list->head);
		return false;
	}
	if (!read_links(list, at, &flink, &blink)) {
		list->one_lost =
		    list->backward && list->reason != MEMORY_STATES && at == list->lost;
		list->lost = at;
		return false;
	}
	if ((list->backward ? flink : blink) != list->at) {
		fail(list, MEMORY_STATES, "does not link back to the one before it", at);
		return false;
	}
	if (is_cycle(list, at)) {
		fail(list, MEMORY_STATES, "loops", at);
		return false;
	}
	list->most--;
	list->at = at;
	list->next = list->backward ? blink : flink;
	*entry = at;
	return true;
}

enum list_step list_next(struct list *list, uint64_t *entry)
{
	for (;;) {
		if (list->backward && list->next == list->farthest) {
			/* A head of which one link is bad, and the other says that there is nothing, proves nothing. */
			list->joined = list->at != list->head || list->farthest != list->head;
			return LIST_END;
		}
		if (list->next == list->head && !(list->broken && !list->backward))
			return LIST_END;
		if (list->next != list->head && step(list, entry))
			return LIST_ENTRY;
		if (!turn(list))
			return LIST_END;
	}
}
