#include "labhost/handle_name.h"

#include <stdio.h>

#include "evidence/snapshot.h"

char *handle_name(const struct nt_handle *handle, char *out, size_t size)
{
	const struct nt_logon *logon = handle->logon;
	char luid[LUID_TEXT];

	if (handle->target) {
		/* As Sysinternals' handle writes it. */
		const int length = snprintf(out, size, "%s(%u)",
		    handle->target->exited == DUE_NEVER ? handle->target->image
		                                        : "<Non-existent Process>",
		    handle->target->pid);
		if (handle->type == NT_TYPE_THREAD)
			snprintf(
			    out + length, size - (size_t)length, ": %u", handle->target->pid + 4);
		return out;
	}
	if (handle->type == NT_TYPE_TOKEN) {
		snprintf(out, size, "%s\\%s:%llx", logon->domain, logon->user,
		    (unsigned long long)logon->luid);
		return out;
	}
	/* The directory has the LUID with a dash in the middle. */
	luid_format(logon->luid, luid);
	snprintf(out, size, "\\Sessions\\0\\DosDevices\\%.8s-%s", luid, luid + 9);
	return out;
}

const char *handle_type(const struct nt_handle *handle)
{
	static const char *const types[] = {[NT_TYPE_TOKEN] = "Token",
	    [NT_TYPE_DIRECTORY] = "Directory",
	    [NT_TYPE_PROCESS] = "Process",
	    [NT_TYPE_THREAD] = "Thread"};

	return types[handle->type];
}
