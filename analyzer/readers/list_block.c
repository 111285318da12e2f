/* Lines outlive the text's own copy of them: an object is known only when its last line is there. */
#include "readers/list_block.h"

#include <stdlib.h>
#include <string.h>

#include "common/array.h"

void list_block_destroy(struct list_block *block)
{
	if (!block)
		return;
	free(block->text.text);
	free(block->items);
	free(block);
}

bool list_block_add(struct list_block *block, struct span line, const char *mark, int64_t number)
{
	const struct span name = span_trim((struct span){line.text, (size_t)(mark - line.text)});
	const size_t at = (size_t)(mark - line.text) + 1;
	const struct span value = span_trim(span_from(line, at));
	if (!array_reserve(&block->items, block->count, sizeof *block->items))
		return false;
	struct property *property = &block->items[block->count++];
	*property = (struct property){.name = block->text.length,
	    .name_length = name.length,
	    .value = block->text.length + name.length,
	    .value_length = value.length,
	    .column = value.length ? (size_t)(value.text - line.text) : SIZE_MAX,
	    .line = number};
	return buffer_add(&block->text, name.text, name.length) &&
	       buffer_add(&block->text, value.text, value.length);
}

struct span list_block_text(const struct list_block *block, size_t at, size_t length)
{
	return (struct span){block->text.text + at, length};
}

bool list_block_has(const struct list_block *block, struct span name)
{
	for (size_t i = 0; i < block->count; i++) {
		const struct property *item = &block->items[i];
		if (item->name_length == name.length &&
		    strncasecmp(block->text.text + item->name, name.text, name.length) == 0)
			return true;
	}
	return false;
}
