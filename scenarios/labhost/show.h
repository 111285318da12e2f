/* The state of the host as the usual tools print it. Each writes its whole output, with the line ends of Windows
 * where the tool has them. */
#ifndef LEAKLAB_LABHOST_SHOW_H
#define LEAKLAB_LABHOST_SHOW_H

#include <stdio.h>

#include "common/error.h"
#include "labhost/model.h"

struct show_context {
	const struct model *model;
	const char *host_name;
	int64_t now;
	uint64_t luid; /* show only what belongs to this logon session; 0: all */
};

/* qwinsta in the layout of Windows Server 2003 to 2022. */
bool show_qwinsta(const struct show_context *context, FILE *out, struct error *error);
/* Sysinternals logonsessions 1.41. */
bool show_logonsessions(const struct show_context *context, FILE *out, struct error *error);
/* Sysinternals handle 5.0, a search for a logon session (handle -a LUID) or for all of them. */
bool show_handle(const struct show_context *context, FILE *out, struct error *error);
/* The probe's JSON, schema leaklab.snapshot/2. */
bool show_snapshot(const struct show_context *context, FILE *out, struct error *error);

/* What leaklab-labhost crash makes a memory dump of (labkernel/describe.c): all but the first line. */
bool show_machine(const struct show_context *context, FILE *out, struct error *error);

/* The names by which NT knows the objects that handles refer to. */

/* A token as handle names it, "LAB\lab01:fd2f5"; a directory's path. Returns out. */
char *handle_name(const struct nt_handle *handle, char *out, size_t size);
const char *handle_type(const struct nt_handle *handle);

#endif
