/* Knows of which kind each value of a scenario must be, and in which words one that is not is refused. libcyaml, which loads them, takes
 * some for others in silence ("010", "maybe") and speaks of C's types. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/suggest.h"
#include "driver/scenario/check.h"

#define SHOWN_MOST 80 /* bytes of a value */

static bool check_value(
    const struct check *check, const char *path, const cyaml_schema_value_t *schema, int node);

static const char *join(char out[KEY_TEXT], const char *path, const char *key)
{
	snprintf(out, KEY_TEXT, "%s%s%s", path, *path ? "." : "", key);
	return out;
}

/* "cycles, decided" */
static const char *list_words(const cyaml_schema_value_t *schema, char out[NUMBER_TEXT])
{
	size_t used = 0;

	out[0] = '\0';
	for (uint32_t i = 0; i < schema->enumeration.count && used < NUMBER_TEXT; i++)
		used += (size_t)snprintf(out + used, NUMBER_TEXT - used, "%s%s", i ? ", " : "",
		    schema->enumeration.strings[i].str);
	return out;
}

/* What belongs at a key, for messages. */
static const char *wanted(
    const char *path, const cyaml_schema_value_t *schema, char out[2 * NUMBER_TEXT])
{
	char words[NUMBER_TEXT] = "";

	if (schema->type == CYAML_MAPPING && !*path) {
		strcpy(out, "a scenario belongs: a map of name, host, accounts and more");
	} else if (schema->type == CYAML_MAPPING) {
		const cyaml_schema_field_t *fields = schema->mapping.fields;
		size_t used = (size_t)sprintf(out, "a map belongs (of %s", fields[0].key);
		for (int i = 1; i < 3 && fields[i - 1].key && fields[i].key; i++)
			used += (size_t)sprintf(out + used, ", %s", fields[i].key);
		strcpy(out + used, " ...)");
	} else if (schema->type == CYAML_SEQUENCE) {
		strcpy(out, "a list belongs; its entries begin with -");
	} else if (schema->type == CYAML_ENUM) {
		snprintf(out, 2 * NUMBER_TEXT, "one of %s belongs", list_words(schema, words));
	} else if (schema->type == CYAML_BOOL) {
		strcpy(out, "true or false belongs");
	} else if (schema->type != CYAML_STRING) {
		number_wanted(path, words);
		snprintf(out, 2 * NUMBER_TEXT, "%s belongs", words);
	} else {
		strcpy(out, schema->string.max == SPAN_TEXT_MOST
		                ? "a duration belongs, such as 250ms, 1.5s or 10m"
		                : "text belongs");
	}
	return out;
}

static bool refuse_kind(
    const struct check *check, const char *path, const cyaml_schema_value_t *schema, int node)
{
	static const char *const kinds[] = {"is text", "is a list", "is a map"};
	const enum yaml_kind kind = yaml_tree_kind(check->tree, node);
	char belongs[2 * NUMBER_TEXT];
	size_t length = 1;

	if (kind == YAML_KIND_TEXT && !yaml_tree_is_null(check->tree, node))
		yaml_tree_scalar(check->tree, node, &length);
	else if (kind == YAML_KIND_TEXT)
		length = 0;
	return check_refuse_node(check, node, *path ? path : NULL, "%s, where %s",
	    length ? kinds[kind] : "is empty", wanted(path, schema, belongs));
}

/* ---- maps ---- */

static bool refuse_key(const struct check *check, const char *path, int key, const char *name)
{
	char whole[KEY_TEXT], meant[KEY_TEXT];

	join(whole, path, name);
	const char *dot = strrchr(whole, '.');
	if (strchr(name, '.') && spelling_known(whole))
		return check_refuse_node(check, key, NULL,
		    "unknown key %s: write %s into the map %.*s", whole, dot + 1,
		    (int)(dot - whole), whole);
	if (spelling_closest(path, name, meant))
		return check_refuse_node(
		    check, key, NULL, "unknown key %s (did you mean %s?)", whole, meant);
	return check_refuse_node(
	    check, key, NULL, "unknown key %s (leaklab check --help lists the keys)", whole);
}

static bool is_key(const struct check *check, int key, const char *name)
{
	size_t length;
	const char *text;

	if (yaml_tree_kind(check->tree, key) != YAML_KIND_TEXT)
		return false;
	text = yaml_tree_scalar(check->tree, key, &length);
	return strlen(name) == length && memcmp(text, name, length) == 0;
}

static bool check_pair(const struct check *check, const char *path,
    const cyaml_schema_field_t *fields, int map, size_t index)
{
	static const char *const kinds[] = {"", "a list", "a map"};
	const int key = yaml_tree_key(check->tree, map, index);
	const enum yaml_kind kind = yaml_tree_kind(check->tree, key);
	const cyaml_schema_field_t *field = fields;
	char name[KEY_TEXT], below[KEY_TEXT];
	size_t length;

	if (kind != YAML_KIND_TEXT)
		return check_refuse_node(check, key, *path ? path : NULL,
		    "has %s for a key, where text belongs", kinds[kind]);
	while (field->key && !is_key(check, key, field->key))
		field++;
	snprintf(name, sizeof(name), "%.63s", yaml_tree_scalar(check->tree, key, &length));
	if (!field->key)
		return refuse_key(check, path, key, name);
	join(below, path, name);
	for (size_t i = 0; i < index; i++) {
		const int other = yaml_tree_key(check->tree, map, i);
		if (is_key(check, other, name))
			return check_refuse_node(check, key, NULL,
			    "%s is there twice, first in line %zu", below,
			    yaml_tree_place(check->tree, other).line);
	}
	return check_value(check, below, &field->value, yaml_tree_value(check->tree, map, index));
}

