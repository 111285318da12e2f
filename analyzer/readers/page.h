/* What a paste has that no tool printed. Inside this folder. */
#ifndef LEAKLAB_PAGE_H
#define LEAKLAB_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "readers/lines.h"

struct page {
	char *buffers[2]; /* the line before stays valid */
	size_t sizes[2];
	int turn;
};

void page_deinit(struct page *page);
/* The line as the tool printed it, valid until the call after the next; empty if there is nothing of a tool in it. False only when
 * memory is out. */
bool page_line(struct page *page, struct span line, struct span *out);
/* The text without what stands around all of it. */
struct span page_inside(struct span text);

#endif
