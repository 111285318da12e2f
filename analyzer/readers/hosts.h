/* Whose outputs a text has. Inside this folder.
 *
 * A prompt names a host, or an option of a command does, or a column of a table. Where two are named, the text has a sample of each, and is
 * read once for each of them. */
#ifndef LEAKLAB_HOSTS_H
#define LEAKLAB_HOSTS_H

#include "readers/format.h"

#define HOSTS_MOST 64

struct hosts {
	char *names[HOSTS_MOST];
	size_t count;
	bool unnamed;  /* rows of a host that nothing names */
	bool too_many; /* there are more */
	bool failed;   /* memory is out */
};

/* A prompt: what follows is of this host; empty: nothing names it. */
void reading_at_host(struct reading *reading, struct span host);
/* A row of this host, or of the prompt's: true if it is read. */
bool reading_is_of_host(struct reading *reading, struct span host);
void hosts_deinit(struct hosts *hosts);

#endif
