/* Which columns make which evidence. Inside this folder.
 *
 * A source is a set of columns; whatever shape carries them (CSV, a ruled table, a list, JSON), rows under these names are its rows. The
 * table in sources.c is all that a new source takes; the manual's table and the fuzzers' words are made from it. */
#ifndef LEAKLAB_SOURCE_H
#define LEAKLAB_SOURCE_H

#include "evidence/field.h"
#include "readers/cell.h"
#include "readers/row.h"

#define SOURCE_COLUMNS 16

struct column {
	const char *names; /* "A|B": any of them; any case, blanks and '_' are no matter */
	enum cell_kind kind;
	bool needed;     /* without it, it is not this source */
	size_t at, also; /* fields of the record */
};

/* What becomes of a row. */
struct target {
	const char *name; /* for the manual */
	const struct record *record;
	const struct section_reader *section;
	/* A table or list begins; NULL: it does not matter. */
	void (*begin)(struct reading *reading, const struct names *names);
	/* False: the record lacks what it has to say, and is left over. NULL: the needed columns are enough. */
	bool (*is_whole)(const void *item);
	/* Takes over the record that a row was read into. False: memory is out. */
	bool (*commit)(struct reading *reading, const void *item);
};

struct source {
	const char *name; /* as people say it */
	const struct target *target;
	struct column columns[SOURCE_COLUMNS];
};

/* All sources; the list ends with one that has no name. */
extern const struct source sources[];

/* The sources that a table may be of, by its names, the one with the most needed columns first. */
#define BINDING_SOURCES 4
struct binding {
	const struct source *sources[BINDING_SOURCES];
	size_t places
	    [BINDING_SOURCES]
	    [SOURCE_COLUMNS]; /* of each column of the source, in a row; SIZE_MAX: it is not there */
	size_t count;
};

/* False: no source has these names. */
bool binding_find(struct binding *binding, const struct names *names);
/* Takes the row as the first of the sources whose cells it has. TAKEN_NOT: it is none of them, or a cell that matters may not be whole. */
enum taken binding_take(
    struct reading *reading, const struct binding *binding, const struct row *row);
/* True if it is the name of a column of some source. */
bool source_knows(struct span name);

#endif
