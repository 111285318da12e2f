/* What is known of the table that a text is in, from its heading on. */
#include "readers/table.h"

#include <stdlib.h>
#include <string.h>

#include "readers/counter_list.h"

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
	table->within = NULL;
	table->quoted = reading->quoted;
	table->pending.length = 0;
	for (size_t i = 0; i < binding.count; i++) {
		if (binding.sources[i]->target->begin)
			binding.sources[i]->target->begin(reading, &table->names);
	}
	return !*failed;
}

size_t table_torn(const struct reading *reading, const struct span *cells, size_t count)
{
	while (count && !cells[count - 1].length)
		count--;
	return reading->torn && count ? count - 1 : SIZE_MAX;
}

enum taken table_take(struct reading *reading, const struct row *row)
{
	return binding_take(reading, &reading->table->binding, row);
}

static bool are_same(const struct names *names, const struct span *items, size_t count)
{
	for (size_t i = 0; i < count && names->count == count; i++) {
		const struct span *name = &names->items[i];
		if (name->length != items[i].length ||
		    memcmp(name->text, items[i].text, name->length) != 0)
			return false;
	}
	return names->count == count;
}

/* What the object may be, by its names. NULL: memory is out. */
static const struct binding *binding_of(struct table *table, const struct span *items, size_t count)
{
	for (size_t i = 0; i < KNOWN_NAMES; i++) {
		if (are_same(&table->known[i].names, items, count))
			return &table->known[i].binding;
	}
	struct known_names *known = &table->known[table->known_next++ % KNOWN_NAMES];
	if (!names_set(&known->names, items, count))
		return NULL;
	binding_find(&known->binding, &known->names);
	return &known->binding;
}

/* A list of objects of one source is one table. */
static void begin_object(
    struct reading *reading, const struct binding *binding, const struct span *names, size_t count)
{
	struct table *table = reading->table;
	const struct names all = {.items = (struct span *)names, .count = count};
	const bool same = table->binding.count && binding->sources[0] == table->binding.sources[0];
	table->binding = *binding;
	for (size_t i = 0; !same && i < binding->count; i++) {
		if (binding->sources[i]->target->begin)
			binding->sources[i]->target->begin(reading, &all);
	}
}

enum taken table_object(struct reading *reading, const struct span *names, const struct row *row)
{
	const struct binding *binding = binding_of(reading->table, names, row->count);
	if (!binding)
		return TAKEN_FAILED;
	if (!binding->count)
		return TAKEN_NOT;
	begin_object(reading, binding, names, row->count);
	const enum taken taken = table_take(reading, row);
	if (taken == TAKEN_ROW)
		reading->table->within = NULL;
	return taken;
}

void table_leave(struct reading *reading)
{
	if (reading->table->within)
		reading->current = reading->table->within;
	reading->table->within = NULL;
}

static const struct section_reader *section_of(const struct binding *binding, size_t source)
{
	return binding->sources[source]->target->section;
}

void table_unread(struct reading *reading, struct span line)
{
	const struct binding *binding = &reading->table->binding;
	const struct line_format *within = reading->table->within;
	if (within && within->section)
		within->section->unread(reading, line);
	for (size_t i = 0; i < binding->count; i++) {
		const struct section_reader *section = section_of(binding, i);
		bool told = within && within->section == section;
		for (size_t j = 0; j < i; j++)
			told |= section_of(binding, j) == section;
		if (!told)
			section->unread(reading, line);
	}
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
	for (size_t i = 0; i < KNOWN_NAMES; i++)
		names_deinit(&table->known[i].names);
	free(table->cells);
	free(table->pending.text);
	free(table->scratch.text);
	counter_list_destroy(table->counters);
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
	(void)ends;
	return counter_list_finish(reading->table->counters, reading->snapshot);
}

const struct section_reader section_tables = {
    .create = create,
    .destroy = destroy,
    .unread = table_unread,
    .cuts = cuts,
    .finish = finish,
};
