/* What handles to processes and threads lead to, as far as it concerns processes that have exited: a handle keeps such a process, with
 * its token, until it is closed. */
#ifndef LEAKLAB_PROBE_TARGETS_H
#define LEAKLAB_PROBE_TARGETS_H

#include <stdbool.h>
#include <stdint.h>

#include <windows.h>

#include "probe/handles.h"

struct target {
	uint64_t pid, tid; /* tid 0: the process itself */
	bool exited;
	int64_t started, ended; /* FILETIME; 0: not told */
	char *image;            /* file name; NULL: not told */
	bool has_token;         /* its primary token could be asked */
	struct token token;
	int64_t session; /* -1: not told */
};

/* A copy of another process' handle to a process or thread, for asking; the caller's to CloseHandle(). */
bool target_copy(HANDLE process, uint64_t value, bool is_thread, HANDLE *out);
/* False: what it leads to cannot be asked. image is the caller's to free(). *token: the primary token, to CloseHandle(); NULL if it may not
 * be opened. */
bool target_query(HANDLE copy, bool is_thread, struct target *out, HANDLE *token);

#endif
