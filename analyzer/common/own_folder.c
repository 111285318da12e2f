#include "common/own_folder.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool own_folder(char out[PATH_MAX], struct error *error)
{
	const ssize_t length = readlink("/proc/self/exe", out, PATH_MAX - 1);

	if (length <= 0)
		return error_set(error, EXIT_TARGET, "/proc/self/exe: %s", strerror(errno));
	out[length] = '\0';
	*strrchr(out, '/') = '\0';
	return true;
}
