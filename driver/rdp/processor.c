/* Knows Linux' schedstat (Documentation/scheduler/sched-stats.rst): nanoseconds on a processor, nanoseconds of waiting for one, and how often it
 * got one. */
#include "driver/rdp/processor.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int processor_open(void)
{
	return open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
}

int64_t processor_waited(int descriptor)
{
	char text[96], *waited;
	const ssize_t length = descriptor >= 0 ? pread(descriptor, text, sizeof(text) - 1, 0) : -1;

	if (length <= 0)
		return 0;
	text[length] = '\0';
	strtoull(text, &waited, 10);
	return (int64_t)(strtoull(waited, NULL, 10) / 1000);
}
