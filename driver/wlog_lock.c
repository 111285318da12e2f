/* Makes WinPR's loggers fit for threads.
 *
 * WinPR (3.10 is the one looked at) makes a logger at its first use, in a list that others read meanwhile without a
 * lock: a connection that needs a new one, even in its very end, races with all others. The only way to that list is
 * WLog_Get(), and the dynamic linker gives FreeRDP's libraries a program's own before theirs. */
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
