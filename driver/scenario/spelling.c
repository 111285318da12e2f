/* Knows which key somebody meant who wrote one that there is not: one that is written alike, or the same one of another part. */
#include <stdio.h>
#include <string.h>

#include "common/suggest.h"
#include "driver/scenario/check.h"

/* Calls visit for each key at and below a value, with the path of its map; its false ends the visit. */
static bool visit_value(const cyaml_schema_value_t *value, const char *path,
    bool (*visit)(void *data, const char *path, const char *key), void *data)
{
	char below[KEY_TEXT];

	if (value->type == CYAML_SEQUENCE) {
		snprintf(below, sizeof(below), "%s.0", path);
		return visit_value(value->sequence.entry, below, visit, data);
	}
	if (value->type != CYAML_MAPPING)
		return true;
	for (const cyaml_schema_field_t *field = value->mapping.fields; field->key; field++)
		if (!visit(data, path, field->key))
			return false;
	for (const cyaml_schema_field_t *field = value->mapping.fields; field->key; field++) {
		snprintf(below, sizeof(below), "%s%s%s", path, *path ? "." : "", field->key);
		if (!visit_value(&field->value, below, visit, data))
			return false;
	}
	return true;
}

static bool is_other(void *data, const char *path, const char *key)
{
	char whole[2 * KEY_TEXT];

	snprintf(whole, sizeof(whole), "%s%s%s", path, *path ? "." : "", key);
	return strcmp(data, whole) != 0;
}

bool spelling_known(const char *path)
{
	return !visit_value(&scenario_schema, "", is_other, (void *)path);
}

struct search {
	struct suggestion suggestion;
	const char *parent;
	char *out;
};

/* The path with numbers of entries as 0, as visits have it. */
static bool is_same_map(const char *path, const char *with_numbers)
{
	while (*path && *with_numbers) {
		const size_t digits = *path == '0' ? strspn(with_numbers, "0123456789") : 0;
		if (digits == 0 && *path != *with_numbers)
			return false;
		with_numbers += digits ? digits : 1;
		path++;
	}
	return *path == *with_numbers;
}

static void offer(struct search *search, const char *path, const char *key)
{
	const char *before = search->suggestion.closest;

	suggest_offer(&search->suggestion, key);
	if (search->suggestion.closest != before)
		snprintf(search->out, KEY_TEXT, "%s%s%s", path, *path ? "." : "", key);
}

/* Of keys that are as close, those of the same map come first. */
static bool offer_sibling(void *data, const char *path, const char *key)
{
	struct search *search = data;

	if (is_same_map(path, search->parent))
		offer(search, search->parent, key);
	return true;
}

static bool offer_any(void *data, const char *path, const char *key)
{
	offer(data, path, key);
	return true;
}

bool spelling_closest(const char *parent, const char *name, char out[KEY_TEXT])
{
	struct search search = {.parent = parent, .out = out};

	suggest_begin(&search.suggestion, name);
	visit_value(&scenario_schema, "", offer_sibling, &search);
	visit_value(&scenario_schema, "", offer_any, &search);
	return search.suggestion.closest;
}
