/* Gives a reference to a certificate where a copy is asked for: nobody changes one. The dynamic linker gives FreeRDP's libraries a
 * program's own function before OpenSSL's. */
#include "driver/workarounds/workarounds.h"

#include <dlfcn.h>
#include <stdint.h>

#include <openssl/x509.h>

X509 *X509_dup(const X509 *certificate)
{
	X509 *const same = (X509 *)(uintptr_t)
	    certificate; /* OpenSSL counts references of const ones in newer versions only */

	return same && X509_up_ref(same) ? same : NULL;
}

bool certificate_copy_is_used(void)
{
	X509 *(*const own)(const X509 *) = X509_dup;

	return dlsym(RTLD_DEFAULT, "X509_dup") == *(void *const *)&own;
}
