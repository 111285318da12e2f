/* What a run showed, as people and programs like to read it. The door of this folder. */
#ifndef LEAKLAB_REPORT_H
#define LEAKLAB_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "judge/judge.h"

struct report;

/* A form that a report can have. */
struct renderer {
	const char *name;   /* "html" */
	const char *suffix; /* of files: ".html" */
	bool full;          /* it shows the evidence, not only the verdict */
	bool (*render)(const struct report *report, FILE *out, struct error *error);
};
extern const struct renderer *const renderers[];
extern const size_t renderer_count;

/* NULL if there is none of the name. */
const struct renderer *renderer_by_name(const char *name);
/* NULL with an error that names the known suffixes. */
const struct renderer *renderer_by_suffix(const char *path, struct error *error);

/* Gathers what the run file has to say beside the verdict, which the caller keeps; `full`: the evidence, too. `path` is
 * where the run file lies. NULL with an error if it cannot be read. */
struct report *report_create(struct runfile *runfile, const char *path,
    const struct verdict *verdict, bool full, struct error *error);
void report_destroy(struct report *report); /* NULL is allowed */

/* Renders into the stream. */
bool report_print(
    const struct renderer *renderer, const struct report *report, FILE *out, struct error *error);
/* Renders into a file, which appears whole or not at all. */
bool report_write(const struct renderer *renderer, const struct report *report, const char *path,
    struct error *error);

/* Both at once, for programs that print one form. */
bool report_run(const char *format, struct runfile *runfile, const char *path,
    const struct verdict *verdict, FILE *out, struct error *error);
/* The verdict alone, without what the run file says beside it. */
bool report_verdict(
    const char *format, const struct verdict *verdict, FILE *out, struct error *error);

#endif
