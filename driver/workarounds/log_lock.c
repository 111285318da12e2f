/* Locks WinPR's list of loggers: the only way to it is WLog_Get(), and the dynamic linker gives FreeRDP's libraries a program's own
 * before theirs. */
#include "driver/workarounds/workarounds.h"

#include <dlfcn.h>
#include <pthread.h>

#include <winpr/wlog.h>

wLog *WLog_Get(LPCSTR name)
{
	/* Making the first one may come back here. */
	static pthread_mutex_t mutex = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
	static wLog *(*next)(LPCSTR name);

	pthread_mutex_lock(&mutex);
	if (!next) /* POSIX' way to get a function out of dlsym() */
		*(void **)&next = dlsym(RTLD_NEXT, "WLog_Get");
	wLog *log = next ? next(name) : NULL;
	pthread_mutex_unlock(&mutex);
	return log;
}

bool log_lock_is_used(void)
{
	wLog *(*const own)(LPCSTR) = WLog_Get;

	return dlsym(RTLD_DEFAULT, "WLog_Get") == *(void *const *)&own;
}
