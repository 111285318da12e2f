/* ${NAME} in a scenario's text: from the environment, which holds what the stage's programs said of themselves. */
#ifndef LEAKLAB_EXPAND_H
#define LEAKLAB_EXPAND_H

#include "common/error.h"

/* A copy of text with every ${NAME} replaced, the caller's to free(). A name that is not set is an error. */
char *expand(const char *text, struct error *error);

#endif
