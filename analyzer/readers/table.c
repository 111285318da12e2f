/* What is known of the table that a text is in, from its heading on. */
#include "readers/table.h"

#include <stdlib.h>
#include <string.h>

#include "readers/list_block.h"

bool table_begin(struct reading *reading, const struct span *items, size_t count, bool *failed)
{
	struct table *table = reading->table;
	const struct names names = {.items = (struct span *)items, .count = count};
	struct binding binding;
	if (!binding_find(&binding, &names))
		return false;
	free(table->cells);
	table->cells = calloc(count + 1, sizeof *table->cells);
	*failed = !table->cells || !names_set(&table->names, items, count);
	table->binding = binding;
	table->pending.length = 0;
	for (size_t i = 0; i < binding.count; i++) {
		if (binding.sources[i]->target->begin)
			binding.sources[i]->target->begin(reading, &table->names);
	}
	return !*failed;
}

enum taken table_take(struct reading *reading, const struct span *cells, const bool *doubtful,
    size_t count, int64_t line)
{
	const struct row row = {.cells = cells, .doubtful = doubtful, .count = count, .line = line};
	return binding_take(reading, &reading->table->binding, &row);
}

void table_unread(struct reading *reading, struct span line)
{
	const struct binding *binding = &reading->table->binding;
	for (size_t i = 0; i < binding->count; i++)
		binding->sources[i]->target->section->unread(reading, line);
}

static bool create(struct reading *reading)
{
	reading->table = calloc(1, sizeof *reading->table);
	return reading->table;
}

static void destroy(struct reading *reading)
{
	struct table *table = reading->table;
	if (!table)
		return;
	names_deinit(&table->names);
	list_block_destroy(table->block);
	free(table->cells);
	free(table->pending.text);
	free(table->scratch.text);
	free(table);
}

/* A row that goes on behind the end of the text was cut; so may be one that ends there. */
static bool cuts(struct reading *reading, bool held)
{
	return held || reading->table->pending.length > 0;
}

/* The other sections have said what was seen of them. */
static bool finish(struct reading *reading, bool ends)
{
	(void)reading;
	(void)ends;
	return true;
}

const struct section_reader section_tables = {
    .create = create,
    .destroy = destroy,
    .unread = table_unread,
    .cuts = cuts,
    .finish = finish,
};
