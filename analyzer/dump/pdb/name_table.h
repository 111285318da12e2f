/* From a name to a number. */
#ifndef LEAKLAB_NAME_TABLE_H
#define LEAKLAB_NAME_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct name_table {
	struct name_entry *entry;
	size_t room, used; /* room: a power of two */
};

/* Room for this many names. False: out of memory. */
bool name_table_init(struct name_table *table, size_t names);
void name_table_deinit(struct name_table *table);

/* The first of several equal names stays. The name is not copied. No more names than there is room for. */
void name_table_add(struct name_table *table, const char *name, uint32_t value);
bool name_table_find(const struct name_table *table, const char *name, uint32_t *value);

#endif
