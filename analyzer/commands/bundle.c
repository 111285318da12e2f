/* bundle: a run for sending. */
#include "commands/command.h"

#include <argp.h>
#include <stdlib.h>

#include "bundle/bundle.h"
#include "commands/output_options.h"

struct options {
	char *path;
	struct output_options output;
	bool pseudonymise;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->output;
		return 0;
	case 'p':
		options->pseudonymise = true;
		return 0;
	case ARGP_KEY_ARG:
		if (options->path)
			argp_error(state, "one run file at a time");
		options->path = argument;
		return 0;
	case ARGP_KEY_END:
		if (!options->path)
			argp_error(state, "which run file?");
		if (!options->output.path)
			argp_error(state, "where to? give -o FILE.tar.gz");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option option_list[] = {
    {"pseudonymise", 'p', NULL, 0,
        "replace names of users, domains and hosts, SIDs and IP addresses", 0},
    {0},
};

static const struct output_form archive = {"tar.gz", ".tar.gz"}, short_name = {"tar.gz", ".tgz"};
static const struct output_form *const forms[] = {&archive, &short_name};
static const struct argp_child children[] = {{&output_argp, 0, NULL, 0}, {0}};

static const struct argp argp = {
    .options = option_list,
    .children = children,
    .parser = parse_option,
    .args_doc = "RUN",
    .doc =
        "Packs a run for sending: the run file, reports of it in all forms, and SHA256SUMS.\v"
        "With --pseudonymise the same name becomes the same pseudonym everywhere, in the tables, in "
        "what observers printed, in messages and in the reports, so that everything that belongs "
        "together still does and the verdict is the same. Pseudonyms follow from a random key that is not kept: nobody can "
        "turn them back, not even you. Names of programs, session IDs, "
        "LUIDs and times stay. Free text is searched for the names that are in the run's tables; read through the archive "
        "before you send it.\n\n"
        "Examples:\n"
        "  leaklab bundle monday.leaklab -o monday.tar.gz\n"
        "  leaklab bundle monday.leaklab --pseudonymise -o for-vendor.tar.gz",
};

static int run(int argc, char **argv)
{
	struct options options = {.output = {.forms = forms, .form_count = 2}};
	struct error error;
	if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0)
		return EXIT_USAGE;
	if (!output_check(&options.output, &options.path, 1, &error) ||
	    !bundle_write(options.path, options.output.path, options.output.force,
	        options.pseudonymise, &error))
		return error_print(&error, PROGRAM);
	return EXIT_CLEAN;
}

const struct command command_bundle = {
    .name = "bundle",
    .run = run,
};
