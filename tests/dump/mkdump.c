/* mkdump DESCRIPTION OUT.DMP [PDB]: a memory dump from a description (its words: scenarios/labkernel/describe.c). */
#include <stdio.h>
#include <stdlib.h>

#include "common/error.h"
#include "common/input.h"
#include "labkernel/labkernel.h"

int main(int argc, char **argv)
{
	struct error error;
	char *text = NULL;
	size_t length;

	if (argc < 3) {
		fputs("usage: mkdump DESCRIPTION OUT.DMP [PDB]\n", stderr);
		return EXIT_USAGE;
	}
	struct crash *crash = input_read(argv[1], &text, &length, &error)
	                          ? crash_describe(text, argv[1], &error)
	                          : NULL;
	const bool good = crash && crash_write(crash, argv[2], argc > 3 ? argv[3] : NULL, &error);
	crash_destroy(crash);
	free(text);
	return good ? EXIT_CLEAN : error_print(&error, "mkdump");
}
