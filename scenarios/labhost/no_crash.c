/* Stands in for crash.c where there were no clang and lld to make lab kernels with. */
#include "labhost/labhost.h"

#include <stdio.h>

#include "common/error.h"

int labhost_crash(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	fputs(LABHOST_PROGRAM
	    ": crash: built without clang and lld, which make the lab kernels: install them "
	    "(scenarios/setup labkernel) and build again\n",
	    stderr);
	return EXIT_TARGET;
}
