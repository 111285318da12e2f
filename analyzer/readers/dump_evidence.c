/* Where the symbols of a dump come from when nobody names them. */
#include "readers/dump_evidence.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dump/answer/answer.h"

bool dump_evidence_is(int fd)
{
	char bytes[DUMP_SIGNATURE_LENGTH];
	return pread(fd, bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes &&
	       dump_is_memory_dump(bytes, sizeof bytes);
}

struct snapshot *dump_evidence_read(const char *path, struct error *error)
{
	struct snapshot *snapshot = NULL;
	char *copy = strdup(path);
	struct symbol_store *store = symbol_store_create(error);
	if (!copy)
		error_memory(error);
	else if (store && symbol_store_add(store, dirname(copy), "the dump's folder", error) &&
	         symbol_store_add(store, getenv("_NT_SYMBOL_PATH"), "_NT_SYMBOL_PATH", error))
		snapshot = dump_to_snapshot(path, store, error);
	symbol_store_destroy(store);
	free(copy);
	return snapshot;
}
