/* leaklab-empty-run FILE: a run file with nothing in it, for benchmarks that fill one by SQL. */
#include <stdio.h>

#include "runfile/runfile.h"

int main(int argc, char **argv)
{
	struct error error;
	if (argc != 2) {
		fputs("usage: leaklab-empty-run FILE\n", stderr);
		return EXIT_USAGE;
	}
	struct runfile *runfile = runfile_create(argv[1], &error);
	if (!runfile || !runfile_finish(runfile, &error)) {
		fprintf(stderr, "leaklab-empty-run: %s\n", error.text);
		runfile_close(runfile);
		return EXIT_TARGET;
	}
	runfile_close(runfile);
	return EXIT_CLEAN;
}
