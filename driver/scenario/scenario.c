/* Knows how a scenario comes from its file: overrides, structs, and where in the text an error is. */
#include "driver/scenario/scenario.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/duration.h"
#include "driver/scenario/check.h"
#include "driver/scenario/keys.h"
#include "driver/scenario/yaml_tree.h"
#include "judge/judge.h"

#define SCENARIO_BYTES_MAX (1 << 20)

/* The values are checked: nothing is left for libcyaml to say. */
static struct scenario *load_structs(const char *text, size_t length, const struct check *check)
{
	const cyaml_config_t config = {.mem_fn = cyaml_mem};
	struct scenario *scenario = NULL;
	const cyaml_err_t result = cyaml_load_data((const uint8_t *)text, length, &config,
	    &scenario_schema, (cyaml_data_t **)&scenario, NULL);

	if (result == CYAML_OK)
		return scenario;
	if (result == CYAML_ERR_OOM)
		error_memory(check->error);
	else
		error_set(check->error, EXIT_USAGE,
		    "%s: cannot be loaded; write out what anchors (&) and aliases (*) stand for",
		    check->path);
	return NULL;
}

static char *read_file(const char *path, size_t *length, struct error *error)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;

	if (!file) {
		error_set(error, EXIT_USAGE, "%s: cannot be read: %s", path, strerror(errno));
		return NULL;
	}
	text = malloc(SCENARIO_BYTES_MAX + 1);
	*length = text ? fread(text, 1, SCENARIO_BYTES_MAX + 1, file) : 0;
	if (!text || ferror(file) || *length > SCENARIO_BYTES_MAX) {
		error_set(error, EXIT_USAGE, "%s: %s", path,
		    *length > SCENARIO_BYTES_MAX ? "is larger than any scenario (1 MiB)"
		                                 : "cannot be read");
		free(text);
		text = NULL;
	}
	fclose(file);
	return text;
}

/* The text with all overrides in it; NULL: error is set. */
static struct yaml_tree *load_tree(const char *bytes, size_t length, const char *path,
    char *const *overrides, size_t count, struct error *error)
{
	struct yaml_tree *tree = yaml_tree_create(bytes, length, path, error);

	for (size_t i = 0; tree && i < count; i++)
		if (!yaml_tree_set(tree, overrides[i], error)) {
			yaml_tree_destroy(tree);
			tree = NULL;
		}
	return tree;
}

/* Replaces *bytes by the text with all overrides in it. It has lines of its own, so that messages go by the tree. */
static bool apply_overrides(const char *path, char *const *overrides, size_t count, char **bytes,
    size_t *length, struct error *error)
{
	if (count == 0)
		return true;
	struct yaml_tree *tree = load_tree(*bytes, *length, path, overrides, count, error);
	char *changed = tree ? yaml_tree_text(tree, length, error) : NULL;

	yaml_tree_destroy(tree);
	if (!changed)
		return false;
	free(*bytes);
	*bytes = changed;
	return true;
}

/* Takes the bytes, which may be NULL: then error is set. */
static struct scenario *load_bytes(char *bytes, size_t length, const char *path,
    char *const *overrides, size_t override_count, char **text, struct error *error)
{
	struct check check = {.path = path, .error = error};
	struct scenario *scenario = NULL;

	if (bytes)
		check.tree = load_tree(bytes, length, path, overrides, override_count, error);
	if (check.tree && values_check(&check) &&
	    apply_overrides(path, overrides, override_count, &bytes, &length, error))
		scenario = load_structs(bytes, length, &check);
	if (scenario && !scenario_check(&check, scenario)) {
		scenario_destroy(scenario);
		scenario = NULL;
	}
	if (scenario && text) {
		bytes[length] = '\0';
		*text = bytes;
		bytes = NULL;
	}
	yaml_tree_destroy(check.tree);
	free(bytes);
	return scenario;
}

struct scenario *scenario_load(const char *path, char *const *overrides, size_t override_count,
    char **text, struct error *error)
{
	size_t length = 0;
	char *bytes = read_file(path, &length, error);
	struct scenario *scenario =
	    load_bytes(bytes, length, path, overrides, override_count, text, error);

	if (!scenario || scenario_set_folder(scenario, path, error))
		return scenario;
	scenario_destroy(scenario);
	return NULL;
}

struct scenario *scenario_parse(const char *text, const char *name, char *const *overrides,
    size_t override_count, char **out, struct error *error)
{
	char *bytes = strdup(text);

	if (!bytes)
		error_memory(error);
	return load_bytes(bytes, strlen(text), name, overrides, override_count, out, error);
}

void scenario_destroy(struct scenario *scenario)
{
	const cyaml_config_t config = {.mem_fn = cyaml_mem};

	if (scenario)
		free(scenario->folder);
	cyaml_free(&config, &scenario_schema, scenario, 0);
}
