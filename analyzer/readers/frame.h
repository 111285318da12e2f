/* Lines of a paste that are no data. Inside this folder. */
#ifndef LEAKLAB_FRAME_H
#define LEAKLAB_FRAME_H

#include "readers/lines.h"

/* What stands around the data: who made the tool, lines drawn, words left out. */
bool frame_is(struct span line);
/* Rules below the headings of a table; one alone is drawn between other things. */
bool frame_is_rules(struct span line);
/* It stands for lines that were left out. */
bool frame_omits(struct span line);
/* Between two mails of a thread. */
bool frame_is_mail_head(struct span line);
/* A line that stands behind a mark of quotation: "> " in mails, "# " in comments, "| " in tables. */
bool frame_unquote(struct span *line);

#endif
