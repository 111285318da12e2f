/* An answer's life: the dump becomes evidence, the leak rule finds orphans in it, and their tokens name the culprits. */
#include "dump/answer/answer.h"

#include <stdlib.h>
#include <string.h>

#include "dump/answer/inside.h"

struct answer *answer_create(
    struct kernel *kernel, const struct leak_terms *terms, struct error *error)
{
	struct answer *answer = calloc(1, sizeof *answer);
	if (answer) {
		answer->kernel = kernel;
		answer->holders_seen = kernel_holders_seen(kernel);
		answer->snapshot = kernel_to_snapshot(kernel, answer->holders_seen);
		answer->leak = leak_create(terms);
	}
	if (answer && answer->snapshot && answer->leak &&
	    leak_add(answer->leak, answer->snapshot, answer->snapshot->time, 0) &&
	    luid_order_init(&answer->order, kernel) && answer_find_orphans(answer) &&
	    answer_find_kept(answer) && answer_find_culprits(answer))
		return answer;
	answer_destroy(answer);
	error_memory(error);
	return NULL;
}

void answer_destroy(struct answer *answer)
{
	if (!answer)
		return;
	free(answer->orphans);
	free(answer->referred);
	free(answer->holders);
	free(answer->creators);
	free(answer->links);
	free(answer->variants);
	free(answer->paths);
	free(answer->kept);
	luid_order_deinit(&answer->order);
	leak_destroy(answer->leak);
	snapshot_destroy(answer->snapshot);
	free(answer);
}

struct snapshot *dump_to_snapshot(const char *path, struct symbol_store *store, struct error *error)
{
	struct snapshot *snapshot = NULL;
	struct kernel *kernel = NULL;
	struct dump_file *dump = dump_file_open(path, error);
	if (!dump || !dump_file_find_pages(dump, error))
		goto out;
	kernel = kernel_create(dump, error);
	if (!kernel || !kernel_find_symbols(kernel, store, error) ||
	    !kernel_read(kernel, NULL, NULL, error))
		goto out;
	snapshot = kernel_to_snapshot(kernel, kernel_holders_seen(kernel));
	if (!snapshot)
		error_memory(error);
out:
	if (!snapshot && !strstr(error->text, path))
		error_prefix(error, "%s", path);
	kernel_destroy(kernel);
	dump_file_close(dump);
	return snapshot;
}
