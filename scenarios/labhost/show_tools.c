/* Knows how the usual tools lay out what they print: qwinsta, logonsessions and handle. */
#include "labhost/show.h"

#include <time.h>

#include "evidence/snapshot.h"

/* 0-based columns: marker 0, name 1, user 19, ID ends before 46, STATE 48, TYPE 56, DEVICE 68; padded to 76. */
static void qwinsta_row(FILE *out, char marker, const char *name, const char *user, const char *id,
    const char *state, const char *type, const char *device)
{
	fprintf(out, "%c%-18.17s%-20.19s%7s  %-8s%-12s%-8s\r\n", marker, name, user, id, state,
	    type, device);
}

static void qwinsta_id_row(
    FILE *out, char marker, const char *name, const char *user, uint32_t id, const char *state)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", id);
	qwinsta_row(out, marker, name, user, text, state, "", "");
}

/* qwinsta writes WinStation names in small letters. */
static void station_name(const char *station, char *out, size_t size)
{
	snprintf(out, size, "rdp-tcp%s", station + sizeof("RDP-Tcp") - 1);
}

bool show_qwinsta(const struct show_context *context, FILE *out, struct error *error)
{
	const struct nt_session *session;
	char name[32];

	(void)error;
	qwinsta_row(out, ' ', "SESSIONNAME", "USERNAME", "ID", "STATE", "TYPE", "DEVICE");
	/* It is run by an observer, which is a service's child. */
	qwinsta_id_row(out, '>', "services", "", SESSION_ID_SERVICES, "Disc");
	qwinsta_id_row(out, ' ', "console", "", SESSION_ID_CONSOLE, "Conn");
	TAILQ_FOREACH(session, model_sessions(context->model), link)
	{
		if (session->state == NT_STATE_ACTIVE)
			station_name(session->station, name, sizeof(name));
		else
			name[0] = '\0';
		qwinsta_id_row(out, ' ', name, session->user, session->id,
		    session->state == NT_STATE_ACTIVE ? "Active" : "Disc");
	}
	qwinsta_id_row(out, ' ', "rdp-tcp", "", 65536, "Listen");
	return true;
}

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

static void handle_rows(
    const struct show_context *context, const struct nt_process *process, FILE *out, size_t *rows)
{
	char name[512];

	for (size_t slot = 0; slot < process->table_size; slot++) {
		const struct nt_handle *handle = process->table[slot];

		/* It searches names, and those of processes and threads have no LUID. */
		if (!handle ||
		    (context->luid && (handle->target || handle->logon->luid != context->luid)))
			continue;
		fprintf(out, "%-18s pid: %-6u type: %-14s%5X: %s\r\n", process->image, process->pid,
		    handle_type(handle), handle->value, handle_name(handle, name, sizeof(name)));
		++*rows;
	}
}

bool show_handle(const struct show_context *context, FILE *out, struct error *error)
{
	const struct nt_process *process;
	size_t rows = 0;

	(void)error;
	fputs("\r\nNthandle v5.0 - Handle viewer\r\n"
	      "Copyright (C) 1997-2022 Mark Russinovich\r\n"
	      "Sysinternals - www.sysinternals.com\r\n\r\n",
	    out);
	TAILQ_FOREACH(process, model_processes(context->model), link)
	handle_rows(context, process, out, &rows);
	if (rows == 0)
		fputs("No matching handles found.\r\n", out);
	return true;
}
