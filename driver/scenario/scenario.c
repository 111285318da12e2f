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

/* libcyaml tells its errors to a log, a line at a time. */
struct cyaml_complaint {
	char what[256];
	size_t line;
	size_t column;
};

static void note_complaint(cyaml_log_t level, void *data, const char *format, va_list args)
{
	struct cyaml_complaint *complaint = data;
	char text[256];
	const char *place;

	if (level < CYAML_LOG_ERROR)
		return;
	vsnprintf(text, sizeof(text), format, args);
	text[strcspn(text, "\n")] = '\0';
	place = strstr(text, "(line: ");
	if (place) {
		if (complaint->line == 0)
			(void)sscanf(place, "(line: %zu, column: %zu)", &complaint->line,
			    &complaint->column);
	} else if (complaint->what[0] == '\0') {
		const char *after = strncmp(text, "Load: ", 6) == 0 ? text + 6 : text;
		snprintf(complaint->what, sizeof(complaint->what), "%s", after);
	}
}

static struct scenario *load_structs(const char *text, size_t length, const struct check *check)
{
	struct cyaml_complaint complaint = {0};
	const cyaml_config_t config = {
	    .log_fn = note_complaint,
	    .log_ctx = &complaint,
	    .log_level = CYAML_LOG_ERROR,
	    .mem_fn = cyaml_mem,
	};
	static const char unexpected[] = "Unexpected key: ";
	struct scenario *scenario = NULL;
	const cyaml_err_t result = cyaml_load_data((const uint8_t *)text, length, &config,
	    &scenario_schema, (cyaml_data_t **)&scenario, NULL);

	if (result == CYAML_OK)
		return scenario;
	/* Of an unknown key libcyaml gives the place of the key before it. */
	if (strncmp(complaint.what, unexpected, sizeof(unexpected) - 1) == 0)
		(void)yaml_tree_find_key(check->tree, complaint.what + sizeof(unexpected) - 1,
		    complaint.line, &complaint.line, &complaint.column);
	error_set(check->error, EXIT_USAGE, "%s:%zu:%zu: %s (leaklab check --help lists the keys)",
	    check->path, complaint.line, complaint.column,
	    complaint.what[0] ? complaint.what : cyaml_strerror(result));
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

static bool apply_override(struct yaml_tree *tree, const char *override, struct error *error)
{
	const char *equals = strchr(override, '=');
	char path[128];

	if (!equals || equals == override || (size_t)(equals - override) >= sizeof(path))
		return error_set(error, EXIT_USAGE,
		    "--set %s: write it as key=value, e.g. load.cycles=10", override);
	snprintf(path, sizeof(path), "%.*s", (int)(equals - override), override);
	return yaml_tree_set(tree, path, equals + 1, error);
}

/* Replaces *text by the text with all overrides in it. */
static bool apply_overrides(const char *path, char *const *overrides, size_t count, char **text,
    size_t *length, struct error *error)
{
	struct yaml_tree *tree;
	char *changed = NULL;

	if (count == 0)
		return true;
	tree = yaml_tree_create(*text, *length, path, error);
	if (!tree)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!apply_override(tree, overrides[i], error))
			goto out;
	changed = yaml_tree_text(tree, length, error);
out:
	yaml_tree_destroy(tree);
	if (!changed)
		return false;
	free(*text);
	*text = changed;
	return true;
}

/* Takes the bytes, which may be NULL: then error is set. */
static struct scenario *load_bytes(char *bytes, size_t length, const char *path,
    char *const *overrides, size_t override_count, char **text, struct error *error)
{
	struct check check = {.path = path, .error = error};
	struct scenario *scenario = NULL;

	if (!bytes || !apply_overrides(path, overrides, override_count, &bytes, &length, error))
		goto out;
	check.tree = yaml_tree_create(bytes, length, path, error);
	if (!check.tree)
		goto out;
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
out:
	if (!scenario && override_count && error->code == EXIT_USAGE)
		error_prefix(error, "with --set applied");
	yaml_tree_destroy(check.tree);
	free(bytes);
	return scenario;
}

struct scenario *scenario_load(const char *path, char *const *overrides, size_t override_count,
    char **text, struct error *error)
{
	size_t length = 0;
	char *bytes = read_file(path, &length, error);

	return load_bytes(bytes, length, path, overrides, override_count, text, error);
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

	cyaml_free(&config, &scenario_schema, scenario, 0);
}
