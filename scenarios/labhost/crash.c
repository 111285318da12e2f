/* leaklab-labhost crash: the lab host's state as a memory dump, as if an NMI had come. */
#include "labhost/labhost.h"

#include <argp.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labkernel/labkernel.h"

struct order {
	const char *control;
	const char *output;
	const char *layout;
	const char *type;
	bool untracked;
};

static const struct argp_option options[] = {
    {"control", 'c', "PATH", 0, "Control socket of the lab host (default $LAB_CONTROL)", 0},
    {"output", 'o', "FILE", 0,
        "Write the dump here, and ntkrnlmp.pdb beside it (default MEMORY.DMP)", 0},
    {"layout", 'l', "BUILD", 0, "Kernel structures: 9600, 14393, 19041 or 26h1 (default 19041)", 0},
    {"type", 't', "TYPE", 0, "full, bitmap-full or bitmap-kernel (default)", 0},
    {"untracked", 'u', NULL, 0,
        "As a host without SeTokenLeakDiag: who made the tokens was not recorded", 0},
    {0},
};

static const char documentation[] =
    "Write the state of a running lab host as a memory dump, as if an NMI had crashed it; it goes on running."
    "\v"
    "The dump is made up: a lab kernel with the structures of a Windows build, and not a byte of Windows. Its comment "
    "says so. Read it with:\n\n"
    "  leaklab dump MEMORY.DMP --symbols .\n";

static error_t parse(int key, char *text, struct argp_state *state)
{
	static const char *const types[] = {"full", "bitmap-full", "bitmap-kernel", NULL};
	struct order *order = state->input;

	switch (key) {
	case 'c':
		order->control = text;
		return 0;
	case 'o':
		order->output = text;
		return 0;
	case 'l':
		order->layout = text;
		return 0;
	case 't':
		option_word(state, "type", text, types);
		order->type = text;
		return 0;
	case 'u':
		order->untracked = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "%s: no argument is wanted", text);
		return 0;
	case ARGP_KEY_END:
		if (!order->control || !*order->control)
			argp_error(state, "which lab host? Say --control PATH, or set LAB_CONTROL");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The description of the machine that the lab host is; to free. */
static char *describe(const struct order *order, struct error *error)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	const bool tracked = !order->untracked && strcmp(order->layout, "9600") != 0;

	if (!stream) {
		error_memory(error);
		return NULL;
	}
	fprintf(stream, "machine %s %s%s memory=1024\n", order->layout, order->type,
	    tracked ? " tracking" : "");
	const bool good = control_ask(order->control, "SHOW what=machine", stream, error);
	if (fclose(stream) == 0 && good)
		return text;
	free(text);
	return NULL;
}

static bool write_dump(const struct order *order, struct error *error)
{
	char *folder = strdup(order->output);
	char *description = describe(order, error);
	struct crash *crash =
	    description ? crash_describe(description, order->control, error) : NULL;
	char pdb[4096];

	snprintf(pdb, sizeof(pdb), "%s/ntkrnlmp.pdb", folder ? dirname(folder) : ".");
	const bool good = crash && crash_write(crash, order->output, pdb, error);
	crash_destroy(crash);
	free(description);
	free(folder);
	return good;
}

int labhost_crash(int argc, char **argv)
{
	const struct argp argp = {options, parse, NULL, documentation, 0, 0, 0};
	struct order order = {.control = getenv("LAB_CONTROL"),
	    .output = "MEMORY.DMP",
	    .layout = "19041",
	    .type = "bitmap-kernel"};
	struct error error;

	argp_parse(&argp, argc, argv, 0, 0, &order);
	return write_dump(&order, &error) ? EXIT_CLEAN : error_print(&error, LABHOST_PROGRAM);
}
