/* Snapshots as rows. Inside this folder. */
#ifndef LEAKLAB_RECORDS_H
#define LEAKLAB_RECORDS_H

#include "evidence/snapshot.h"
#include "runfile/database.h"

/* The tables and views of all records, as SQL; the caller's to free(). NULL: memory is out. */
char *records_schema(void);
void records_finalize(struct runfile *runfile);

/* Calls visit for each field that is a column in the file, of every record that has a table there. Its false ends it. */
bool records_each(struct runfile *runfile,
    bool (*visit)(void *data, const struct record *record, const struct field *field), void *data);

/* Adds the snapshot's rows for a capture, inside the transaction that is open. */
bool records_insert(
    struct runfile *runfile, int64_t capture, const struct snapshot *snapshot, struct error *error);

enum records_wanted { RECORDS_HEADER, RECORDS_WITHOUT_HANDLES, RECORDS_ALL };
/* The snapshot of a capture; *out is NULL if it gave none. */
bool records_read(struct runfile *runfile, int64_t capture, enum records_wanted wanted,
    struct snapshot **out, struct error *error);

#endif
