/* The machine itself: name, build, boot time. */
#ifndef LEAKLAB_PROBE_HOST_H
#define LEAKLAB_PROBE_HOST_H

#include <stdint.h>

struct host {
	char name[256]; /* "": not given */
	unsigned major;
	unsigned minor;
	unsigned build; /* 14393: Server 2016, the first with leak tracking */
	int64_t boot;   /* 100 ns since 1601; 0: not given */
	int64_t now;
};

void host_read(struct host *out);

#endif
