/* Knows how the lab host's key and certificate are made. */
#include "labhost/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define DAY (24 * 60 * 60L)

static bool openssl_error(struct error *error, const char *doing)
{
	char text[256];

	ERR_error_string_n(ERR_get_error(), text, sizeof(text));
	return error_set(error, EXIT_TARGET, "%s: %s", doing, text);
}

static bool extension_add(X509 *x509, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	const bool added = extension && X509_add_ext(x509, extension, -1) == 1;

	X509_EXTENSION_free(extension);
	return added;
}

static X509 *self_signed(EVP_PKEY *key, const char *host_name)
{
	X509 *x509 = X509_new();
	X509_NAME *name = x509 ? X509_get_subject_name(x509) : NULL;
	char names[512];
	uint64_t serial;

	snprintf(names, sizeof(names), "DNS:%s,DNS:localhost,IP:127.0.0.1,IP:::1", host_name);
	if (!x509 || RAND_bytes((unsigned char *)&serial, sizeof(serial)) != 1 ||
	    X509_set_version(x509, 2) != 1 || /* X.509 v3 counts from 0 */
	    ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial >> 1) != 1 ||
	    !X509_gmtime_adj(X509_getm_notBefore(x509), -DAY) ||
	    !X509_gmtime_adj(X509_getm_notAfter(x509), 365 * DAY) ||
	    X509_set_pubkey(x509, key) != 1 ||
	    X509_NAME_add_entry_by_txt(
	        name, "CN", MBSTRING_UTF8, (const unsigned char *)host_name, -1, -1, 0) != 1 ||
	    X509_set_issuer_name(x509, name) != 1 ||
	    !extension_add(x509, NID_subject_alt_name, names) ||
	    !extension_add(x509, NID_ext_key_usage, "serverAuth") ||
	    X509_sign(x509, key, EVP_sha256()) == 0) {
		X509_free(x509);
		return NULL;
	}
	return x509;
}

/* Takes what was written to a memory BIO as a string; NULL if nothing was. */
static char *bio_text(BIO *bio)
{
	char *data;
	const long length = BIO_get_mem_data(bio, &data);

	return length > 0 ? strndup(data, (size_t)length) : NULL;
}

static bool fingerprint_make(const X509 *x509, char out[65])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length;

	if (X509_digest(x509, EVP_sha256(), digest, &length) != 1 || length != 32)
		return false;
	for (unsigned i = 0; i < length; i++)
		snprintf(out + 2 * (size_t)i, 3, "%02x", digest[i]);
	return true;
}

bool certificate_init(struct certificate *certificate, const char *host_name, struct error *error)
{
	struct certificate made = {0};
	EVP_PKEY *key = EVP_RSA_gen(2048);
	X509 *x509 = key ? self_signed(key, host_name) : NULL;
	BIO *certificate_bio = BIO_new(BIO_s_mem());
	BIO *key_bio = BIO_new(BIO_s_secmem());
	bool done = false;

	if (x509 && certificate_bio && key_bio && PEM_write_bio_X509(certificate_bio, x509) == 1 &&
	    PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL) == 1 &&
	    fingerprint_make(x509, made.fingerprint)) {
		made.certificate_pem = bio_text(certificate_bio);
		made.key_pem = bio_text(key_bio);
		done = made.certificate_pem && made.key_pem;
	}
	if (done)
		*certificate = made;
	else {
		certificate_deinit(&made);
		openssl_error(error, "making the lab host's certificate");
	}
	BIO_free(key_bio);
	BIO_free(certificate_bio);
	X509_free(x509);
	EVP_PKEY_free(key);
	return done;
}

void certificate_deinit(struct certificate *certificate)
{
	if (certificate->key_pem)
		explicit_bzero(certificate->key_pem, strlen(certificate->key_pem));
	free(certificate->key_pem);
	free(certificate->certificate_pem);
	*certificate = (struct certificate){0};
}

static bool write_private(const char *path, const char *text, struct error *error)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	const size_t length = strlen(text);

	if (fd < 0)
		return error_set(error, EXIT_TARGET, "creating %s: %s", path, strerror(errno));
	const bool written = write(fd, text, length) == (ssize_t)length;
	if (close(fd) != 0 || !written)
		return error_set(error, EXIT_TARGET, "writing %s: %s", path, strerror(errno));
	return true;
}

bool certificate_write(const struct certificate *certificate, const char *certificate_path,
    const char *key_path, struct error *error)
{
	return write_private(certificate_path, certificate->certificate_pem, error) &&
	       write_private(key_path, certificate->key_pem, error);
}
