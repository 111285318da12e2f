/* leaklab-grabber on the lab host: the reference leaker. */
#include <stdio.h>
#include <stdlib.h>

#include "grabber/options.h"
#include "common/streams.h"
#include "common/version.h"
#include "grabber/program.h"

static const struct options_host lab_host = {
    .where = "control",
    .image = "image",
    .help = "      --control=PATH    control socket of the lab host (default $LAB_CONTROL)\n"
            "      --image=NAME      its image there (default leaklab-grabber.exe); one that the\n"
            "                        lab host protects (MsMpEng.exe) cannot be looked into\n",
    .release = "SIGUSR1",
    .ending =
        "Prints pid=PID, its process on the host, and then `ready'. SIGTERM or SIGINT ends it;\n"
        "what it holds goes with its process, as on NT.\n"
        "\n"
        "Exit codes: 0 ended as asked; 2 usage; 4 the host cannot be reached, or is gone.\n"
        "\n"
        "Example: leak at every third logon, and release on demand:\n"
        "  leaklab-grabber --lab --every 3 --release & kill -USR1 $!\n",
};

static int usage_error(const char *text)
{
	fprintf(stderr, "leaklab-grabber: %s\n", text);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct options options;
	char error[256];

	streams_hold();
	if (!options_parse(argc, argv, &lab_host, &options, error))
		return usage_error(error);
	if (options.help || options.version) {
		if (options.help)
			options_help(stdout, &lab_host);
		else
			puts("leaklab-grabber " LEAKLAB_VERSION);
		return EXIT_CLEAN;
	}
	if (!options.lab)
		return usage_error(PROGRAM_NEEDS_LAB);
	const char *where = options.where ? options.where : getenv("LAB_CONTROL");
	if (!where || !*where)
		return usage_error("which lab host? Say --control PATH, or set LAB_CONTROL");
	return program_run(&options, where, stderr);
}
