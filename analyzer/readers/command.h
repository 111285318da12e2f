/* The command line before an output that was copied from a console. Inside this folder. */
#ifndef LEAKLAB_READERS_COMMAND_H
#define LEAKLAB_READERS_COMMAND_H

#include "readers/format.h"

/* True if the line is a prompt, with what was typed there or nothing. Notes the host and what was searched for. */
enum taken command_take(struct reading *reading, struct span line);
/* The format whose rows may follow without a heading; NULL: none. */
const struct line_format *command_format(struct span line);

#endif
