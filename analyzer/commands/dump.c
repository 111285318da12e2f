/* dump: from a memory dump to the culprit. */
#include "commands/command.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/result_file.h"
#include "common/timestamp.h"
#include "dump/answer/answer.h"
#include "evidence/snapshot.h"
#include "commands/evidence_options.h"

enum dump_format { DUMP_TEXT, DUMP_JSON, DUMP_SNAPSHOT };

struct order {
	const char *path, *symbols, *output;
	enum dump_format format;
	bool verbose;
	struct leak_terms terms;
};

#define OPTION_FORMAT 'f'

static const struct argp_option options[] = {
    {"symbols", 's', "PATH", 0,
        "Where PDBs are: folders and symbol stores, separated by \";\" as in _NT_SYMBOL_PATH (which is searched after this "
        "one); srv*CACHE*URL fetches from a server",
        0},
    {"format", OPTION_FORMAT, "FORMAT", 0,
        "text (default), json (schema leaklab.dump/2) or snapshot (leaklab.snapshot/2, evidence for "
        "show, compare and judge)",
        0},
    {"verbose", 'v', NULL, 0,
        "Every culprit, orphan, token and holder, and what is damaged; default: the worst", 0},
    TERMS_OPTIONS,
    {"output", 'o', "FILE", 0, "Write the result to FILE (mode 0600) too", 0},
    {0},
};

static const char documentation[] =
    "Says who leaks tokens, and who holds them now, from a memory dump of a Windows x64 host."
    "\v"
    "The dump is a kernel, active or complete one (types 1, 2, 5, 6, 8, 9, 10); a small (triage) dump "
    "holds no logon sessions. Structure layouts come from the kernel's own PDB, which must match the dump: that is checked. "
    "Microsoft's symbol server has it:\n\n"
    "  leaklab dump MEMORY.DMP \\\n"
    "    --symbols 'srv*symbols*https://msdl.microsoft.com/download/symbols'\n\n"
    "Without it, only the dump's header and modules are shown, and which file is missing.\n\n"
    "An orphaned logon session is one that outlived its RDS session: no process runs in the session any more, or the session "
    "is another user's now. Holders are handles, tokens that processes and threads run with, and the "
    "logon session itself; references beyond them are the kernel's, which no handle viewer shows. "
    "lsass and System release once the last other holder has; they come last.\n\n"
    "Healthy holders release up to " RELEASE_TIME_WORDS
    " after the logoff (published investigations: 10 to 20). A dump seldom proves how long ago a session ended, so an orphan "
    "in it is not a leak yet: give --after-logoff if you know.\n\n"
    "To know who made a token, and by which calls, leak tracking must have been on when the host "
    "started: `leaklab-probe arm` on the host turns it on for the next start. A host writes a dump on an NMI, or by "
    "`notmyfault /crash`; wait " RELEASE_TIME_WORDS " after the last logoff.\n\n"
    "A dump holds secrets: passwords, keys, documents. Of its memory, only what is named above is printed. Keep it as you "
    "would keep the host.\n\n"
    "Exit codes: 0 nothing is left over; 1 orphans that are old enough for a leak; 2 usage, or a file that is "
    "refused; 3 cannot say (orphans of unknown age, no symbols, too much missing, a file that is cut short); 4 the "
    "environment failed.";

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct order *order = state->input;
	if (terms_parse(&order->terms, key, text, state))
		return 0;
	switch (key) {
	case 's':
		order->symbols = text;
		return 0;
	case OPTION_FORMAT:
		if (strcmp(text, "text") == 0)
			order->format = DUMP_TEXT;
		else if (strcmp(text, "json") == 0)
			order->format = DUMP_JSON;
		else if (strcmp(text, "snapshot") == 0)
			order->format = DUMP_SNAPSHOT;
		else
			argp_error(
			    state, "--format: \"%s\" should be text, json or snapshot", text);
		return 0;
	case 'v':
		order->verbose = true;
		return 0;
	case 'o':
		order->output = text;
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
	char *json;
	switch (order->format) {
	case DUMP_TEXT:
		answer_print_text(telling, out);
		return true;
	case DUMP_JSON:
		answer_print_json(telling, out);
		return true;
	case DUMP_SNAPSHOT:
		break;
	}
	if (!telling->answer) {
		*error = telling->kernel->no_symbol;
		return false;
	}
	json = snapshot_to_json(telling->answer->snapshot, error);
	if (json)
		fprintf(out, "%s\n", json);
	free(json);
	return json;
}

static bool print_to_file(
    const struct order *order, const struct telling *telling, struct error *error)
{
	struct result_file file;
	return result_file_open(&file, order->output, error) &&
	       result_file_close(&file, print(order, telling, file.stream, error), error);
}

static bool print_all(const struct order *order, const struct telling *telling, struct error *error)
{
	return print(order, telling, stdout, error) &&
	       (!order->output || print_to_file(order, telling, error));
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
	    .verbose = order->verbose};
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
	if (order->output && !result_file_check(order->output, error))
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
	const struct argp argp = {
	    .options = options, .parser = parse, .args_doc = "MEMORY.DMP", .doc = documentation};
	struct order order = {.format = DUMP_TEXT, .terms = TERMS_NONE};
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
