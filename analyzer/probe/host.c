#include "probe/host.h"

#include <stdlib.h>
#include <string.h>

#include "probe/nt.h"
#include "windows/win32.h"

static int64_t number(FILETIME time)
{
	return (int64_t)((uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime);
}

static void read_version(struct host *host)
{
	/* GetVersionEx tells programs without a manifest of Windows 8 at most. */
	RTL_OSVERSIONINFOW version = {.dwOSVersionInfoSize = sizeof(version)};
	LONG(WINAPI * get)
	(RTL_OSVERSIONINFOW *) = (void *)optional_function(L"ntdll.dll", "RtlGetVersion");

	if (!get || get(&version) != 0)
		return;
	host->major = version.dwMajorVersion;
	host->minor = version.dwMinorVersion;
	host->build = version.dwBuildNumber;
}

void host_read(struct host *out)
{
	struct nt_time_of_day times;
	wchar_t name[256];
	DWORD size = 256;
	FILETIME now;
	ULONG length;

	*out = (struct host){0};
	read_version(out);
	GetSystemTimeAsFileTime(&now);
	out->now = number(now);
	if (NtQuerySystemInformation(
	        (SYSTEM_INFORMATION_CLASS)NT_TIME_OF_DAY, &times, sizeof(times), &length) == 0 &&
	    times.boot > 0)
		out->boot = times.boot - times.boot_bias;
	if (GetComputerNameExW(ComputerNameDnsHostname, name, &size) && size > 0) {
		char *text = utf8(name, -1);

		if (text)
			snprintf(out->name, sizeof(out->name), "%s", text);
		free(text);
	}
}
