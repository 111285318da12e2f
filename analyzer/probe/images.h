/* What a program is: path, version and company of its file, and the services that a process hosts. */
#ifndef LEAKLAB_PROBE_IMAGES_H
#define LEAKLAB_PROBE_IMAGES_H

#include <stdint.h>

struct image {
	struct image *next;
	char *path;
	char *version; /* NULL: the file has none */
	char *company;
};

struct images; /* each file is read once */

struct images *images_create(void);         /* NULL: out of memory */
void images_destroy(struct images *images); /* NULL is allowed */
/* The file of a running process. NULL: it may not be asked. */
const struct image *images_of(struct images *images, void *process);
/* "TermService, LSM", to free(); NULL: none is known. */
char *images_services(const struct images *images, uint64_t pid);

#endif
