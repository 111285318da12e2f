/* Knows libyaml's document tree. Loading into structs is scenario.c's, by libcyaml. */
#include "driver/scenario/yaml_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "common/array.h"
#include "common/text.h"

#define DEPTH_MOST 32

/* From which node on all are an override's. */
struct origin {
	int first;
	const char *override;
};

struct yaml_tree {
	yaml_document_t document;
	struct origin *origins;
	size_t origin_count;
};

/* Of bytes that are no text libyaml tells the offset alone. */
static yaml_mark_t problem_place(const yaml_parser_t *parser, const char *text)
{
	yaml_mark_t place = {0};

	if (parser->error != YAML_READER_ERROR)
		return parser->problem_mark;
	for (size_t i = 0; i < parser->problem_offset; i++) {
		place.line += text[i] == '\n';
		place.column = text[i] == '\n' ? 0 : place.column + ((text[i] & 0xc0) != 0x80);
	}
	return place;
}

static bool refuse_yaml(
    const yaml_parser_t *parser, const char *text, const char *origin, struct error *error)
{
	const yaml_mark_t place = problem_place(parser, text);

	return error_set(error, EXIT_USAGE, "%s:%zu:%zu: not YAML: %s", origin, place.line + 1,
	    place.column + 1, parser->problem ? parser->problem : "unreadable");
}

/* libyaml takes a time that grows with the square of the depth: what no scenario has is refused as soon as it is met. Of several documents it
 * would read the first. */
