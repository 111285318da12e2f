/* Text: the output of one or several tools. Inside this folder. */
#ifndef LEAKLAB_TEXT_EVIDENCE_H
#define LEAKLAB_TEXT_EVIDENCE_H

#include "common/error.h"
#include "readers/lines.h"
#include "evidence/snapshot.h"

/* Lines of a text. */
struct line_range {
	int64_t first, last;
};

/* Which part of a text is read, and what is known of the rest of it. */
struct text_part {
	const struct line_range *ranges; /* in order */
	size_t count;
	bool only;             /* these lines; false: all but these */
	const char *host;      /* only this host's; "": of the one without a name; NULL: of all */
	size_t earlier;        /* moments before it */
	const char *uncertain; /* why its handles are not all of the moment's */
	bool mapped;           /* the text is the map of a large file */
};

struct listings;
struct hosts;

/* Reads the text; NULL if no line of it is any tool's. The snapshot's source names the tools. part: NULL for all of it. listings: what handle
 * printed in it, whose strings are the snapshot's; hosts: whose outputs it has; NULL: nobody asks. */
struct snapshot *text_evidence_read(struct span text, const char *origin,
    const struct text_part *part, struct listings *listings, struct hosts *hosts,
    struct error *error);

#endif
