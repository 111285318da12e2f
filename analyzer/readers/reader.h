/* Evidence to snapshot: any supported format, recognised by its content, never by its name. */
#ifndef LEAKLAB_READER_H
#define LEAKLAB_READER_H

#include <stddef.h>

#include "common/error.h"
#include "evidence/snapshot.h"

/* Reads bytes (which need no NUL) into a new snapshot, the caller's to destroy. NULL with an error that says
 * what the bytes look like and which formats are understood. origin names them in messages. format, if not NULL,
 * gets the name of the format that was recognised, valid as long as the snapshot. Of text, the lines that were not
 * understood are the snapshot's `unread`. Of several moments the last is read; what is of several hosts is refused. */
struct snapshot *evidence_read(
    const char *bytes, size_t length, const char *origin, const char **format, struct error *error);

/* The same for a file ("-": standard input), which is not copied. */
struct snapshot *evidence_read_path(const char *path, const char **format, struct error *error);

/* A moment of a text that has several. */
struct moment {
	struct snapshot *snapshot;
	/* Of a text with several, what it has alone, and the command that was asked for it again. */
	int64_t first, last; /* lines */
	int64_t rows;
	const char *command; /* the snapshot's */
};

/* Host by host, in their order. */
struct moments {
	struct moment *items;
	size_t count;
};

/* Where a text has several outputs of the same search, each is a moment of its own, if their order is known. What is of several hosts is
 * never one moment. */
bool evidence_read_moments(const char *bytes, size_t length, const char *origin,
    struct moments *moments, const char **format, struct error *error);
bool evidence_read_path_moments(
    const char *path, struct moments *moments, const char **format, struct error *error);
void moments_deinit(struct moments *moments);
/* Leaves those of this host; where no host is named at all, those. False with an error if there are none. */
bool moments_choose(struct moments *moments, const char *host, struct error *error);
/* True if both are of one host, or both of one that is not named. */
bool moments_are_of_same(const struct moment *one, const struct moment *other);
/* False with an error that names them if they are of several hosts. */
bool moments_are_of_one(const struct moments *moments, struct error *error);
/* The last one's snapshot, the caller's from now on. */
struct snapshot *moments_take_last(struct moments *moments);

/* Reads files, and all files of folders, as evidence of one moment into one snapshot. Contradictions between them are
 * noted in it. In a folder, a file in no known format is noted as unread. host: of what is of several
 * hosts, the one that is read; NULL: there has to be one. */
struct snapshot *evidence_gather(
    char *const *paths, size_t count, const char *host, const char **format, struct error *error);

/* The same of one file, with all of its moments, and of all its hosts if none is chosen; of several files, or of a folder, there is one. */
bool evidence_gather_moments(char *const *paths, size_t count, const char *host,
    struct moments *moments, const char **format, struct error *error);

/* Evidence as text for people, in UTF-8 whatever it was; the caller's to free(). NULL with an error if it
 * is no text. */
char *evidence_text(const char *bytes, size_t length, struct error *error);

#endif
