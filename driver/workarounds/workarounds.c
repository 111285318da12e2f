#include "driver/workarounds/workarounds.h"

#include <stdlib.h>

#include <winpr/ssl.h>
#include <winpr/timezone.h>

/* Functions of OpenSSL. */
static const struct {
	bool (*is_used)(void);
	const char *name;
} replaced[] = {
    {certificate_copy_is_used, "X509_dup"},
    {public_key_is_used, "i2d_PublicKey"},
    {tls_context_is_used, "SSL_CTX_new"},
};

bool workarounds_install(struct error *error)
{
	TIME_ZONE_INFORMATION zone;

	/* Without TZ each connection has libc look at /etc/localtime some 2,200 times. */
	setenv("TZ", "UTC0", 0);
	winpr_InitializeSSL(WINPR_SSL_INIT_DEFAULT);
	(void)GetTimeZoneInformation(&zone);
	libfreerdp_find();
#ifdef ZERO_PAGES
	zero_pages_install();
#endif
	if (!sspi_lock_install())
		return error_set(error, EXIT_TARGET,
		    "this WinPR has no table of SSPI functions to lock, and parallel logons corrupt its memory: use FreeRDP 3.10 "
		    "or a later 3.x");
	if (!log_lock_is_used() || !time_zone_is_used())
		return error_set(error, EXIT_TARGET,
		    "this WinPR does not call the program's %s, so that connections in parallel are not safe: link it dynamically",
		    log_lock_is_used() ? "GetDynamicTimeZoneInformation" : "WLog_Get");
	for (size_t i = 0; i < sizeof(replaced) / sizeof(replaced[0]); i++)
		if (!replaced[i].is_used())
			return error_set(error, EXIT_TARGET,
			    "this FreeRDP does not call the program's %s: link it dynamically",
			    replaced[i].name);
	return true;
}

bool workarounds_spare_memory(void)
{
#ifdef ZERO_PAGES
	return zero_pages_count() > 0;
#else
	return true;
#endif
}
