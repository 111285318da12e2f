/* One option parser for show and compare. */
#include "commands/evidence_options.h"

#include <argp.h>
#include <stdlib.h>

#include "common/duration.h"

struct parsing {
	struct evidence_options *options;
	const struct evidence_words *words;
};

bool terms_parse(struct leak_terms *terms, int key, const char *text, struct argp_state *state)
{
	int64_t *out = key == TERMS_RELEASE_TIME   ? &terms->release_time
	               : key == TERMS_AFTER_LOGOFF ? &terms->after_logoff
	                                           : NULL;
	if (!out)
		return false;
	if (!duration_parse(text, out))
		argp_error(state, "--%s: \"%s\" should be a time like 25m",
		    key == TERMS_RELEASE_TIME ? "release-time" : "after-logoff", text);
	return true;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct parsing *parsing = state->input;
	struct evidence_options *options = parsing->options;
	if (terms_parse(&options->terms, key, argument, state))
		return 0;
	switch (key) {
	case EVIDENCE_HOST:
		options->host = argument;
		return 0;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->output;
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
	static const struct output_form *const forms[] = {&output_text, &output_json};
	const struct argp_child children[] = {{&output_argp, 0, NULL, 0}, {0}};
	const struct argp argp = {
	    .options = words->options,
	    .children = children,
	    .parser = parse_option,
	    .args_doc = words->arguments,
	    .doc = words->doc,
	};
	struct parsing parsing = {options, words};
	*options = (struct evidence_options){
	    .output = {.forms = forms, .form_count = 2}, .terms = TERMS_NONE};
	struct error error;
	if (argp_parse(&argp, argc, argv, 0, NULL, &parsing) != 0)
		exit(EXIT_USAGE);
	if (!output_check(&options->output, options->paths, options->count, &error))
		exit(error_print(&error, PROGRAM));
}
