/* Which host the dump is of: LUID 3e7 is the host itself, logged on as HOST$ of its domain or workgroup. */
#include "dump/answer/inside.h"

#include <stdio.h>
#include <string.h>

#define HOST_LUID 0x3e7

bool machine_find(const struct kernel *kernel, struct machine *out)
{
	*out = (struct machine){0};
	for (uint32_t i = 0; i < kernel->logon_count && kernel->logons[i].luid <= HOST_LUID; i++) {
		const struct kernel_logon_session *logon = &kernel->logons[i];
		const size_t length = logon->user ? strlen(logon->user) : 0;
		if (logon->luid != HOST_LUID || length < 2 || length > sizeof out->name ||
		    logon->user[length - 1] != '$')
			continue;
		snprintf(out->name, sizeof out->name, "%.*s", (int)length - 1, logon->user);
		out->domain = logon->domain && *logon->domain ? logon->domain : NULL;
		return true;
	}
	return false;
}
