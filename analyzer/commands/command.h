/* The analyzer's commands, one per file. */
#ifndef LEAKLAB_COMMAND_H
#define LEAKLAB_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "common/error.h"
#include "common/front.h"

struct command {
	const char *name;
	/* argv[0] is the program's and the command's name together. Returns the exit code. */
	int (*run)(int argc, char **argv);
};

extern const struct command command_bundle;
extern const struct command command_compare;
extern const struct command command_dump;
extern const struct command command_judge;
extern const struct command command_merge;
extern const struct command command_show;

#define PROGRAM FRONT

struct leak_terms;
struct snapshot;
/* What show prints. */
bool show_run(const char *path, bool as_json, FILE *out, struct error *error);
/* Who holds which logon session, and which session ID with it. */
bool show_holders(const struct snapshot *snapshot, FILE *out, struct error *error);
/* What event logs show of weeks. */
bool show_events(const struct snapshot *snapshot, const struct leak_terms *terms, FILE *out,
    struct error *error);
/* Performance counters over their time. */
void show_counters(const struct snapshot *snapshot, FILE *out);
bool show_snapshot(const struct snapshot *snapshot, const char *format_name,
    const struct leak_terms *terms, FILE *out, struct error *error);

#endif
