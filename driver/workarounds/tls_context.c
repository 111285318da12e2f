/* Gives the connections of a thread one TLS context, one after another, where FreeRDP makes one for each.
 *
 * They cannot tell: tls_prepare() sets mode, options, versions, security level and ciphers of a context each time, by settings that are the
 * same for all connections of a process. Nothing of a connection stays in a client's context: sessions are kept by a server's alone
 * (SSL_CTX_set_session_cache_mode(3)), so none is resumed, and the host's certificate is not checked by way of it. No other thread has it, as it
 * has no lock. Servers get a new one each: theirs has the keys of its tickets. Other libraries (a KDC's HTTPS proxy is asked by libkrb5 with TLS of its own) get a new one, too. */
#include "driver/workarounds/workarounds.h"

#include <dlfcn.h>
#include <pthread.h>

#include <openssl/ssl.h>

static pthread_key_t key;
static bool has_key;

static void end_of_thread(void *context)
{
	SSL_CTX_free(context);
}

static void make_key(void)
{
	has_key = pthread_key_create(&key, end_of_thread) == 0;
}

/* The dynamic linker gives FreeRDP's libraries a program's own function before OpenSSL's, which does the same as SSL_CTX_new_ex(). */
SSL_CTX *SSL_CTX_new(const SSL_METHOD *method)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_key);
	if (!has_key || method != TLS_client_method() ||
	    !libfreerdp_has(__builtin_return_address(0)))
		return SSL_CTX_new_ex(NULL, NULL, method);
	SSL_CTX *kept = pthread_getspecific(key);
	if (!kept) {
		kept = SSL_CTX_new_ex(NULL, NULL, method);
		if (!kept || pthread_setspecific(key, kept) != 0)
			return kept;
	}
	SSL_CTX_up_ref(kept); /* the thread keeps the other one */
	return kept;
}

bool tls_context_is_used(void)
{
	SSL_CTX *(*const own)(const SSL_METHOD *) = SSL_CTX_new;

	return dlsym(RTLD_DEFAULT, "SSL_CTX_new") == *(void *const *)&own;
}
