/* The list of logon sessions in a text. Inside this folder. */
#ifndef LEAKLAB_LOGON_LIST_H
#define LEAKLAB_LOGON_LIST_H

#include "readers/format.h"

struct logon_list {
	size_t record; /* number of logon sessions seen, the last one is being read; 0: none is */
	const struct line_format *record_of; /* the format that it is in */
	int64_t number;                      /* of the next record */
	unsigned
	    labels; /* that the record has, a bit each; not of klist, whose records are lines */
	unsigned labels_common; /* that all records before it have; 0: it is the first */
	bool any;
	/* What the last line gave: a text whose end is missing if the text ends there. */
	struct {
		int64_t line;
		size_t field; /* of the record; of a process, if that is known */
		int64_t pid;  /* NUMBER_UNKNOWN: of the record */
	} last;
	enum list_end end;
	struct flaw flaw;
};

enum behind { BEHIND_ROW, BEHIND_BLANK, BEHIND_PROMPT, BEHIND_OTHER };

/* A record's first line, "[12] ...": their numbers begin with 0 and leave none out. */
void logon_list_number(struct reading *reading, struct span line);
/* A record of labels is over, if there was one: rows are missing if it lacks what all before it have. */
void logon_list_record_end(struct reading *reading);
/* A line of the text, what it was taken for, after its format has taken it. */
void logon_list_line(struct reading *reading, enum behind behind);

#endif
