#include "common/streams.h"

#include <fcntl.h>
#include <unistd.h>

void streams_hold(void)
{
	/* The lowest number that is free is given (open(2)); it is not closed on exec, for programs that are started from here. */
	int fd;

	do
		fd = open("/dev/null", O_RDONLY); /* so that writing fails */
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}
