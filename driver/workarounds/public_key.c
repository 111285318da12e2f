/* Writes an RSA public key as RFC 8017 A.1.1 has it, SEQUENCE of modulus and exponent; other keys OpenSSL writes. The dynamic linker
 * gives FreeRDP's libraries a program's own function before OpenSSL's. */
#include "driver/workarounds/workarounds.h"

#include <dlfcn.h>
#include <stdatomic.h>

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

typedef int i2d_function(const EVP_PKEY *key, unsigned char **out);

static int openssl_i2d(const EVP_PKEY *key, unsigned char **out)
{
	static _Atomic(i2d_function *) next;
	i2d_function *function = atomic_load_explicit(&next, memory_order_relaxed);

	if (!function) {
		*(void **)&function = dlsym(RTLD_NEXT, "i2d_PublicKey");
		atomic_store_explicit(&next, function, memory_order_relaxed);
	}
	return function ? function(key, out) : -1;
}

static ASN1_INTEGER *part_of(const EVP_PKEY *key, const char *name)
{
	BIGNUM *number = NULL;
	ASN1_INTEGER *part =
	    EVP_PKEY_get_bn_param(key, name, &number) ? BN_to_ASN1_INTEGER(number, NULL) : NULL;

	BN_free(number);
	return part;
}

static int write_rsa(const ASN1_INTEGER *modulus, const ASN1_INTEGER *exponent, unsigned char **out)
{
	const int inside = i2d_ASN1_INTEGER(modulus, NULL) + i2d_ASN1_INTEGER(exponent, NULL);

	if (out) {
		ASN1_put_object(out, 1, inside, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
		i2d_ASN1_INTEGER(modulus, out);
		i2d_ASN1_INTEGER(exponent, out);
	}
	return ASN1_object_size(1, inside, V_ASN1_SEQUENCE);
}

int i2d_PublicKey(const EVP_PKEY *key, unsigned char **out)
{
	const bool asks_for_memory = out && !*out;

	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA || asks_for_memory)
		return openssl_i2d(key, out);
	ASN1_INTEGER *modulus = part_of(key, OSSL_PKEY_PARAM_RSA_N),
	             *exponent = part_of(key, OSSL_PKEY_PARAM_RSA_E);
	const int size =
	    modulus && exponent ? write_rsa(modulus, exponent, out) : openssl_i2d(key, out);
	ASN1_INTEGER_free(modulus);
	ASN1_INTEGER_free(exponent);
	return size;
}

bool public_key_is_used(void)
{
	i2d_function *const own = i2d_PublicKey;

	return dlsym(RTLD_DEFAULT, "i2d_PublicKey") == *(void *const *)&own;
}
