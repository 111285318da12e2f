/* A kernel's life, and the order in which it is read. */
#include "dump/kernel/kernel.h"

#include <stdlib.h>

#include "dump/kernel/found.h"
#include "dump/kernel/steps.h"
#include "dump/kernel/tokens.h"
#include "evidence/snapshot.h"

struct kernel *kernel_create(struct dump_file *dump, struct error *error)
{
	struct dump_page_counts pages;
	struct kernel *kernel = calloc(1, sizeof *kernel);
	if (kernel)
		kernel->inside = calloc(1, sizeof *kernel->inside);
	if (!kernel || !kernel->inside)
		goto no_memory;
	kernel->dump = dump;
	kernel->token_objects = kernel->token_handles = NUMBER_UNKNOWN;
	kernel->moved = dump_may_have_moved(dump_file_header(dump));
	error_set(&kernel->no_symbol, EXIT_INCONCLUSIVE, "no symbols were looked for");
	dump_file_count_pages(dump, &pages);
	kernel->inside->budget = pages.stored * DUMP_PAGE_SIZE;
	kernel->inside->leaf_budget = pages.stored;
	layout_bootstrap(&kernel->inside->layout);
	kernel->space = address_space_create(dump, dump_file_header(dump)->directory_table_base);
	kernel->inside->strings = intern_create();
	kernel->inside->stacks = stacks_create();
	kernel->inside->frames = frames_create();
	if (!kernel->space || !kernel->inside->strings || !kernel->inside->stacks ||
	    !kernel->inside->frames)
		goto no_memory;
	if (image_find(kernel, error))
		return kernel;
	kernel_destroy(kernel);
	return NULL;
no_memory:
	error_memory(error);
	kernel_destroy(kernel);
	return NULL;
}

void kernel_destroy(struct kernel *kernel)
{
	if (!kernel)
		return;
	struct kernel_private *inside = kernel->inside;
	if (inside) {
		frames_destroy(inside->frames);
		stacks_destroy(inside->stacks);
		address_map_deinit(&inside->logon_at);
		address_map_deinit(&inside->token_at);
		address_map_deinit(&inside->process_of);
		address_map_deinit(&inside->process_at);
		pdb_close(inside->pdb);
		intern_destroy(inside->strings);
		free(inside);
	}
	free(kernel->lacks);
	free(kernel->pdb_path);
	free(kernel->modules);
	free(kernel->processes);
	free(kernel->logons);
	free(kernel->tokens);
	free(kernel->holders);
	free(kernel->kept);
	address_space_destroy(kernel->space);
	free(kernel);
}

bool kernel_find_symbols(struct kernel *kernel, struct symbol_store *store, struct error *error)
{
	if (image_find_symbols(kernel, store, error))
		return true;
	error->code = EXIT_INCONCLUSIVE; /* whatever it was, the answer is missing */
	kernel->no_symbol = *error;
	layout_bootstrap(&kernel->inside->layout);
	return false;
}

bool kernel_read(
    struct kernel *kernel, kernel_progress *progress, void *context, struct error *error)
{
	kernel->inside->progress = progress;
	kernel->inside->context = context;
	if (!modules_read(kernel, error))
		return false;
	if (!kernel->has_symbols)
		return true;
	const bool ahead = read_ahead_all(kernel);
	if (!processes_read(kernel, error) || !variables_read(kernel, error))
		return false;
	if (!ahead)
		read_ahead_objects(kernel);
	if (!logon_sessions_read(kernel, error))
		return false;
	if (!variables_learn_token_type(kernel, error))
		return false;
	tokens_prepare(kernel);
	const bool good =
	    (unloaded_read(kernel) || error_memory(error)) && tokens_read_lists(kernel, 0, error) &&
	    holders_read_sessions(kernel, 0, error) && holders_read_processes(kernel, error) &&
	    handles_read(kernel, error) && holders_read_exited(kernel, error) &&
	    threads_read(kernel, error) && unlisted_logons_read(kernel, error) &&
	    process_sessions_read(kernel, error);
	logon_sessions_check(kernel);
	logon_types_read(kernel);
	return good;
}
