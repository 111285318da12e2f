/* Open addressing, at most half full, FNV-1a. */
#include "dump/pdb/name_table.h"

#include <stdlib.h>
#include <string.h>

struct name_entry {
	const char *name; /* NULL: free */
	uint32_t hash, value;
};

static uint32_t hash_of(const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
	return (uint32_t)(hash ^ hash >> 32);
}

bool name_table_init(struct name_table *table, size_t names)
{
	size_t room = 16;
	while (room < names * 2)
		room *= 2;
	struct name_entry *entry = calloc(room, sizeof *entry);
	if (!entry)
		return false;
	*table = (struct name_table){.entry = entry, .room = room};
	return true;
}

void name_table_deinit(struct name_table *table)
{
	free(table->entry);
}

static struct name_entry *place_of(const struct name_table *table, const char *name, uint32_t hash)
{
	size_t place = hash & (table->room - 1);
	while (table->entry[place].name &&
	       (table->entry[place].hash != hash || strcmp(table->entry[place].name, name) != 0))
		place = (place + 1) & (table->room - 1);
	return &table->entry[place];
}

void name_table_add(struct name_table *table, const char *name, uint32_t value)
{
	uint32_t hash = hash_of(name);
	struct name_entry *entry = place_of(table, name, hash);
	if (entry->name || table->used * 2 >= table->room)
		return;
	*entry = (struct name_entry){.name = name, .hash = hash, .value = value};
	table->used++;
}

bool name_table_find(const struct name_table *table, const char *name, uint32_t *value)
{
	if (table->room == 0)
		return false;
	const struct name_entry *entry = place_of(table, name, hash_of(name));
	if (!entry->name)
		return false;
	*value = entry->value;
	return true;
}
