/* The lists of sessions in one text. Inside this folder. */
#ifndef LEAKLAB_SESSION_LISTS_H
#define LEAKLAB_SESSION_LISTS_H

#include "readers/format.h"

/* A heading: the rows behind it are a list of their own, of all sessions or of those that have users. */
void session_lists_begin(struct reading *reading, bool all);
/* The text has ended: says where its lists differ. False only when memory is out. */
bool session_lists_end(struct reading *reading);

#endif
