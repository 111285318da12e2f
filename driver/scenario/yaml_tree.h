/* A YAML text as a tree of nodes: where a key stands, and how to change one value before it is loaded. */
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

/* Sets the value at a dotted path ("load.cycles", "stage.0.command"), making mappings on the way. */
bool yaml_tree_set(
    struct yaml_tree *tree, const char *path, const char *value, struct error *error);

/* The tree as text again, the caller's to free(). */
char *yaml_tree_text(struct yaml_tree *tree, size_t *length, struct error *error);

/* Line and column (from 1) of the value at the path, or of its nearest parent that exists. */
void yaml_tree_locate(struct yaml_tree *tree, const char *path, size_t *line, size_t *column);

/* Line and column (from 1) of the first key of that name at or after a line. False if there is none. */
bool yaml_tree_find_key(
    struct yaml_tree *tree, const char *key, size_t from_line, size_t *line, size_t *column);

#endif
