/* In which order places are looked at, and what is said when none has the file. */
#include "dump/symbols/symbol_store.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/array.h"
#include "common/text.h"
#include "dump/symbols/cache.h"
#include "dump/symbols/download.h"
#include "dump/symbols/local_store.h"
#include "dump/symbols/symbol_path.h"

#define NAME_LONGEST 128
#define PATIENCE 30
#define TRIES 5 /* of a server whose connections break; each must bring something */

/* A place that the last symbol_store_find() asked and that did not have it, in order. */
struct symbol_attempt {
	char *place;
	char *why;
};

struct symbol_store {
	struct symbol_path path;
	struct symbol_attempt *attempt;
	size_t attempts;
	symbol_progress *progress;
	void *context;
	unsigned patience;
};

/* What is looked for. */
struct wanted {
	const char *name;
	const struct pdb_identity *identity;
	char *store_path;
};

struct symbol_store *symbol_store_create(struct error *error)
{
	struct symbol_store *store = calloc(1, sizeof *store);
	if (!store) {
		error_memory(error);
		return NULL;
	}
	store->patience = PATIENCE;
	return store;
}

static void forget_attempts(struct symbol_store *store)
{
	for (size_t i = 0; i < store->attempts; i++) {
		free(store->attempt[i].place);
		free(store->attempt[i].why);
	}
	free(store->attempt);
	store->attempt = NULL;
	store->attempts = 0;
}

void symbol_store_destroy(struct symbol_store *store)
{
	if (!store)
		return;
	forget_attempts(store);
	symbol_path_deinit(&store->path);
	free(store);
}

bool symbol_store_add(
    struct symbol_store *store, const char *path, const char *origin, struct error *error)
{
	return !path || !*path || symbol_path_parse(&store->path, path, error) ||
	       error_prefix(error, "%s", origin);
}

void symbol_store_set_progress(struct symbol_store *store, symbol_progress *progress, void *context)
{
	store->progress = progress;
	store->context = context;
}

void symbol_store_set_patience(struct symbol_store *store, unsigned seconds)
{
	store->patience = seconds;
}

char *symbol_store_path(const char *name, const struct pdb_identity *identity)
{
	char text[PDB_IDENTITY_TEXT], *path = NULL;
	if (asprintf(&path, "%s/%s/%s", name, pdb_identity_text(identity, text), name) < 0)
		return NULL;
	return path;
}

/* A name from a dump becomes part of paths and URLs. */
static bool check_name(const char *name, struct error *error)
{
	size_t length = strlen(name);
	bool good = length > 4 && length <= NAME_LONGEST && name[0] != '.' && name[0] != ' ' &&
	            strcasecmp(name + length - 4, ".pdb") == 0;
	for (const char *at = name; good && *at; at++)
		good = *at >= ' ' && *at <= '~' && !strchr("/\\:*?\"<>|%#;", *at);
	if (good)
		return true;
	char shown[64];
	snprintf(shown, sizeof shown, "%s", name);
	text_make_safe(shown);
	return error_set(error, EXIT_USAGE,
	    "\"%s\" is not looked for: only a bare file name that ends in .pdb can be a PDB's",
	    shown);
}

static void note_attempt(struct symbol_store *store, const char *place, const char *why)
{
	if (!array_reserve(&store->attempt, store->attempts, sizeof *store->attempt))
		return;
	struct symbol_attempt attempt = {.place = strdup(place), .why = strdup(why)};
	if (attempt.place && attempt.why) {
		store->attempt[store->attempts++] = attempt;
	} else {
		free(attempt.place);
		free(attempt.why);
	}
}

/* ROOT/[two letters/]NAME/GUIDAGE/NAME, with the name as URLs spell it. */
static char *url_of(const char *root, const struct wanted *wanted, bool is_two_tier, bool is_packed)
{
	char escaped[3 * NAME_LONGEST + 1], id[PDB_IDENTITY_TEXT], tier[8] = "", *out = escaped,
	                                                           *url = NULL;
	for (const char *at = wanted->name; *at; at++) {
		bool plain = isalnum((unsigned char)*at) || strchr("-._~", *at);
		out += snprintf(out, 4, plain ? "%c" : "%%%02X", (unsigned char)*at);
	}
	if (is_two_tier)
		snprintf(tier, sizeof tier, "%.2s/", wanted->name);
	int kept = (int)strlen(escaped) - is_packed;
	if (asprintf(&url, "%s/%s%s/%s/%.*s%s", root, tier, escaped,
	        pdb_identity_text(wanted->identity, id), kept, escaped, is_packed ? "_" : "") < 0)
		return NULL;
	return url;
}

static struct download make_download(
    const struct symbol_store *store, const struct wanted *wanted, const char *url)
{
	return (struct download){
	    .url = url,
	    .name = wanted->name,
	    .patience = store->patience,
	    .progress = store->progress,
	    .context = store->context,
	};
}

static bool server_has(struct symbol_store *store, const struct wanted *wanted, const char *url)
{
	struct download download = make_download(store, wanted, url);
	return url && download_exists(&download);
}