static bool check_events(const char *text, size_t length, const char *origin, struct error *error)
{
	yaml_parser_t parser;
	bool good = yaml_parser_initialize(&parser) || error_memory(error), ended = !good;
	int depth = 0, documents = 0;

	if (good)
		yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	while (good && !ended) {
		yaml_event_t event;
		if (!yaml_parser_parse(&parser, &event)) {
			good = refuse_yaml(&parser, text, origin, error);
			break;
		}
		depth += event.type == YAML_SEQUENCE_START_EVENT ||
		         event.type == YAML_MAPPING_START_EVENT;
		depth -=
		    event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
		ended = event.type == YAML_STREAM_END_EVENT;
		documents += event.type == YAML_DOCUMENT_START_EVENT;
		if (depth > DEPTH_MOST)
			good = error_set(error, EXIT_USAGE,
			    "%s:%zu:%zu: lists or maps are nested more than %d deep, as no scenario is",
			    origin, event.start_mark.line + 1, event.start_mark.column + 1,
			    DEPTH_MOST);
		else if (documents > 1)
			good = error_set(error, EXIT_USAGE,
			    "%s:%zu:%zu: a second document begins; one scenario a file", origin,
			    event.start_mark.line + 1, event.start_mark.column + 1);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return good;
}

struct yaml_tree *yaml_tree_create(
    const char *text, size_t length, const char *origin, struct error *error)
{
	/* libyaml reads UTF-16, too; who goes on with a run does not. */
	if (memchr(text, 0, length)) {
		error_set(error, EXIT_USAGE,
		    "%s: has NUL characters, as UTF-16 has: save it as UTF-8", origin);
		return NULL;
	}
	if (!check_events(text, length, origin, error))
		return NULL;
	struct yaml_tree *tree = calloc(1, sizeof(*tree));
	yaml_parser_t parser;

	if (!tree || !yaml_parser_initialize(&parser)) {
		error_memory(error);
		free(tree);
		return NULL;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	if (!yaml_parser_load(&parser, &tree->document)) {
		refuse_yaml(&parser, text, origin, error);
		yaml_parser_delete(&parser);
		free(tree);
		return NULL;
	}
	yaml_parser_delete(&parser);
	if (!yaml_document_get_root_node(&tree->document)) {
		error_set(error, EXIT_USAGE,
		    "%s: is empty; a scenario needs at least host, accounts and load", origin);
		yaml_tree_destroy(tree);
		return NULL;
	}
	return tree;
}

void yaml_tree_destroy(struct yaml_tree *tree)
{
	if (!tree)
		return;
	yaml_document_delete(&tree->document);
	free(tree->origins);
	free(tree);
}

static bool is_scalar(const yaml_node_t *node, const char *text, size_t length)
{
	return node && node->type == YAML_SCALAR_NODE && node->data.scalar.length == length &&
	       memcmp(node->data.scalar.value, text, length) == 0;
}

static yaml_node_pair_t *find_pair(
    yaml_document_t *document, yaml_node_t *mapping, const char *key, size_t length)
{
	for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
	     pair < mapping->data.mapping.pairs.top; pair++)
		if (is_scalar(yaml_document_get_node(document, pair->key), key, length))
			return pair;
	return NULL;
}

/* The number of the child of node that a path's step names; 0 if there is none. */
static int find_child(yaml_document_t *document, yaml_node_t *node, const char *step, size_t length)
{
	if (node->type == YAML_MAPPING_NODE) {
		const yaml_node_pair_t *pair = find_pair(document, node, step, length);
		return pair ? pair->value : 0;
	}
	if (node->type == YAML_SEQUENCE_NODE) {
		char *end;
		const unsigned long index = strtoul(step, &end, 10);
		const size_t count =
		    (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
		if (end == step + length && index < count)
			return node->data.sequence.items.start[index];
	}
	return 0;
}

static bool refuse_set(struct error *error, const char *override, const char *why)
{
	return error_set(error, EXIT_USAGE, "--set %s: %s", override, why);
}

/* Of a node that the rest of the path cannot lead through. */
static bool refuse_step(struct yaml_tree *tree, int node, const char *override, const char *step,
    size_t length, struct error *error)
{
	const int parent = step > override ? (int)(step - override) - 1 : 0;
	const size_t count = yaml_tree_count(tree, node);

	if (yaml_tree_kind(tree, node) == YAML_KIND_LIST)
		return error_set(error, EXIT_USAGE, "--set %s: %.*s has %zu %s, counted from 0",
		    override, parent, override, count, count == 1 ? "entry" : "entries");
	if (parent == 0)
		return refuse_set(error, override, "the scenario is no map");
	return error_set(error, EXIT_USAGE, "--set %s: %.*s is text, and has no %.*s", override,
	    parent, override, (int)length, step);
}

/* Puts node number `added` below `node`, where `child` may be. Adding moves the nodes, so they are looked up again. */
static bool attach(
    yaml_document_t *document, int node, const char *step, size_t length, int child, int added)
{
	yaml_node_t *parent = yaml_document_get_node(document, node);

	if (!child) {
		const int key = yaml_document_add_scalar(
		    document, NULL, (const yaml_char_t *)step, (int)length, YAML_ANY_SCALAR_STYLE);
		return key && yaml_document_append_mapping_pair(document, node, key, added);
	}
	if (parent->type == YAML_MAPPING_NODE)
		find_pair(document, parent, step, length)->value = added;
	else
		parent->data.sequence.items.start[strtoul(step, NULL, 10)] = added;
	return true;
}

/* libyaml adds UTF-8 only. What steers a terminal is not meant. */
static bool is_plain(const char *text)
{
	char *safe = strdup(text);

	if (safe)
		text_make_safe_except(safe, "\t\n");
	const bool same = safe && strcmp(safe, text) == 0;
	free(safe);
	return same;
}

static bool set_path(struct yaml_tree *tree, const char *override, size_t path, struct error *error)
{
	yaml_document_t *document = &tree->document;
	int node = YAML_TREE_ROOT;

	for (const char *step = override;;) {
		const size_t length = strcspn(step, ".=");
		const bool last = step + length == override + path;
		const yaml_node_type_t type = yaml_document_get_node(document, node)->type;
		int child =
		    find_child(document, yaml_document_get_node(document, node), step, length);

		if (type != YAML_MAPPING_NODE && !(type == YAML_SEQUENCE_NODE && child))
			return refuse_step(tree, node, override, step, length, error);
		if (last || !child) {
			const int added = last ? yaml_document_add_scalar(document, NULL,
			                             (const yaml_char_t *) override + path + 1, -1,
			                             YAML_ANY_SCALAR_STYLE)
			                       : yaml_document_add_mapping(
			                             document, NULL, YAML_BLOCK_MAPPING_STYLE);
			if (!added || !attach(document, node, step, length, child, added))
				return error_memory(error);
			child = added;
		}
		if (last)
			return true;
		node = child;
		step += length + 1;
	}
}

bool yaml_tree_set(struct yaml_tree *tree, const char *override, struct error *error)
{
	const size_t path = strcspn(override, "=");
	bool whole = override[path] == '=' && path > 0;

	for (const char *step = override; whole && step <= override + path;) {
		const size_t length = strcspn(step, ".=");
		whole = length > 0;
		step += length + 1;
	}
	if (!whole)
		return refuse_set(error, override, "write it as key=value, e.g. load.cycles=10");
	if (!is_plain(override))
		return refuse_set(
		    error, override, "has bytes that are no UTF-8, or control characters");
	if (!array_reserve(&tree->origins, tree->origin_count, sizeof *tree->origins))
		return error_memory(error);
	tree->origins[tree->origin_count++] = (struct origin){
	    (int)(tree->document.nodes.top - tree->document.nodes.start) + 1, override};
	return set_path(tree, override, path, error);
}

struct text_buffer {
	char *bytes;
	size_t length;
};

static int append(void *data, unsigned char *bytes, size_t length)
{
	struct text_buffer *buffer = data;
	char *grown = realloc(buffer->bytes, buffer->length + length + 1);

	if (!grown)
		return 0;
	memcpy(grown + buffer->length, bytes, length);
	buffer->bytes = grown;
	buffer->length += length;
	grown[buffer->length] = '\0';
	return 1;
}

char *yaml_tree_text(struct yaml_tree *tree, size_t *length, struct error *error)
{
	struct text_buffer buffer = {0};
	yaml_emitter_t emitter;
	bool emitted;

	if (!yaml_emitter_initialize(&emitter)) {
		error_memory(error);
		return NULL;
	}
	yaml_emitter_set_output(&emitter, append, &buffer);
	yaml_emitter_set_width(&emitter, -1);
	yaml_emitter_set_unicode(&emitter, 1);
	emitted = yaml_emitter_open(&emitter) && yaml_emitter_dump(&emitter, &tree->document) &&
	          yaml_emitter_close(&emitter);
	yaml_emitter_delete(&emitter);
	/* Dumping hands the document to the emitter, which empties it: only deletion is left for it. */
	memset(&tree->document, 0, sizeof(tree->document));
	if (!emitted) {
		free(buffer.bytes);
		error_memory(error);
		return NULL;
	}
	*length = buffer.length;
	return buffer.bytes;
}

static yaml_node_t *node_of(struct yaml_tree *tree, int node)
{
	return yaml_document_get_node(&tree->document, node);
}

enum yaml_kind yaml_tree_kind(struct yaml_tree *tree, int node)
{
	const yaml_node_type_t type = node_of(tree, node)->type;

	return type == YAML_MAPPING_NODE    ? YAML_KIND_MAP
	       : type == YAML_SEQUENCE_NODE ? YAML_KIND_LIST
	                                    : YAML_KIND_TEXT;
}

const char *yaml_tree_scalar(struct yaml_tree *tree, int node, size_t *length)
{
	*length = node_of(tree, node)->data.scalar.length;
	return (const char *)node_of(tree, node)->data.scalar.value;
}

bool yaml_tree_is_null(struct yaml_tree *tree, int node)
{
	const yaml_node_t *of = node_of(tree, node);

	return of->data.scalar.style <= YAML_PLAIN_SCALAR_STYLE &&
	       (is_scalar(of, "~", 1) || is_scalar(of, "null", 4));
}

size_t yaml_tree_count(struct yaml_tree *tree, int node)
{
	const yaml_node_t *of = node_of(tree, node);

	if (of->type == YAML_MAPPING_NODE)
		return (size_t)(of->data.mapping.pairs.top - of->data.mapping.pairs.start);
	if (of->type == YAML_SEQUENCE_NODE)
		return (size_t)(of->data.sequence.items.top - of->data.sequence.items.start);
	return 0;
}

int yaml_tree_value(struct yaml_tree *tree, int node, size_t index)
{
	const yaml_node_t *of = node_of(tree, node);

	return of->type == YAML_MAPPING_NODE ? of->data.mapping.pairs.start[index].value
	                                     : of->data.sequence.items.start[index];
}

int yaml_tree_key(struct yaml_tree *tree, int node, size_t index)
{
	return node_of(tree, node)->data.mapping.pairs.start[index].key;
}

static int follow(struct yaml_tree *tree, const char *path, bool *whole)
{
	int node = YAML_TREE_ROOT;

	for (const char *step = path;;) {
		const size_t length = strcspn(step, ".");
		const int child = find_child(&tree->document, node_of(tree, node), step, length);
		*whole = child && step[length] == '\0';
		node = child ? child : node;
		if (!child || *whole)
			return node;
		step += length + 1;
	}
}

int yaml_tree_nearest(struct yaml_tree *tree, const char *path)
{
	bool whole;

	return follow(tree, path, &whole);
}

int yaml_tree_find(struct yaml_tree *tree, const char *path)
{
	bool whole;
	const int node = follow(tree, path, &whole);

	return whole ? node : 0;
}

struct yaml_place yaml_tree_place(struct yaml_tree *tree, int node)
{
	const yaml_mark_t mark = node_of(tree, node)->start_mark;
	struct yaml_place place = {NULL, mark.line + 1, mark.column + 1};

	for (size_t i = 0; i < tree->origin_count && tree->origins[i].first <= node; i++)
		place.override = tree->origins[i].override;
	return place;
}
