/* The folder of a serving lab host: who may see into it, what lies in it, and that it is gone afterwards. */
#ifndef LEAKLAB_LABHOST_STAGE_H
#define LEAKLAB_LABHOST_STAGE_H

#include <stdbool.h>

#include "common/error.h"

struct stage {
	char *path; /* absolute */
	char *control;
	char *accounts;
	char *certificate;
	char *key;
	bool fresh; /* made here */
};

/* Uses `path`, which must belong to this user and is made private, or else makes a new folder inside $LEAKLAB_STAGE
 * or the folder for temporary files. */
bool stage_init(struct stage *stage, const char *path, struct error *error);
/* Removes the files, and the folder if it was made here. */
void stage_deinit(struct stage *stage);

#endif
