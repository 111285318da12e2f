/* Names outlive the line that they stand in. */
#include <stdlib.h>
#include <string.h>

#include "readers/row.h"

void names_deinit(struct names *names)
{
	free(names->items);
	free(names->text);
	*names = (struct names){0};
}

bool names_set(struct names *names, const struct span *items, size_t count)
{
	struct names own = {.count = count};
	size_t length = 0;
	for (size_t i = 0; i < count; i++)
		length += items[i].length;
	own.items = calloc(count + 1, sizeof *own.items);
	char *text = own.text = malloc(length + 1);
	if (!own.items || !text) {
		names_deinit(&own);
		names_deinit(names);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (items[i].length)
			memcpy(text, items[i].text, items[i].length);
		own.items[i] = (struct span){text, items[i].length};
		text += items[i].length;
	}
	names_deinit(names);
	*names = own;
	return true;
}
