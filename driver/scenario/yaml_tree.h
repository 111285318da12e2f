/* A YAML text as a tree of nodes: what stands where, and how to change one value before it is loaded. */
#ifndef LEAKLAB_YAML_TREE_H
#define LEAKLAB_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

struct yaml_tree;

/* Parses text; origin names it in messages. The caller destroys the tree. */
struct yaml_tree *yaml_tree_create(
    const char *text, size_t length, const char *origin, struct error *error);
void yaml_tree_destroy(struct yaml_tree *tree); /* NULL is allowed */

/* Applies an override, "load.cycles=5" or "stage.0.command=...", making maps on the way. It must live as long as the tree. */
bool yaml_tree_set(struct yaml_tree *tree, const char *override, struct error *error);

/* The tree as text again, the caller's to free(). Nothing but destroying it may be done with the tree then. */
char *yaml_tree_text(struct yaml_tree *tree, size_t *length, struct error *error);

/* Nodes are numbered. 0 is none. */
#define YAML_TREE_ROOT 1
enum yaml_kind { YAML_KIND_TEXT, YAML_KIND_LIST, YAML_KIND_MAP };

enum yaml_kind yaml_tree_kind(struct yaml_tree *tree, int node);
const char *yaml_tree_scalar(struct yaml_tree *tree, int node, size_t *length);
/* Whether the text is YAML's null, "~" or "null" without quotes. */
bool yaml_tree_is_null(struct yaml_tree *tree, int node);
/* Of a list or a map. Only maps have keys. */
size_t yaml_tree_count(struct yaml_tree *tree, int node);
int yaml_tree_value(struct yaml_tree *tree, int node, size_t index);
int yaml_tree_key(struct yaml_tree *tree, int node, size_t index);

/* The node at the path, or its nearest parent that exists. */
int yaml_tree_nearest(struct yaml_tree *tree, const char *path);
/* The same; 0: there is none at the path. */
int yaml_tree_find(struct yaml_tree *tree, const char *path);

struct yaml_place {
	const char *override; /* that it comes from; NULL: it is in the text */
	size_t line, column;  /* from 1 */
};
struct yaml_place yaml_tree_place(struct yaml_tree *tree, int node);

#endif
