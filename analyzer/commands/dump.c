/* dump: from a memory dump to the culprit. */
#include "commands/command.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/timestamp.h"
#include "dump/answer/answer.h"
#include "evidence/snapshot.h"
#include "commands/evidence_options.h"
#include "commands/output_options.h"

struct order {
	const char *symbols;
	char *path;
	struct output_options output;
	bool verbose, all;
	struct leak_terms terms;
};

/* Evidence for show, compare and judge. */
static const struct output_form output_snapshot = {"snapshot", ".json"};
static const struct output_form *const forms[] = {&output_text, &output_json, &output_snapshot};

static const struct argp_option options[] = {
    {"symbols", 's', "PATH", 0,
        "Where PDBs are, as in _NT_SYMBOL_PATH, which is searched after it: folders, symbol stores, srv*CACHE*URL",
        0},
    {"verbose", 'v', NULL, 0, "Every culprit, orphan, token and holder, not only the worst", 0},
    {"all", 'a', NULL, 0,
        "Every logon session, with each of its tokens: user, session, stack, holders", 0},
    TERMS_OPTIONS,
    {0},
};

static const char documentation[] =
    "Says who leaks tokens, and who holds them now, from a memory dump of a Windows x64 host."
    "\v"
    "The dump is a kernel, active or complete one. Layouts come from the kernel's own PDB, which must match the dump; Microsoft's symbol "
    "server has it:\n\n"
    "  leaklab dump MEMORY.DMP \\\n"
    "    --symbols 'srv*symbols*https://msdl.microsoft.com/download/symbols'\n\n"
    "A dump seldom proves how long ago a session ended, so an orphan in it is not a leak yet: give --after-logoff if you know. "
    "Exit codes: 0 nothing is left over; 1 orphans that are old enough for a leak; 2 usage, or a file that is "
    "refused; 3 cannot say; 4 the environment failed. A dump holds secrets: only names, numbers and times of it are printed. leaklab-dump(1) "
    "explains more.";

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct order *order = state->input;
	if (terms_parse(&order->terms, key, text, state))
		return 0;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &order->output;
		return 0;
	case 's':
		order->symbols = text;
		return 0;
	case 'v':
		order->verbose = true;
		return 0;
	case 'a':
		order->all = true;
		return 0;
	case ARGP_KEY_ARG:
		if (order->path)
			argp_error(state, "one dump at a time");
		order->path = text;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which dump?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- progress: one line, on a terminal only ---- */

struct progress {
	bool is_shown;
	int64_t last;
};

static void show(
    struct progress *progress, const char *what, const char *name, uint64_t done, uint64_t total)
{
	int64_t now = timestamp_monotonic();
	if (!progress->is_shown || now - progress->last < 200000)
		return;
	progress->last = now;
	fprintf(stderr, "\r%s %.40s %llu", what, name, (unsigned long long)done);
	if (total)
		fprintf(stderr, " of %llu", (unsigned long long)total);
	fputs("\033[K", stderr);
}

static bool show_download(void *context, const char *name, uint64_t done, uint64_t total)
{
	show(context, "fetching", name, done >> 10, total >> 10);
	return true;
}

static void show_reading(void *context, const char *what, uint64_t done, uint64_t total)
{
	show(context, "reading", what, done, total);
}

static void end_progress(struct progress *progress)
{
	if (progress->is_shown && progress->last)
		fputs("\r\033[K", stderr);
}

/* ---- output ---- */

static bool print(
    const struct order *order, const struct telling *telling, FILE *out, struct error *error)
{
	if (order->output.form == &output_text) {
		answer_print_text(telling, out);
		return true;
	}
	if (order->output.form == &output_json) {
		answer_print_json(telling, out);
		return true;
	}
	if (!telling->answer) {
		*error = telling->kernel->no_symbol;
		return false;
	}
	return snapshot_write_json(telling->answer->snapshot, out, error);
}

static bool print_all(const struct order *order, const struct telling *telling, struct error *error)
{
	struct output output;
	return output_open(&output, &order->output, error) &&
	       output_close(&output, print(order, telling, output.stream, error), error);
}

/* ---- the way from file to answer ---- */

static bool answer(const struct order *order, struct kernel *kernel, struct symbol_store *store,
    struct progress *progress, int *code, struct error *error)
{
	struct error missing; /* the kernel keeps it, too */
	kernel_find_symbols(kernel, store, &missing);
	if (!kernel_read(kernel, show_reading, progress, error))
		return false;
	end_progress(progress);
	struct answer *found =
	    kernel->has_symbols ? answer_create(kernel, &order->terms, error) : NULL;
	if (kernel->has_symbols && !found)
		return false;
	struct telling telling = {.path = order->path,
	    .answer = found,
	    .kernel = kernel,
	    .store = store,
	    .verbose = order->verbose,
	    .all = order->all};
	*code = found ? (int)answer_exit_code(found) : EXIT_INCONCLUSIVE;
	bool good = print_all(order, &telling, error);
	answer_destroy(found);
	return good;
}

static bool run_order(const struct order *order, int *code, struct error *error)
{
	struct progress progress = {.is_shown = isatty(STDERR_FILENO)};
	struct kernel *kernel = NULL;
	struct dump_file *dump = NULL;
	bool good = false;
	struct symbol_store *store = NULL;
	if (!output_check(&order->output, &order->path, 1, error))
		return false; /* now, not when all is read */
	store = symbol_store_create(error);
	if (!store || !symbol_store_add(store, order->symbols, "--symbols", error) ||
	    !symbol_store_add(store, getenv("_NT_SYMBOL_PATH"), "_NT_SYMBOL_PATH", error))
		goto out;
	symbol_store_set_progress(store, show_download, &progress);
	dump = dump_file_open(order->path, error);
	if (!dump || !dump_file_find_pages(dump, error))
		goto out;
	kernel = kernel_create(dump, error);
	if (!kernel)
		error_prefix(error, "%s", order->path);
	good = kernel && answer(order, kernel, store, &progress, code, error);
	end_progress(&progress);
out:
	kernel_destroy(kernel);
	dump_file_close(dump);
	symbol_store_destroy(store);
	return good;
}

static int run(int argc, char **argv)
{
	const struct argp_child children[] = {{&output_argp, 0, NULL, 0}, {0}};
	const struct argp argp = {.options = options,
	    .parser = parse,
	    .children = children,
	    .args_doc = "MEMORY.DMP",
	    .doc = documentation};
	struct order order = {
	    .output = {.forms = forms, .form_count = sizeof forms / sizeof forms[0]},
	    .terms = TERMS_NONE};
	struct error error;
	int code = EXIT_CLEAN;
	if (argp_parse(&argp, argc, argv, 0, NULL, &order) != 0)
		return EXIT_USAGE;
	return run_order(&order, &code, &error) ? code : error_print(&error, PROGRAM);
}

const struct command command_dump = {
    .name = "dump",
    .run = run,
};
