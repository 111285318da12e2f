/* Every handle on the system, and what a handle to a token leads to. No handle but those to tokens, processes and threads is ever
 * duplicated: to ask for the name of a pipe's end can take for ever. */
#ifndef LEAKLAB_PROBE_HANDLES_H
#define LEAKLAB_PROBE_HANDLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <windows.h>

#include "probe/nt.h"

struct handle_table {
	struct nt_handles *all;
	int token_type; /* index of the object type in the table; -1: not found */
	int process_type, thread_type;
	bool addresses_hidden; /* from Windows 11 24H2 on, without SeDebugPrivilege: all are 0 */
	int64_t token_objects; /* the kernel's count; -1: not given */
};

/* False: *error says why. */
bool handle_table_read(struct handle_table *out, DWORD *error);
void handle_table_free(struct handle_table *table);
/* Whether it leads to a token, a process or a thread. */
bool handle_table_knows(const struct handle_table *table, const struct nt_handle *handle);
/* Such a one; NULL: there is none of that value. */
const struct nt_handle *handle_table_find(
    const struct handle_table *table, uint64_t pid, uint64_t value);

struct token {
	uint64_t id;
	uint64_t luid; /* of its logon session; 0: not given */
	int64_t session;
	bool primary;
};

/* A copy of another process' handle to a token, for asking; the caller's to CloseHandle(). */
bool token_copy(HANDLE process, uint64_t value, HANDLE *out);
bool token_query(HANDLE token, struct token *out);

#endif
