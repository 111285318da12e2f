/* What is known by name or number on every Windows host. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "evidence/identity.h"
#include "leak/inside.h"

/* Without ".exe". */
static size_t stem_length(const char *image)
{
	const size_t length = strlen(image);
	return length > 4 && strcasecmp(image + length - 4, ".exe") == 0 ? length - 4 : length;
}

bool image_same(const char *a, const char *b)
{
	if (!a || !b)
		return false;
	const size_t length = stem_length(a);
	return length == stem_length(b) && strncasecmp(a, b, length) == 0;
}

bool image_follows(const char *image)
{
	return image_same(image, "System") || image_same(image, "lsass");
}

bool image_is_windows(const char *image)
{
	static const char *const own[] = {"System", "smss", "csrss", "wininit", "winlogon",
	    "services", "lsass", "lsm", "svchost", "LogonUI", "dwm", "fontdrvhost", "explorer",
	    "rdpclip", "taskhostw", "taskhostex", "sihost", "spoolsv", "WmiPrvSE", "RuntimeBroker",
	    "userinit", "ctfmon", "conhost", "dllhost", "SearchIndexer", "LsaIso", "Registry",
	    "Memory Compression", "TiWorker", "TrustedInstaller", "audiodg", "msdtc",
	    "TermService"};
	const size_t length = image ? stem_length(image) : 0;
	for (size_t i = 0; image && i < sizeof own / sizeof own[0]; i++) {
		if (strlen(own[i]) == length && strncasecmp(image, own[i], length) == 0)
			return true;
	}
	return false;
}

static bool starts(const char *text, const char *with)
{
	return text && strncasecmp(text, with, strlen(with)) == 0;
}

/* "C:\\Windows\\...", on any drive. */
static bool path_is_windows(const char *path)
{
	return path[0] && path[1] == ':' && starts(path + 2, "\\Windows\\");
}

bool process_is_windows(const struct snapshot *snapshot, int64_t pid, const char *image)
{
	for (size_t i = 0; pid != NUMBER_UNKNOWN && i < snapshot->process_count; i++) {
		const struct process *process = &snapshot->processes[i];
		if (process->pid != pid || process->exited ||
		    (image && process->image && !image_same(process->image, image)))
			continue;
		if (process->company)
			return strcasecmp(process->company, "Microsoft Corporation") == 0;
		if (process->path)
			return path_is_windows(process->path);
	}
	return image_is_windows(image);
}

bool sample_lists(const struct snapshot *snapshot, uint64_t luid)
{
	for (size_t i = 0; i < snapshot->logon_session_count; i++) {
		if (snapshot->logon_sessions[i].luid == luid)
			return true;
	}
	return false;
}

uint64_t lasting_missing(const struct snapshot *before, const struct snapshot *after)
{
	for (size_t i = 0; i < before->logon_session_count; i++) {
		const uint64_t luid = before->logon_sessions[i].luid;
		if (luid_is_lasting(luid) && !sample_lists(after, luid))
			return luid;
	}
	return 0;
}

bool logon_is_of_desktop(const struct logon_session *logon)
{
	return starts(logon->user, "DWM-") || starts(logon->user, "UMFD-");
}

bool logon_is_remote(const struct logon_session *logon)
{
	return logon->logon_type && (strcmp(logon->logon_type, "RemoteInteractive") == 0 ||
	                                strcmp(logon->logon_type, "CachedRemoteInteractive") == 0);
}

bool logon_is_of_person(const struct logon_session *logon)
{
	static const char *const types[] = {
	    "Network", "Batch", "Service", "NetworkCleartext", "Proxy"};
	static const char *const domains[] = {
	    "NT AUTHORITY", "NT SERVICE", "IIS APPPOOL", "NT VIRTUAL MACHINE"};
	const size_t length = logon->user ? strlen(logon->user) : 0;
	if ((length && logon->user[length - 1] == '$') || logon_is_of_desktop(logon) ||
	    luid_is_lasting(logon->luid))
		return false;
	for (size_t i = 0; logon->domain && i < sizeof domains / sizeof domains[0]; i++) {
		if (strcasecmp(logon->domain, domains[i]) == 0)
			return false;
	}
	for (size_t i = 0; logon->logon_type && i < sizeof types / sizeof types[0]; i++) {
		if (strcmp(logon->logon_type, types[i]) == 0)
			return false;
	}
	return true;
}

/* Their LUIDs are near, and so are their times; tools print seconds. */
#define TWINS_MOST 0x1000
#define TWINS_TIME 50000 /* microseconds */
#define SECOND 1000000

static bool at_one_time(const struct logon_session *a, const struct logon_session *b)
{
	if (a->logon_time == TIMESTAMP_UNKNOWN || b->logon_time == TIMESTAMP_UNKNOWN)
		return !logon_session_apart(a, b);
	const bool seconds = a->logon_time % SECOND == 0 && b->logon_time % SECOND == 0;
	return llabs(a->logon_time - b->logon_time) <= (seconds ? SECOND : TWINS_TIME);
}

bool logons_are_twins(const struct logon_session *a, const struct logon_session *b)
{
	return a->session_id == b->session_id && a->user && b->user &&
	       account_same(a->user, a->domain, b->user, b->domain) &&
	       b->luid - a->luid <= TWINS_MOST && at_one_time(a, b);
}
