/* Finds out the time zone once. The dynamic linker gives FreeRDP's libraries a program's own function before WinPR's. */
#include "driver/workarounds/workarounds.h"

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

bool time_zone_is_used(void)
{
	DWORD (*const own)(PDYNAMIC_TIME_ZONE_INFORMATION) = GetDynamicTimeZoneInformation;

	return dlsym(RTLD_DEFAULT, "GetDynamicTimeZoneInformation") == *(void *const *)&own;
}
