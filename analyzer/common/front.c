#include "common/front.h"

#include <stdio.h>
#include <string.h>

void front_say_if_old(const char *argv0, const char *program, const char *verb)
{
	if (strcmp(argv0, FRONT) != 0)
		fprintf(stderr,
		    "%s %s: write " FRONT " %s; this spelling goes with the next version\n",
		    program, verb, verb);
}
