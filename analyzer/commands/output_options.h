/* In which form a verb writes its result, and where to. --format, --json, --output and --force are the same for all of them. */
#ifndef LEAKLAB_OUTPUT_OPTIONS_H
#define LEAKLAB_OUTPUT_OPTIONS_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/result_file.h"

/* A form that a result can have. */
struct output_form {
	const char *name;   /* "markdown" */
	const char *ending; /* of files: ".md" */
};

extern const struct output_form output_text, output_json;

struct output_options {
	/* Set before parsing: what the verb writes, the default first. */
	const struct output_form *const *forms;
	size_t form_count;

	const struct output_form *form;
	const char *path; /* NULL: standard output */
	bool force;       /* files that exist are replaced */
	bool form_given, wants_json;
};

/* A child of each verb's own; its input is the verb's struct output_options. */
extern const struct argp output_argp;

/* The form that the ending of the path names. NULL with an error that lists those that the verb writes. */
const struct output_form *output_form_of(
    const struct output_options *options, const char *path, struct error *error);
/* Ends the program with the usage error. */
void output_refuse(struct argp_state *state, struct error *error);
/* False if the result may not be written to where it is to be: before anything is read. `read`: files that are read, which are not
 * replaced by what is made of them. */
bool output_check(const struct output_options *options, char *const *read, size_t read_count,
    struct error *error);

struct output {
	struct result_file file;
	FILE *stream;
	bool is_file;
};
/* output_close() must follow if this succeeds. */
bool output_open(struct output *output, const struct output_options *options, struct error *error);
/* good: whether all was printed; if not, error says why. Returns whether the result has arrived. */
bool output_close(struct output *output, bool good, struct error *error);

#endif
