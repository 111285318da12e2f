/* Locks the SSPI functions that touch WinPR's table of buffers: the function table is writable, so they are wrapped. */
#include "driver/workarounds/workarounds.h"

#include <pthread.h>

#include <winpr/sspi.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static QUERY_SECURITY_PACKAGE_INFO_FN_A query_security_package_info;
static ENUMERATE_SECURITY_PACKAGES_FN_A enumerate_security_packages;
static FREE_CONTEXT_BUFFER_FN free_context_buffer;

static SECURITY_STATUS SEC_ENTRY locked_query_security_package_info(
    SEC_CHAR *package_name, PSecPkgInfoA *package_info)
{
	pthread_mutex_lock(&mutex);
	const SECURITY_STATUS status = query_security_package_info(package_name, package_info);
	pthread_mutex_unlock(&mutex);
	return status;
}

static SECURITY_STATUS SEC_ENTRY locked_enumerate_security_packages(
    ULONG *package_count, PSecPkgInfoA *package_info)
{
	pthread_mutex_lock(&mutex);
	const SECURITY_STATUS status = enumerate_security_packages(package_count, package_info);
	pthread_mutex_unlock(&mutex);
	return status;
}

static SECURITY_STATUS SEC_ENTRY locked_free_context_buffer(void *buffer)
{
	pthread_mutex_lock(&mutex);
	const SECURITY_STATUS status = free_context_buffer(buffer);
	pthread_mutex_unlock(&mutex);
	return status;
}

bool sspi_lock_install(void)
{
	SecurityFunctionTableA *table = InitSecurityInterfaceExA(0);
	if (!table)
		return false;
	if (table->FreeContextBuffer == locked_free_context_buffer)
		return true;
	query_security_package_info = table->QuerySecurityPackageInfoA;
	enumerate_security_packages = table->EnumerateSecurityPackagesA;
	free_context_buffer = table->FreeContextBuffer;
	table->QuerySecurityPackageInfoA = locked_query_security_package_info;
	table->EnumerateSecurityPackagesA = locked_enumerate_security_packages;
	table->FreeContextBuffer = locked_free_context_buffer;
	return true;
}