static bool check_map(
    const struct check *check, const char *path, const cyaml_schema_value_t *schema, int node)
{
	const size_t count = yaml_tree_count(check->tree, node);
	const cyaml_schema_field_t *field = schema->mapping.fields;
	char below[KEY_TEXT];

	for (size_t i = 0; i < count; i++)
		if (!check_pair(check, path, field, node, i))
			return false;
	for (; field->key; field++) {
		bool found = field->value.flags & CYAML_FLAG_OPTIONAL;
		for (size_t i = 0; i < count && !found; i++)
			found = is_key(check, yaml_tree_key(check->tree, node, i), field->key);
		if (!found)
			return check_refuse_node(
			    check, node, NULL, "%s is missing", join(below, path, field->key));
	}
	return true;
}

/* ---- lists ---- */

static bool check_list(
    const struct check *check, const char *path, const cyaml_schema_value_t *schema, int node)
{
	const size_t count = yaml_tree_count(check->tree, node);
	char below[KEY_TEXT], number[24];

	if (count > schema->sequence.max)
		return check_refuse_node(check, node, path,
		    "has %zu entries, at most %u belong there", count, schema->sequence.max);
	for (size_t i = 0; i < count; i++) {
		snprintf(number, sizeof(number), "%zu", i);
		if (!check_value(check, join(below, path, number), schema->sequence.entry,
		        yaml_tree_value(check->tree, node, i)))
			return false;
	}
	return true;
}

/* ---- single values ---- */

/* As in a message: numbers as they are, all else in quotes. */
static const char *show(const char *text, char out[SHOWN_MOST + 8])
{
	const char *digits = text + (text[0] == '-');
	const bool number = *digits && strspn(digits, "0123456789") == strlen(digits) &&
	                    (digits[0] != '0' || !digits[1]);

	snprintf(out, SHOWN_MOST + 8, number ? "%.*s%s" : "\"%.*s%s\"", SHOWN_MOST, text,
	    strlen(text) > SHOWN_MOST ? "..." : "");
	return out;
}

static bool check_number(const struct check *check, const char *path, int node, const char *text)
{
	char shown[SHOWN_MOST + 8], range[NUMBER_TEXT];
	const char *cap;

	if (number_valid(path, text, &cap))
		return true;
	number_wanted(path, range);
	return check_refuse_node(check, node, path, "%s is not %s%s%s%s", show(text, shown), range,
	    cap ? " (" : "", cap ? cap : "", cap ? ")" : "");
}

static bool check_word(const struct check *check, const char *path,
    const cyaml_schema_value_t *schema, int node, const char *text)
{
	char words[NUMBER_TEXT], closest[SUGGESTION_TEXT], shown[SHOWN_MOST + 8];
	struct suggestion suggestion;

	suggest_begin(&suggestion, text);
	for (uint32_t i = 0; i < schema->enumeration.count; i++) {
		if (strcmp(schema->enumeration.strings[i].str, text) == 0)
			return true;
		suggest_offer(&suggestion, schema->enumeration.strings[i].str);
	}
	return check_refuse_node(check, node, path, "%s is none of %s%s", show(text, shown),
	    list_words(schema, words), suggest_words(&suggestion, closest));
}

/* libcyaml takes anything for true that is none of false, no, disable and 0. */
static bool check_bool(const struct check *check, const char *path, int node, const char *text)
{
	static const char *const words[] = {"true", "false", "yes", "no"};
	char shown[SHOWN_MOST + 8];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(words[i], text) == 0)
			return true;
	return check_refuse_node(
	    check, node, path, "%s is neither true nor false", show(text, shown));
}

static bool check_scalar(
    const struct check *check, const char *path, const cyaml_schema_value_t *schema, int node)
{
	size_t length;
	const char *text = yaml_tree_scalar(check->tree, node, &length);

	if (yaml_tree_is_null(check->tree, node))
		return check_refuse_node(
		    check, node, path, "is empty (%s); leave the key out", text);
	if (strlen(text) != length)
		return check_refuse_node(check, node, path, "has a NUL character in it");
	if (schema->type == CYAML_ENUM)
		return check_word(check, path, schema, node, text);
	if (schema->type == CYAML_BOOL)
		return check_bool(check, path, node, text);
	if (schema->type != CYAML_STRING)
		return check_number(check, path, node, text);
	if (length < schema->string.min)
		return check_refuse_node(
		    check, node, path, "is empty; leave the key out, or give it text");
	return length <= schema->string.max ||
	       check_refuse_node(check, node, path, "is longer than any duration");
}

static bool check_value(
    const struct check *check, const char *path, const cyaml_schema_value_t *schema, int node)
{
	const enum yaml_kind kind = schema->type == CYAML_MAPPING    ? YAML_KIND_MAP
	                            : schema->type == CYAML_SEQUENCE ? YAML_KIND_LIST
	                                                             : YAML_KIND_TEXT;

	if (yaml_tree_kind(check->tree, node) != kind)
		return refuse_kind(check, path, schema, node);
	return kind == YAML_KIND_MAP    ? check_map(check, path, schema, node)
	       : kind == YAML_KIND_LIST ? check_list(check, path, schema, node)
	                                : check_scalar(check, path, schema, node);
}

bool values_check(const struct check *check)
{
	return check_value(check, "", &scenario_schema, YAML_TREE_ROOT);
}
