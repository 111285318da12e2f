/* What observers printed, as it is kept: packed, once for each content, up to a limit. Inside this folder. */
#ifndef LEAKLAB_RUNFILE_OUTPUTS_H
#define LEAKLAB_RUNFILE_OUTPUTS_H

#include "runfile/database.h"

/* Keeps the text, if it is not kept already. *id gets its number in the table; 0: the limit leaves no room for it. */
bool outputs_keep(
    struct runfile *runfile, const char *bytes, size_t length, int64_t *id, struct error *error);

/* Makes the SQL function unpacked(bytes, length) known. */
bool outputs_teach(struct runfile *runfile, struct error *error);

#endif
