/* One option parser for judge, show and compare. */
#include "evidence_options.h"

#include <argp.h>
#include <stdlib.h>

struct parsing {
	struct evidence_options *options;
	const struct evidence_words *words;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct parsing *parsing = state->input;
	struct evidence_options *options = parsing->options;
	switch (key) {
	case 'f':
		if (!output_format_parse(argument, &options->format))
			argp_error(state, "--format: \"%s\" should be text or json", argument);
		return 0;
	case ARGP_KEY_ARGS:
		options->paths = state->argv + state->next;
		options->count = (size_t)(state->argc - state->next);
		state->next = state->argc;
		if (options->count > parsing->words->most)
			argp_error(state, "%s", parsing->words->many);
		if (options->count < parsing->words->least)
			argp_error(state, "%s", parsing->words->missing);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "%s", parsing->words->missing);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

void evidence_options_parse(
    struct evidence_options *options, const struct evidence_words *words, int argc, char **argv)
{
	const struct argp_option list[] = {
	    {"format", 'f', "FORMAT", 0, words->format_help, 0},
	    {0},
	};
	const struct argp argp = {
	    .options = list,
	    .parser = parse_option,
	    .args_doc = words->arguments,
	    .doc = words->doc,
	};
	struct parsing parsing = {options, words};
	*options = (struct evidence_options){.format = OUTPUT_TEXT};
	if (argp_parse(&argp, argc, argv, 0, NULL, &parsing) != 0)
		exit(EXIT_USAGE);
}
