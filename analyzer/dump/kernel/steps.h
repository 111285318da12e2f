/* The steps in which a kernel is found and read, a file each; none needs another. Inside this folder. */
#ifndef LEAKLAB_KERNEL_STEPS_H
#define LEAKLAB_KERNEL_STEPS_H

#include "dump/kernel/reader.h"
#include "dump/symbols/symbol_store.h"

/* ---- image.c ---- */

/* Finds the image through the header's pointers. False: no kernel is to be seen at all. */
bool image_find(struct kernel *kernel, struct error *error);
/* Finds the PDB, proves that it belongs to the image, and reads the layout. */
bool image_find_symbols(struct kernel *kernel, struct symbol_store *store, struct error *error);

/* ---- read_ahead.c: changes how long reading takes, and nothing else ---- */

/* False: the dump is too large for that. */
bool read_ahead_all(struct kernel *kernel);
/* What handles lead to; processes and variables were read. */
void read_ahead_objects(struct kernel *kernel);

/* ---- variables.c ---- */

bool variables_read(struct kernel *kernel, struct error *error);
/* What tells tokens from other objects, by those that processes run with, where the variables do not say it. */
bool variables_learn_token_type(struct kernel *kernel, struct error *error);

/* ---- logon_sessions.c ---- */

/* Sorted by LUID. False if they cannot be found at all or memory is out. */
bool logon_sessions_read(struct kernel *kernel, struct error *error);
/* Counts as damaged what has an impossible LUID or that of another one; all were read. */
void logon_sessions_check(struct kernel *kernel);

/* ---- handles.c ---- */

bool handles_read(struct kernel *kernel, struct error *error);
/* The object header that the first 8 bytes of a handle table's entry refer to; 0: a free entry. */
uint64_t handles_header(const struct kernel_layout *layout, uint64_t low);

/* ---- threads.c ---- */

bool threads_read(struct kernel *kernel, struct error *error);

/* ---- unlisted_logons.c ---- */

/* After all tokens were read. */
bool unlisted_logons_read(struct kernel *kernel, struct error *error);

/* ---- logon_types.c ---- */

/* Of logon sessions outside RDS sessions, after their tokens were read. */
void logon_types_read(struct kernel *kernel);

/* ---- process_sessions.c ---- */

/* Which session each process is in, once all processes and tokens were read. A live one of which nothing tells that is counted as
 * missing. */
bool process_sessions_read(struct kernel *kernel, struct error *error);

#endif
