/* Knows where the ready-made scenarios are: beside the program in the folder that it was built in, else where they are installed. */
#include "driver/scenario/shipped.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/array.h"
#include "common/input.h"
#include "common/own_folder.h"
#include "common/suggest.h"
#include "driver/scenario/yaml_tree.h"

#define SUFFIX ".yaml"

struct shipped {
	char folder[PATH_MAX];
	char **names; /* in order */
	size_t count;
	bool lab; /* the lab host is beside this program, and so its scenarios are there */
};

/* True if the file's name has it, too. */
static bool ends_in_suffix(const char *name)
{
	const size_t length = strlen(name);

	return length > strlen(SUFFIX) && strcmp(name + length - strlen(SUFFIX), SUFFIX) == 0;
}

bool shipped_is_name(const char *name)
{
	return !strchr(name, '/') && !ends_in_suffix(name);
}

static void close_shipped(struct shipped *shipped)
{
	for (size_t i = 0; i < shipped->count; i++)
		free(shipped->names[i]);
	free(shipped->names);
}

static bool add_names(struct shipped *shipped, DIR *folder, struct error *error)
{
	struct dirent *entry;

	while ((entry = readdir(folder))) {
		if (!ends_in_suffix(entry->d_name))
			continue;
		if (!array_reserve(&shipped->names, shipped->count, sizeof *shipped->names))
			return error_memory(error);
		char *name = strndup(entry->d_name, strlen(entry->d_name) - strlen(SUFFIX));
		if (!name)
			return error_memory(error);
		shipped->names[shipped->count++] = name;
	}
	return true;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool find_names(struct shipped *shipped, struct error *error)
{
	static const char *const places[] = {"scenarios", "../share/leaklab/scenarios"};
	char own[PATH_MAX];

	if (!own_folder(own, error))
		return false;
	snprintf(shipped->folder, sizeof(shipped->folder), "%s/leaklab-labhost", own);
	shipped->lab = access(shipped->folder, X_OK) == 0;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && shipped->count == 0; i++) {
		snprintf(shipped->folder, sizeof(shipped->folder), "%s/%s", own, places[i]);
		DIR *folder = opendir(shipped->folder);
		const bool good = !folder || add_names(shipped, folder, error);
		if (folder)
			closedir(folder);
		if (!good)
			return false;
	}
	if (shipped->count == 0)
		return error_set(error, EXIT_TARGET,
		    "the shipped scenarios are not beside this program (%s): install the packages leaklab-driver and leaklab-lab, or name a file by its path",
		    shipped->folder);
	qsort(shipped->names, shipped->count, sizeof *shipped->names, compare_names);
	return true;
}

/* A file in the current folder that may be meant: "; the file ..."; or "". */
static const char *hint_at_file(const char *name, char *out, size_t size)
{
	static const char *const suffixes[] = {SUFFIX, ""};
	char file[PATH_MAX];

	out[0] = '\0';
	for (size_t i = 0; i < 2 && !out[0]; i++) {
		snprintf(file, sizeof(file), "./%s%s", name, suffixes[i]);
		if (access(file, F_OK) == 0)
			snprintf(out, size, "; the file of that name in this folder is %s", file);
	}
	return out;
}

static char *path_of(const struct shipped *shipped, const char *name, struct error *error)
{
	char *path = NULL;

	if (asprintf(&path, "%s/%s" SUFFIX, shipped->folder, name) >= 0)
		return path;
	error_memory(error);
	return NULL;
}

static char *choose(const struct shipped *shipped, const char *name, struct error *error)
{
	char meant[SUGGESTION_TEXT], hint[512];
	struct suggestion suggestion;

	suggest_begin(&suggestion, name);
	for (size_t i = 0; i < shipped->count; i++) {
		if (strcmp(shipped->names[i], name) == 0)
			return path_of(shipped, name, error);
		suggest_offer(&suggestion, shipped->names[i]);
	}
	error_set(error, EXIT_USAGE, "there is no shipped scenario %.200s%s%s%s; there are:", name,
	    suggest_words(&suggestion, meant), hint_at_file(name, hint, sizeof(hint)),
	    shipped->lab ? "" : "; those for the lab host are in the package leaklab-lab");
	return NULL;
}

char *shipped_path(const char *name, struct error *error)
{
	struct shipped shipped = {0};
	char *path = find_names(&shipped, error) ? choose(&shipped, name, error) : NULL;

	close_shipped(&shipped);
	return path;
}

static bool print_one(const struct shipped *shipped, size_t index, int width, const char *indent,
    FILE *out, struct error *error)
{
	char *path = path_of(shipped, shipped->names[index], error), *text = NULL;
	size_t length;
	struct yaml_tree *tree = path && input_read(path, &text, &length, error)
	                             ? yaml_tree_create(text, length, path, error)
	                             : NULL;
	const int node = tree ? yaml_tree_find(tree, "description") : 0;

	if (tree)
		fprintf(out, "%s%-*s  %s\n", indent, width, shipped->names[index],
		    node && yaml_tree_kind(tree, node) == YAML_KIND_TEXT
		        ? yaml_tree_scalar(tree, node, &length)
		        : "");
	const bool good = tree;
	yaml_tree_destroy(tree);
	free(text);
	free(path);
	return good;
}

bool shipped_list(FILE *out, const char *indent, struct error *error)
{
	struct shipped shipped = {0};
	bool good = find_names(&shipped, error);
	int width = 0;

	for (size_t i = 0; i < shipped.count; i++)
		width =
		    (int)strlen(shipped.names[i]) > width ? (int)strlen(shipped.names[i]) : width;
	for (size_t i = 0; good && i < shipped.count; i++)
		good = print_one(&shipped, i, width, indent, out, error);
	close_shipped(&shipped);
	return good;
}
