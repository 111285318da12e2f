/* Knows libyaml's document tree. Loading into structs is scenario.c's, by libcyaml. */
#include "driver/scenario/yaml_tree.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define DEPTH_MOST 32

struct yaml_tree {
	yaml_document_t document;
};

static bool refuse_yaml(const yaml_parser_t *parser, const char *origin, struct error *error)
{
	return error_set(error, EXIT_USAGE, "%s:%zu:%zu: not YAML: %s", origin,
	    parser->problem_mark.line + 1, parser->problem_mark.column + 1,
	    parser->problem ? parser->problem : "unreadable");
}

/* libyaml takes a time that grows with the square of the depth: what no scenario has is refused as soon as it is met. */
static bool check_depth(const char *text, size_t length, const char *origin, struct error *error)
{
	yaml_parser_t parser;
	bool good = yaml_parser_initialize(&parser) || error_memory(error), ended = !good;
	int depth = 0;

	if (good)
		yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	while (good && !ended) {
		yaml_event_t event;
		if (!yaml_parser_parse(&parser, &event)) {
			good = refuse_yaml(&parser, origin, error);
			break;
		}
		depth += event.type == YAML_SEQUENCE_START_EVENT ||
		         event.type == YAML_MAPPING_START_EVENT;
		depth -=
		    event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
		ended = event.type == YAML_STREAM_END_EVENT;
		if (depth > DEPTH_MOST)
			good = error_set(error, EXIT_USAGE,
			    "%s:%zu:%zu: lists or maps are nested more than %d deep, as no scenario is",
			    origin, event.start_mark.line + 1, event.start_mark.column + 1,
			    DEPTH_MOST);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return good;
}

struct yaml_tree *yaml_tree_create(
    const char *text, size_t length, const char *origin, struct error *error)
{
	if (!check_depth(text, length, origin, error))
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
		refuse_yaml(&parser, origin, error);
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

bool yaml_tree_set(struct yaml_tree *tree, const char *path, const char *value, struct error *error)
{
	yaml_document_t *document = &tree->document;
	int node = 1; /* libyaml numbers nodes from 1; the root is the first */

	for (const char *step = path;;) {
		const size_t length = strcspn(step, ".");
		const bool last = step[length] == '\0';
		const yaml_node_type_t type = yaml_document_get_node(document, node)->type;
		int child =
		    find_child(document, yaml_document_get_node(document, node), step, length);

		if (length == 0 ||
		    (type != YAML_MAPPING_NODE && !(type == YAML_SEQUENCE_NODE && child)))
			return error_set(error, EXIT_USAGE,
			    "--set %s: there is no such key in the scenario", path);
		if (last || !child) {
			const int added =
			    last ? yaml_document_add_scalar(document, NULL,
			               (const yaml_char_t *)value, -1, YAML_ANY_SCALAR_STYLE)
			         : yaml_document_add_mapping(
			               document, NULL, YAML_BLOCK_MAPPING_STYLE);
			/* Adding moves the nodes, so they are looked up again. */
			yaml_node_t *parent = yaml_document_get_node(document, node);
			if (!added)
				return error_memory(error);
			if (!child) {
				const int key = yaml_document_add_scalar(document, NULL,
				    (const yaml_char_t *)step, (int)length, YAML_ANY_SCALAR_STYLE);
				if (!key ||
				    !yaml_document_append_mapping_pair(document, node, key, added))
					return error_memory(error);
			} else if (parent->type == YAML_MAPPING_NODE) {
				find_pair(document, parent, step, length)->value = added;
			} else {
				parent->data.sequence.items.start[strtoul(step, NULL, 10)] = added;
			}
			child = added;
		}
		if (last)
			return true;
		node = child;
		step += length + 1;
	}
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

void yaml_tree_locate(struct yaml_tree *tree, const char *path, size_t *line, size_t *column)
{
	yaml_node_t *node = yaml_document_get_root_node(&tree->document);

	for (const char *step = path;;) {
		const size_t length = strcspn(step, ".");
		const int child = find_child(&tree->document, node, step, length);
		if (child)
			node = yaml_document_get_node(&tree->document, child);
		if (!child || step[length] == '\0')
			break;
		step += length + 1;
	}
	*line = node->start_mark.line + 1;
	*column = node->start_mark.column + 1;
}

bool yaml_tree_find_key(
    struct yaml_tree *tree, const char *key, size_t from_line, size_t *line, size_t *column)
{
	bool found = false;

	for (yaml_node_t *node = tree->document.nodes.start; node < tree->document.nodes.top;
	     node++) {
		if (node->type != YAML_MAPPING_NODE)
			continue;
		const yaml_node_pair_t *pair = find_pair(&tree->document, node, key, strlen(key));
		if (!pair)
			continue;
		const yaml_mark_t mark =
		    yaml_document_get_node(&tree->document, pair->key)->start_mark;
		if (mark.line + 1 < from_line || (found && mark.line + 1 > *line))
			continue;
		*line = mark.line + 1;
		*column = mark.column + 1;
		found = true;
	}
	return found;
}
