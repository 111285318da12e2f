#include "commands/output_options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/suggest.h"
#include "common/text.h"

#define OPTION_JSON 0x100
#define OPTION_FORCE 0x101
#define LIST_TEXT 160

const struct output_form output_text = {"text", ".txt"}, output_json = {"json", ".json"};

static const char *word_of(const struct output_options *options, size_t i, bool ending)
{
	return ending ? options->forms[i]->ending : options->forms[i]->name;
}

/* A form before this one has the same word. */
static bool is_repeated(const struct output_options *options, size_t i, bool ending)
{
	size_t first = 0;
	while (strcmp(word_of(options, first, ending), word_of(options, i, ending)) != 0)
		first++;
	return first < i;
}

/* "text, json or html", or the same of endings, each once; `after_first` stands behind the first. */
static const char *list_forms(const struct output_options *options, bool endings,
    const char *after_first, char out[LIST_TEXT])
{
	size_t used = 0, last = options->form_count - 1;
	while (is_repeated(options, last, endings))
		last--;
	for (size_t i = 0; i <= last && used < LIST_TEXT; i++) {
		if (is_repeated(options, i, endings))
			continue;
		used += (size_t)snprintf(out + used, LIST_TEXT - used, "%s%s%s",
		    i == 0      ? ""
		    : i == last ? " or "
		                : ", ",
		    word_of(options, i, endings), i == 0 ? after_first : "");
	}
	return out;
}

void output_refuse(struct argp_state *state, struct error *error)
{
	text_make_safe(
	    error
	        ->text); /* it quotes the command line, where a shell may have put names of files */
	argp_error(state, "%s", error->text);
}

static const struct output_form *form_named(
    const struct output_options *options, const char *name, struct argp_state *state)
{
	struct suggestion suggestion;
	char words[SUGGESTION_TEXT], list[LIST_TEXT];
	struct error error;
	suggest_begin(&suggestion, name);
	for (size_t i = 0; i < options->form_count; i++) {
		if (strcmp(options->forms[i]->name, name) == 0)
			return options->forms[i];
		suggest_offer(&suggestion, options->forms[i]->name);
	}
	error_set(&error, EXIT_USAGE, "--format: \"%s\" should be %s%s", name,
	    list_forms(options, false, "", list), suggest_words(&suggestion, words));
	output_refuse(state, &error);
	return NULL;
}

static bool ends_in(const char *path, const char *ending)
{
	const size_t length = strlen(path), end = strlen(ending);
	return length > end && strcmp(path + length - end, ending) == 0;
}

const struct output_form *output_form_of(
    const struct output_options *options, const char *path, struct error *error)
{
	const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
	struct suggestion suggestion;
	char words[SUGGESTION_TEXT], list[LIST_TEXT];
	suggest_begin(&suggestion, dot ? dot : "");
	for (size_t i = 0; i < options->form_count; i++) {
		if (ends_in(path, options->forms[i]->ending))
			return options->forms[i];
		suggest_offer(&suggestion, options->forms[i]->ending);
	}
	error_set(error, EXIT_USAGE, "%s: the end of the name says what is written: %s%s", path,
	    list_forms(options, true, "", list), suggest_words(&suggestion, words));
	return NULL;
}

/* The ending is that of another form. */
static bool contradicts(const struct output_options *options)
{
	const struct output_form *named = output_form_of(options, options->path, NULL);
	return named && strcmp(named->ending, options->form->ending) != 0;
}

static void choose_form(struct output_options *options, struct argp_state *state)
{
	struct error error;
	if (options->wants_json) {
		if (options->form_given && strcmp(options->form->name, "json") != 0)
			argp_error(state, "--json and --format %s contradict each other",
			    options->form->name);
		options->form = form_named(options, "json", state);
		options->form_given = true;
	}
	if (!options->form)
		options->form = options->forms[0];
	if (!options->path || result_file_is_special(options->path))
		return;
	if (!options->form_given) {
		options->form = output_form_of(options, options->path, &error);
		if (!options->form)
			output_refuse(state, &error);
	} else if (contradicts(options)) {
		error_set(&error, EXIT_USAGE, "the name of %s is of %s, --format of %s",
		    options->path, output_form_of(options, options->path, NULL)->name,
		    options->form->name);
		output_refuse(state, &error);
	}
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct output_options *options = state->input;
	switch (key) {
	case 'f':
		options->form = form_named(options, argument, state);
		options->form_given = true;
		return 0;
	case OPTION_JSON:
		options->wants_json = true;
		return 0;
	case 'o':
		options->path = argument;
		return 0;
	case OPTION_FORCE:
		options->force = true;
		return 0;
	case ARGP_KEY_END:
		choose_form(options, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* What is different from verb to verb; NULL: nothing is shown. */
static char *help(int key, const char *text, void *input)
{
	const struct output_options *options = input;
	char list[LIST_TEXT], *words = NULL;
	if (!options || (key != 'f' && key != 'o'))
		return (char *)text;
	if (key == 'f')
		list_forms(options, false, options->form_count > 1 ? " (default)" : "", list);
	else
		list_forms(options, true, "", list);
	return asprintf(&words, text, list) < 0 ? NULL : words;
}

static const struct argp_option option_list[] = {
    {"format", 'f', "FORM", 0, "%s", 0},
    {"json", OPTION_JSON, NULL, 0, "Short for --format json", 0},
    {"output", 'o', "FILE", 0,
        "Write there, in the form that the name's end says (%s), not to standard output", 0},
    {"force", OPTION_FORCE, NULL, 0, "Replace files that exist", 0},
    {0},
};

const struct argp output_argp = {
    .options = option_list, .parser = parse_option, .help_filter = help};

static bool same_file(const char *a, const char *b)
{
	struct stat one, other;
	return stat(a, &one) == 0 && stat(b, &other) == 0 && S_ISREG(one.st_mode) &&
	       one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

bool output_check(
    const struct output_options *options, char *const *read, size_t read_count, struct error *error)
{
	if (!options->path)
		return true;
	for (size_t i = 0; i < read_count; i++) {
		if (same_file(options->path, read[i]))
			return error_set(error, EXIT_USAGE,
			    "%s is evidence that is read here, and will not be overwritten; name another file",
			    options->path);
	}
	return result_file_check(options->path, options->force, error);
}

bool output_open(struct output *output, const struct output_options *options, struct error *error)
{
	*output = (struct output){.stream = stdout, .is_file = options->path};
	if (!options->path)
		return true;
	if (!result_file_open(&output->file, options->path, options->force, error))
		return false;
	output->stream = output->file.stream;
	return true;
}

bool output_close(struct output *output, bool good, struct error *error)
{
	if (output->is_file)
		return result_file_close(&output->file, good, error);
	if (fflush(stdout) != 0 || ferror(stdout))
		return error_set(
		    error, EXIT_TARGET, "writing to standard output: %s", strerror(errno));
	return good;
}
