/* Finds out the time zone once.
 *
 * FreeRDP makes settings for each connection (its own, and the peer's), and in each the time zone, which WinPR (3.10) finds by
 * comparing the system's with a table of all: a tenth of the processor time of a logon. The dynamic linker gives FreeRDP's
 * libraries a program's own function before WinPR's. */
#include <dlfcn.h>
#include <pthread.h>

#include <winpr/timezone.h>

static DYNAMIC_TIME_ZONE_INFORMATION zone;
static DWORD zone_id = UINT32_MAX; /* TIME_ZONE_ID_INVALID: it cannot be found out */

static void find_out(void)
{
	DWORD (*next)(PDYNAMIC_TIME_ZONE_INFORMATION);

	*(void **)&next = dlsym(RTLD_NEXT, "GetDynamicTimeZoneInformation");
	if (next)
		zone_id = next(&zone);
}

DWORD GetDynamicTimeZoneInformation(PDYNAMIC_TIME_ZONE_INFORMATION information)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, find_out);
	*information = zone;
	return zone_id;
}
