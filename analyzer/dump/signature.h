/* What a file begins with if it is none of ours, and what that makes it. Inside this folder. */
#ifndef LEAKLAB_SIGNATURE_H
#define LEAKLAB_SIGNATURE_H

#include <stddef.h>

struct signature {
	const char *bytes;
	size_t length;
	const char *what; /* with what to do instead */
};

#define SIGNATURE(bytes, what)                                                                     \
	{                                                                                          \
		bytes, sizeof bytes - 1, what                                                      \
	}

#endif
