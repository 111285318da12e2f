/* What a run showed, as people and programs like to read it. The door of this folder. */
#ifndef LEAKLAB_REPORT_H
#define LEAKLAB_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "judge/judge.h"
#include "judge/pool.h"
#include "judge/validation.h"

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

/* Gathers what the run file has to say beside the verdict, which the caller keeps; `full`: the evidence, too. `path` is
 * where the run file lies. NULL with an error if it cannot be read. */
struct report *report_create(struct runfile *runfile, const char *path,
    const struct verdict *verdict, bool full, struct error *error);
/* Of runs that are judged together, and of runs with a fix against runs without it: what is said of all of them. The runs' own
 * reports, in the order in which the runs were given, are read now; pool and validation must outlive the report. NULL only when memory is
 * out. */
struct report *report_of_pool(const struct pool *pool, struct report *const *runs);
struct report *report_of_validation(const struct validation *validation, struct report *const *now,
    size_t now_count, struct report *const *before, size_t before_count);
void report_destroy(struct report *report); /* NULL is allowed */

/* Renders into the stream. */
bool report_print(
    const struct renderer *renderer, const struct report *report, FILE *out, struct error *error);
/* Renders into a file, which appears whole or not at all. */
bool report_write(const struct renderer *renderer, const struct report *report, const char *path,
    bool replace, struct error *error);

/* Both at once, for programs that print one form. */
bool report_run(const char *format, struct runfile *runfile, const char *path,
    const struct verdict *verdict, FILE *out, struct error *error);
/* The verdict alone, without what the run file says beside it. */
bool report_verdict(
    const char *format, const struct verdict *verdict, FILE *out, struct error *error);

#endif
