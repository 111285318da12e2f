/* The lists of sessions in one text: qwinsta's and quser's. Inside this folder. */
#ifndef LEAKLAB_SESSION_LISTS_H
#define LEAKLAB_SESSION_LISTS_H

#include "readers/format.h"

/* Where the columns of qwinsta and quser are. Learnt from the heading. */
struct session_columns {
	int name; /* where rows start; a marker stands before it */
	int second;
	int id, id_end;
	int type, device; /* 0: not in the heading */
	bool user_first;  /* quser */
	bool single;      /* one blank between headings: rows have no columns either */
	bool tabbed;      /* a tab between headings, and so between cells */
	char label
	    [80]; /* what stands before the heading, and perhaps before each row: the host's name, a time */
	char quote[8]; /* what stands before the heading: "# " in a comment, "> " in a mail */
};

/* One list: whether it is qwinsta's, and where it starts. */
struct session_list {
	bool all;
	size_t first;
	int id_end; /* where its IDs end, if not below their heading; 0: not known yet; -1: below it */
};

struct session_lists {
	struct session_columns columns;
	struct session_list list, earlier; /* that is being read, and the one before it */
	bool listener_last; /* the last row was a listener, which qwinsta lists last */
	int64_t
	    row_line; /* of the last row; lines that are not understood are reported after the next */
	bool failed;      /* memory was out when lists were compared */
	bool any, all;    /* sessions were listed at all; by qwinsta */
	const char *none; /* why a tool printed none */
	struct flaw flaw;
	struct flaw behind; /* a line behind a listener: a flaw if more rows come */
};

/* A heading: the rows behind it are a list of their own, of all sessions or of those that have users. */
void session_lists_begin(struct reading *reading, const struct session_columns *columns);
/* A row of the list: what was not understood between it and the one before may have been a row, too. */
void session_lists_row(struct reading *reading, const struct session *session);

/* The line stands behind the mark of quotation that the rows of the list have, and has a number: no comment, but a row. */
bool session_lists_may_be_row(const struct reading *reading, struct span line);

#endif
