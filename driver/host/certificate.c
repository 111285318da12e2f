/* Knows X.509 (through OpenSSL) and the file of certificates trusted on first use: lines "host:port sha256:HEX". */
#include "driver/host/certificate.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* As it came: parsing it would take ten times as long. */
bool certificate_print(const char *pem, size_t length, char out[PRINT_TEXT])
{
	unsigned char digest[EVP_MAX_MD_SIZE], *der = NULL;
	BIO *bio = BIO_new_mem_buf(pem, (int)length);
	char *name = NULL, *header = NULL;
	unsigned size = 0;
	long der_size;

	const bool good = bio && PEM_read_bio(bio, &name, &header, &der, &der_size) &&
	                  strcmp(name, PEM_STRING_X509) == 0 &&
	                  EVP_Digest(der, (size_t)der_size, digest, &size, EVP_sha256(), NULL) &&
	                  size == 32;
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	BIO_free(bio);
	strcpy(out, "sha256:");
	for (unsigned i = 0; good && i < size; i++)
		snprintf(out + 7 + 2 * i, 3, "%02x", digest[i]);
	return good;
}

static STACK_OF(X509) * read_chain(const char *pem, size_t length)
{
	BIO *bio = BIO_new_mem_buf(pem, (int)length);
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509 *certificate;

	while (bio && chain && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
		if (!sk_X509_push(chain, certificate)) {
			X509_free(certificate);
			break;
		}
	BIO_free(bio);
	return chain;
}

static bool check_ca(
    const char *file, const char *host, const char *pem, size_t length, struct error *error)
{
	STACK_OF(X509) *chain = read_chain(pem, length);
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	struct in6_addr address;
	bool trusted = false;

	if (!store || !context || !X509_STORE_load_file(store, file) ||
	    !X509_STORE_CTX_init(context, store, chain ? sk_X509_value(chain, 0) : NULL, chain)) {
		error_set(
		    error, EXIT_USAGE, "CA file %s: cannot be read as PEM certificates", file);
		goto out;
	}
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
	if (inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1)
		X509_VERIFY_PARAM_set1_ip_asc(param, host);
	else
		X509_VERIFY_PARAM_set1_host(param, host, 0);
	X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
	trusted = X509_verify_cert(context) == 1;
	if (!trusted)
		error_set(error, EXIT_TARGET, "the certificate of %s is not trusted by %s: %s",
		    host, file, X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
out:
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	sk_X509_pop_free(chain, X509_free);
	return trusted;
}

/* Looks for the host's lines, of which one must have the print: hosts behind one name have several. Appends one if there is none. The file
 * is locked by the caller. */
static bool check_known(
    FILE *known, const char *file, const char *name, const char *print, struct error *error)
{
	char line[512], other[sizeof line] = "";
	const size_t length = strlen(name);
	bool ends = true; /* the last line with its newline */

	while (fgets(line, sizeof(line), known)) {
		const size_t text = strcspn(line, "\r\n");
		ends = line[text] != '\0';
		line[text] = '\0';
		if (strncmp(line, name, length) != 0 || line[length] != ' ')
			continue;
		if (strcmp(line + length + 1, print) == 0)
			return true;
		snprintf(other, sizeof(other), "%s", line + length + 1);
	}
	if (other[0])
		return error_set(error, EXIT_TARGET,
		    "the certificate of %s has changed: %s says %s, the host shows %s; remove the "
		    "line if the host really has a new certificate, or add a line \"%s %s\" if "
		    "several hosts answer to that name",
		    name, file, other, print, name, print);
	if (fprintf(known, "%s%s %s\n", ends ? "" : "\n", name, print) < 0 || fflush(known) != 0)
		return error_set(
		    error, EXIT_TARGET, "%s: cannot be written: %s", file, strerror(errno));
	return true;
}

static bool check_tofu(
    const char *file, const char *host, uint16_t port, const char *print, struct error *error)
{
	char name[300];
	const int fd = open(file, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	FILE *known = fd >= 0 ? fdopen(fd, "a+") : NULL;
	bool trusted = false;

	snprintf(name, sizeof(name), "%s:%u", host, port);
	if (known && flock(fd, LOCK_EX) == 0) {
		rewind(known);
		trusted = check_known(known, file, name, print, error);
	} else {
		error_set(error, EXIT_USAGE, "file of trusted certificates %s: %s", file,
		    strerror(errno));
	}
	if (known)
		fclose(known);
	else if (fd >= 0)
		close(fd);
	return trusted;
}

bool certificate_check(enum certificate_policy policy, const char *value, const char *host,
    uint16_t port, const char *pem, size_t length, struct error *error)
{
	char print[PRINT_TEXT];

	if (policy == CERTIFICATE_IGNORE)
		return true;
	if (policy == CERTIFICATE_CA)
		return check_ca(value, host, pem, length, error);
	if (!certificate_print(pem, length, print))
		return error_set(error, EXIT_TARGET, "the certificate of %s cannot be read", host);
	if (policy == CERTIFICATE_TOFU)
		return check_tofu(value, host, port, print, error);
	if (strstr(value, print)) /* each has the same length, and begins alike */
		return true;
	return error_set(error, EXIT_TARGET,
	    "the certificate of %s is not the pinned one: it is %s, pinned is %s", host, print,
	    value);
}
