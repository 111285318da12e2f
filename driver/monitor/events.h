/* What happens in a run, a JSON object a line, for programs. */
#ifndef LEAKLAB_EVENTS_H
#define LEAKLAB_EVENTS_H

#include <stdbool.h>

#include "common/error.h"
#include "runfile/runfile.h"

void events_happened(const char *kind, const char *text);
/* A cycle has logged on or finished. */
void events_cycle(const struct cycle *cycle);

#endif
