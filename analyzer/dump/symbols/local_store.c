/* How a store names its files ("SymStore" on learn.microsoft.com): NAME/GUIDAGE/NAME, two-tier stores with the first
 * two letters in front, NAM.pd_ for a packed file, file.ptr for one that lies elsewhere. Windows does not mind
 * upper and lower case, so both are tried. */
#include "dump/symbols/local_store.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void lower(char *text)
{
	for (; *text; text++)
		*text = (char)tolower((unsigned char)*text);
}

bool local_file_check(const char *path, const struct pdb_identity *identity, struct error *error)
{
	struct pdb_identity found;
	char text[PDB_IDENTITY_TEXT];
	if (!pdb_read_identity(path, &found, error))
		return false;
	if (pdb_identity_equal(&found, identity))
		return true;
	return error_set(error, EXIT_USAGE, "%s is of another build (%s)", path,
	    pdb_identity_text(&found, text));
}

static bool exists(const char *folder, const char *name)
{
	char *path = NULL;
	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return false;
	bool found = access(path, F_OK) == 0;
	free(path);
	return found;
}

/* Tries the file itself and the forms in which stores keep it: packed for clients that ask for it so (MSFZ), and in a cabinet. error is set
 * only if there is something to say. NULL: none has it. */
static char *try_folder(const char *folder, const char *name, const struct pdb_identity *identity,
    bool *explained, struct error *error)
{
	static const struct {
		const char *folder;
		int cut; /* characters that its end loses */
		const char *end;
	} forms[] = {{"", 0, ""}, {"msfz0/", 0, ""}, {"", 1, "_"}};
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		char *path = NULL;
		if (asprintf(&path, "%s/%s%.*s%s", folder, forms[i].folder,
		        (int)strlen(name) - forms[i].cut, name, forms[i].end) < 0) {
			*explained = true;
			error_memory(error);
			return NULL;
		}
		struct error why = {0};
		struct stat status;
		/* In a store the folder of all builds has the PDB's name. */
		if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode)) {
			if (local_file_check(path, identity, &why))
				return path;
			if (!*explained)
				error_set(error, why.code, "%s", why.text);
			*explained = true;
		}
		free(path);
	}
	if (!*explained && exists(folder, "file.ptr")) {
		*explained = true;
		error_set(error, EXIT_USAGE,
		    "its file.ptr points to another place; add that place to the symbol path");
	}
	return NULL;
}

static char *try_spelling(const char *root, const char *tier, const char *name, const char *id,
    const struct pdb_identity *identity, bool *explained, struct error *error)
{
	char *folder = NULL;
	if (asprintf(&folder, "%s/%s%s/%s", root, tier, name, id) < 0) {
		*explained = true;
		error_memory(error);
		return NULL;
	}
	char *path = try_folder(folder, name, identity, explained, error);
	free(folder);
	return path;
}

static bool check_root(const char *root, struct error *error)
{
	struct stat status;
	if (strchr(root, '\\'))
		return error_set(
		    error, EXIT_USAGE, "a Windows path; mount it here and name the mount point");
	if (stat(root, &status) != 0)
		return error_set(error, EXIT_USAGE, "%s",
		    errno == ENOENT ? "there is no such folder" : strerror(errno));
	if (!S_ISDIR(status.st_mode))
		return error_set(error, EXIT_USAGE, "not a folder");
	return true;
}

char *local_store_find(
    const char *root, const char *name, const struct pdb_identity *identity, struct error *error)
{
	char id[2][PDB_IDENTITY_TEXT], tier[8] = "";
	if (!check_root(root, error))
		return NULL;
	char *names[2] = {strdup(name), strdup(name)};
	char *found = NULL;
	bool explained = false;
	if (!names[0] || !names[1]) {
		error_memory(error);
		goto out;
	}
	lower(names[1]);
	pdb_identity_text(identity, id[0]);
	pdb_identity_text(identity, id[1]);
	lower(id[1]);
	bool is_two_tier = exists(root, "index2.txt");
	for (int i = 0; i < 4 && !found && !explained; i++) {
		if (is_two_tier)
			snprintf(tier, sizeof tier, "%.2s/", names[i / 2]);
		found =
		    try_spelling(root, tier, names[i / 2], id[i % 2], identity, &explained, error);
	}
	if (!found && !explained)
		error_set(error, EXIT_USAGE, "it is not there");
out:
	free(names[0]);
	free(names[1]);
	return found;
}

char *local_folder_find(
    const char *root, const char *name, const struct pdb_identity *identity, struct error *error)
{
	struct error why_store;
	struct stat status;
	char *path = NULL;
	/* The file itself may be named. */
	if (stat(root, &status) == 0 && S_ISREG(status.st_mode)) {
		if (!local_file_check(root, identity, error))
			return NULL;
		path = strdup(root);
		if (!path)
			error_memory(error);
		return path;
	}
	if (!check_root(root, error))
		return NULL;
	char *found = local_store_find(root, name, identity, &why_store);
	if (found)
		return found;
	bool explained = false;
	found = try_folder(root, name, identity, &explained, error);
	if (!found && !explained)
		error_set(error, why_store.code, "%s", why_store.text);
	return found;
}
