/* Makes WinPR's loggers fit for threads.
 *
 * WinPR (up to and including 3.29) makes a logger at its first use, in a list that others read meanwhile without a
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
	if (!next)
		next = (wLog * (*)(LPCSTR)) dlsym(RTLD_NEXT, "WLog_Get");
	wLog *log = next ? next(name) : NULL;
	pthread_mutex_unlock(&mutex);
	return log;
}
