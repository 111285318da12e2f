/* leaklab-symbol-find PATH NAME GUIDAGE [STOP-AFTER]: looks for a PDB on a symbol path and prints where it is; progress
 * goes to stderr. STOP-AFTER: bytes after which fetching is stopped, as a user would. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump/symbols/symbol_store.h"

static bool show_progress(void *context, const char *name, uint64_t done, uint64_t total)
{
	const uint64_t *stop_after = context;
	fprintf(stderr, "progress %s %" PRIu64 " %" PRIu64 "\n", name, done, total);
	return *stop_after == 0 || done < *stop_after;
}

/* The GUID as its text has it, and the age. */
static bool parse_identity(const char *text, struct pdb_identity *out)
{
	static const uint8_t order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
	unsigned value;
	if (strlen(text) < 33)
		return false;
	for (size_t i = 0; i < 16; i++) {
		if (sscanf(text + 2 * i, "%2x", &value) != 1)
			return false;
		out->guid[order[i]] = (uint8_t)value;
	}
	out->age = (uint32_t)strtoul(text + 32, NULL, 16);
	return true;
}

int main(int argc, char **argv)
{
	struct error error = {0};
	struct pdb_identity identity;
	uint64_t stop_after = argc > 4 ? strtoull(argv[4], NULL, 10) : 0;
	if (argc < 4 || !parse_identity(argv[3], &identity)) {
		error_set(&error, EXIT_USAGE,
		    "usage: leaklab-symbol-find PATH NAME GUIDAGE [STOP-AFTER]");
		return error_print(&error, "leaklab-symbol-find");
	}
	struct symbol_store *store = symbol_store_create(&error);
	char *found = NULL;
	if (store && symbol_store_add(store, argv[1], "--symbols", &error)) {
		symbol_store_set_progress(store, show_progress, &stop_after);
		symbol_store_set_patience(store, 2);
		found = symbol_store_find(store, argv[2], &identity, &error);
		if (found)
			printf("%s\n", found);
	}
	free(found);
	symbol_store_destroy(store);
	return error.text[0] ? error_print(&error, "leaklab-symbol-find") : 0;
}