static bool server_is_two_tier(
    struct symbol_store *store, struct place *place, const struct wanted *wanted)
{
	if (place->is_two_tier < 0) {
		char *url = NULL;
		if (asprintf(&url, "%s/index2.txt", place->where) < 0)
			return false;
		place->is_two_tier = server_has(store, wanted, url);
		free(url);
	}
	return place->is_two_tier;
}

/* Fetches until the file is whole, and checks it. A file that is wrong after it was resumed is fetched again once: the
 * server may have another one by now. */
static enum download_result fetch(const struct download *download, struct cache_entry *entry,
    const struct pdb_identity *identity, struct error *error)
{
	bool resumed = fseeko(entry->file, 0, SEEK_END) == 0 && ftello(entry->file) > 0;
	enum download_result result = DOWNLOAD_FAILED;
	for (int i = 0; i < TRIES; i++) {
		result = download_file(download, entry->file, error);
		bool is_wrong =
		    result == DOWNLOAD_NO_RESUME ||
		    (result == DOWNLOAD_DONE && !local_file_check(entry->partial, identity, error));
		if (is_wrong) {
			result = DOWNLOAD_FAILED;
			if (!cache_restart(entry, error) || !resumed)
				break;
			resumed = false;
		} else if (result != DOWNLOAD_BROKEN) {
			break;
		}
	}
	return result;
}

static char *fetch_into_cache(struct symbol_store *store, struct place *place,
    const struct wanted *wanted, bool is_two_tier, bool is_packed, enum download_result *result,
    struct error *error)
{
	struct cache_entry entry;
	char *found = NULL, *url = url_of(place->where, wanted, is_two_tier, is_packed),
	     *path = strdup(wanted->store_path);
	*result = DOWNLOAD_FAILED;
	if (!url || !path) {
		free(url);
		free(path);
		error_memory(error);
		return NULL;
	}
	if (is_packed)
		path[strlen(path) - 1] = '_';
	if (cache_begin(&entry, place->cache, path, error)) {
		struct download download = make_download(store, wanted, url);
		*result = fetch(&download, &entry, wanted->identity, error);
		if (*result == DOWNLOAD_DONE && cache_finish(&entry, error)) {
			found = entry.path;
			entry.path = NULL;
		}
		cache_end(&entry);
	}
	free(path);
	free(url);
	return found;
}

static char *find_on_server(struct symbol_store *store, struct place *place,
    const struct wanted *wanted, struct error *error)
{
	enum download_result result;
	bool is_two_tier = place->is_two_tier > 0;
	char *found = fetch_into_cache(store, place, wanted, is_two_tier, false, &result, error);
	if (result == DOWNLOAD_MISSING && !is_two_tier &&
	    server_is_two_tier(store, place, wanted)) {
		is_two_tier = true;
		found = fetch_into_cache(store, place, wanted, is_two_tier, false, &result, error);
	}
	if (result != DOWNLOAD_MISSING)
		return found;
	char *packed = url_of(place->where, wanted, is_two_tier, true);
	if (server_has(store, wanted, packed))
		found = fetch_into_cache(store, place, wanted, is_two_tier, true, &result, error);
	free(packed);
	return found;
}

static char *find_in_place(struct symbol_store *store, struct place *place,
    const struct wanted *wanted, struct error *error)
{
	switch (place->kind) {
	case PLACE_FOLDER:
		return local_folder_find(place->where, wanted->name, wanted->identity, error);
	case PLACE_STORE:
		return local_store_find(place->where, wanted->name, wanted->identity, error);
	case PLACE_SERVER:
		break;
	}
	return find_on_server(store, place, wanted, error);
}

/* Everything that was tried, as long as it fits. */
static void explain(
    const struct symbol_store *store, const struct wanted *wanted, struct error *error)
{
	char text[sizeof error->text];
	size_t used = (size_t)snprintf(text, sizeof text, "%s was not found", wanted->store_path);
	if (store->path.count == 0)
		snprintf(text + used, sizeof text - used,
		    ": no symbol path is set; give --symbols "
		    "'srv*CACHE*https://msdl.microsoft.com/download/symbols', or a folder that has it");
	for (size_t i = 0; i < store->attempts && used < sizeof text; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s %s: %s",
		    i ? ";" : ":", store->attempt[i].place, store->attempt[i].why);
	error_set(error, EXIT_TARGET, "%s", text);
}

char *symbol_store_find(struct symbol_store *store, const char *name,
    const struct pdb_identity *identity, struct error *error)
{
	forget_attempts(store);
	if (!check_name(name, error))
		return NULL;
	struct wanted wanted = {
	    .name = name, .identity = identity, .store_path = symbol_store_path(name, identity)};
	if (!wanted.store_path) {
		error_memory(error);
		return NULL;
	}
	char *found = NULL;
	for (size_t i = 0; i < store->path.count && !found; i++) {
		struct error why = {0};
		found = find_in_place(store, &store->path.place[i], &wanted, &why);
		if (!found)
			note_attempt(store, store->path.place[i].shown, why.text);
	}
	if (!found)
		explain(store, &wanted, error);
	free(wanted.store_path);
	return found;
}
