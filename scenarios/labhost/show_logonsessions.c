#include "labhost/show.h"

#include <time.h>

#include "evidence/snapshot.h"

/* As a host set to US English and UTC writes it: 11/21/2026 9:30:05 AM. */
static void logon_time(int64_t timestamp, char *out, size_t size)
{
	const time_t seconds = (time_t)(timestamp / 1000000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	snprintf(out, size, "%d/%d/%d %d:%02d:%02d %s", tm.tm_mon + 1, tm.tm_mday,
	    tm.tm_year + 1900, tm.tm_hour % 12 ? tm.tm_hour % 12 : 12, tm.tm_min, tm.tm_sec,
	    tm.tm_hour < 12 ? "AM" : "PM");
}

bool show_logonsessions(const struct show_context *context, FILE *out, struct error *error)
{
	const struct nt_logon *logon;
	char luid[LUID_TEXT];
	char when[64];
	size_t number = 0;

	(void)error;
	fputs("\r\nLogonSessions v1.41 - Lists logon session information\r\n"
	      "Copyright (C) 2004-2020 Mark Russinovich\r\n"
	      "Sysinternals - www.sysinternals.com\r\n\r\n",
	    out);
	TAILQ_FOREACH(logon, model_logons(context->model), link)
	{
		if (context->luid && logon->luid != context->luid)
			continue;
		logon_time(logon->logon_time, when, sizeof(when));
		fprintf(out, "\r\n[%zu] Logon session %s:\r\n", number++,
		    luid_format(logon->luid, luid));
		/* That of the host itself is the computer's account there, and "NT AUTHORITY\SYSTEM" in tokens. */
		if (logon->luid == LUID_SYSTEM)
			fprintf(out, "    User name:    WORKGROUP\\%s$\r\n", context->host_name);
		else
			fprintf(out, "    User name:    %s\\%s\r\n", logon->domain, logon->user);
		fprintf(out, "    Auth package: %s\r\n", logon->package);
		fprintf(out, "    Logon type:   %s\r\n", logon->type);
		fprintf(out, "    Session:      %u\r\n", logon->session_id);
		fprintf(out, "    Sid:          %s\r\n", logon->sid);
		fprintf(out, "    Logon time:   %s\r\n", when);
		fprintf(
		    out, "    Logon server: %s\r\n", logon->permanent ? "" : context->host_name);
		fprintf(out, "    DNS Domain:   \r\n");
		fprintf(out, "    UPN:          \r\n");
	}
	return true;
}
