/* Where the list of logon sessions in a text ends. Inside this folder. */
#ifndef LEAKLAB_LOGON_LIST_H
#define LEAKLAB_LOGON_LIST_H

#include "readers/format.h"

enum behind { BEHIND_ROW, BEHIND_BLANK, BEHIND_PROMPT, BEHIND_OTHER };

/* A record's first line, "[12] ...": their numbers begin with 0 and leave none out. */
void logon_list_number(struct reading *reading, struct span line);
/* A record of labels is over, if there was one: rows are missing if it lacks what all before it have. */
void logon_list_record_end(struct reading *reading);
/* A line of the text, what it was taken for, after its format has taken it. */
void logon_list_line(struct reading *reading, enum behind behind);
/* The text has ended, in the middle of a line unless `whole`. */
void logon_list_end(struct reading *reading, bool whole);
/* True if the last record of logonsessions ends before its logon time, which stands below its session. */
bool logon_list_cut_within(const struct reading *reading);

#endif
