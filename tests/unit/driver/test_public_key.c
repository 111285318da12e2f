/* A host's public key is what NLA binds the password to (MS-CSSP 3.1.5): it has the bytes that OpenSSL would write. */
#include "tests/unit/unit.h"

#include <string.h>

#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "driver/workarounds/public_key.c" /* NOLINT(bugprone-suspicious-include): its OpenSSL, too */

static void check(EVP_PKEY *key)
{
	unsigned char own[1000], theirs[1000], *own_end = own, *theirs_end = theirs;

	assert_non_null(key);
	const int size = openssl_i2d(key, &theirs_end);
	assert_true(size > 0);
	assert_int_equal(i2d_PublicKey(key, NULL), size);
	assert_int_equal(i2d_PublicKey(key, &own_end), size);
	assert_int_equal(own_end - own, size);
	assert_memory_equal(own, theirs, size);
	unsigned char *made = NULL;
	assert_int_equal(i2d_PublicKey(key, &made), size);
	assert_memory_equal(made, theirs, size);
	OPENSSL_free(made);
	EVP_PKEY_free(key);
}

static void rsa_keys_of_all_lengths_are_as_openssl_writes_them(void **state)
{
	(void)state;
	for (size_t bits = 512; bits <= 2048; bits += 128)
		check(EVP_RSA_gen(bits));
	check(EVP_RSA_gen(1031)); /* without a zero before the modulus */
}

static void other_keys_are_openssls(void **state)
{
	(void)state;
	check(EVP_EC_gen("P-256"));
}

static void a_key_that_openssl_cannot_write_is_not_written(void **state)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	(void)state;

	assert_non_null(key);

	assert_true(i2d_PublicKey(key, NULL) <= 0);
	EVP_PKEY_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(rsa_keys_of_all_lengths_are_as_openssl_writes_them),
	    unit_test(other_keys_are_openssls),
	    unit_test(a_key_that_openssl_cannot_write_is_not_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
