/* Knows the first two PDUs of a connection (MS-RDPBCGR 2.2.1.1, 2.2.1.2) and the TLS handshake behind them. */
#include "driver/host/handshake.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/duration.h"
#include "driver/host/certificate.h"

/* The connection, and how long each step of it may take. */
struct line {
	int fd;
	int64_t timeout;
	const struct patience *patience;
};

/* requestedProtocols and selectedProtocol */
#define PROTOCOL_RDP 0
#define PROTOCOL_SSL 1
#define PROTOCOL_HYBRID 2
#define PROTOCOL_HYBRID_EX 8

#define CONFIRM_LEAST 11 /* TPKT, X.224 Connection Confirm */
#define NEGOTIATION_RESPONSE 2
#define NEGOTIATION_FAILURE 3

/* failureCode of RDP_NEG_FAILURE (MS-RDPBCGR 2.2.1.2.2). */
static const char *failure_text(uint32_t code)
{
	static const char *const texts[] = {NULL, "the host wants TLS: set host.security to tls",
	    "the host takes no TLS at all, but the RDP security of old, which leaklab does not speak: set its SecurityLayer to 2 (TLS)",
	    "the host has no certificate for TLS: look at its Remote Desktop certificate",
	    "the host finds the request inconsistent",
	    "the host wants Network Level Authentication: set host.security to nla",
	    "the host wants TLS with a client certificate, which leaklab does not have"};

	return code > 0 && code < sizeof(texts) / sizeof(texts[0])
	           ? texts[code]
	           : "the host refuses every security protocol that was asked for";
}

static const char *protocol_name(uint32_t selected)
{
	switch (selected) {
	case PROTOCOL_SSL:
		return "TLS without NLA";
	case PROTOCOL_HYBRID:
	case PROTOCOL_HYBRID_EX:
		return "NLA";
	case PROTOCOL_RDP:
		return "the RDP security of old";
	default:
		return "an unknown protocol";
	}
}

static bool receive(const struct line *line, int64_t deadline, uint8_t *bytes, size_t size)
{
	ssize_t got = 1;

	for (size_t used = 0; used < size && got > 0; used += (size_t)got) {
		if (!host_wait(line->fd, POLLIN, deadline, line->patience))
			return false;
		got = recv(line->fd, bytes + used, size - used, 0);
	}
	return got > 0;
}

static bool negotiate(
    const struct line *line, enum security wanted, struct handshake *out, struct error *error)
{
	const uint8_t protocols =
	    wanted == SECURITY_NLA ? PROTOCOL_SSL | PROTOCOL_HYBRID : PROTOCOL_SSL;
	/* TPKT, X.224 Connection Request, RDP_NEG_REQ. */
	const uint8_t request[19] = {
	    3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, protocols, 0, 0, 0};
	const int64_t deadline = timestamp_monotonic() + line->timeout;
	uint8_t answer[19] = {0};

	/* A host that knows no such request answers without the last 8 bytes. */
	if (send(line->fd, request, sizeof(request), MSG_NOSIGNAL) != (ssize_t)sizeof(request) ||
	    !receive(line, deadline, answer, CONFIRM_LEAST) || answer[0] != 3 ||
	    answer[5] != 0xd0 ||
	    (answer[3] > CONFIRM_LEAST &&
	        !receive(line, deadline, answer + CONFIRM_LEAST, sizeof(answer) - CONFIRM_LEAST)))
		return error_set(error, EXIT_TARGET,
		    "what answers there does not speak RDP, or says nothing: is it the right port, and is the host up?");
	const uint32_t value = answer[15] | (uint32_t)answer[16] << 8 | (uint32_t)answer[17] << 16 |
	                       (uint32_t)answer[18] << 24;
	if (answer[11] == NEGOTIATION_FAILURE)
		return error_set(error, EXIT_TARGET, "%s", failure_text(value));
	const uint32_t selected = answer[11] == NEGOTIATION_RESPONSE ? value : PROTOCOL_RDP;
	out->security = protocol_name(selected);
	if (selected == PROTOCOL_RDP)
		return error_set(error, EXIT_TARGET, "%s", failure_text(2));
	if (wanted == SECURITY_NLA && selected == PROTOCOL_SSL)
		return error_set(error, EXIT_TARGET,
		    "the host offers no Network Level Authentication: turn it on there (UserAuthentication of RDP-Tcp), or set host.security to tls, "
		    "by which passwords are typed into its logon dialog");
	return true;
}

/* pem: its chain. */
static void note_prints(X509 *certificate, const char *pem, size_t length, struct handshake *out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size;

	if (!certificate_print(pem, length, out->sha256))
		out->sha256[0] = '\0';
	if (X509_digest(certificate, EVP_sha1(), digest, &size) && size == 20)
		for (unsigned i = 0; i < size; i++)
			snprintf(out->sha1 + 3 * (size_t)i, 4, i + 1 < size ? "%02X:" : "%02X",
			    digest[i]);
	X509_NAME_oneline(X509_get_subject_name(certificate), out->subject, sizeof(out->subject));
}

static bool check(const struct setup *setup, SSL *tls, struct handshake *out, struct error *error)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(tls);
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;
	bool good = chain && bio && sk_X509_num(chain) > 0;

	for (int i = 0; good && i < sk_X509_num(chain); i++)
		good = PEM_write_bio_X509(bio, sk_X509_value(chain, i));
	if (good) {
		const long length = BIO_get_mem_data(bio, &pem);

		note_prints(sk_X509_value(chain, 0), pem, (size_t)length, out);
		good = certificate_check(setup->certificate, setup->certificate_value,
		    setup->certificate_name[0] ? setup->certificate_name : setup->host, setup->port,
		    pem, (size_t)length, error);
	} else {
		error_set(error, EXIT_TARGET, "the host shows no certificate");
	}
	BIO_free(bio);
	return good;
}

static bool note_tls_failure(struct error *error)
{
	const unsigned long code = ERR_get_error();

	return error_set(error, EXIT_TARGET, "the TLS handshake failed: %s",
	    code ? ERR_reason_error_string(code)
	         : "the host closed the connection, or said nothing");
}

/* The socket does not block. */
static bool connect_tls(const struct line *line, SSL *tls)
{
	const int64_t deadline = timestamp_monotonic() + line->timeout;
	int result;

	while ((result = SSL_connect(tls)) != 1) {
		const int wants = SSL_get_error(tls, result);
		if ((wants != SSL_ERROR_WANT_READ && wants != SSL_ERROR_WANT_WRITE) ||
		    !host_wait(line->fd, wants == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline,
		        line->patience))
			return false;
	}
	return true;
}

/* As FreeRDP does, old versions and weak keys are taken: hosts have what they have. */
static bool secure(
    const struct line *line, const struct setup *setup, struct handshake *out, struct error *error)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *tls = NULL;
	const int64_t start = timestamp_monotonic();

	out->reached = HANDSHAKE_TLS;
	if (context) {
		SSL_CTX_set_security_level(context, 0);
		SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
		tls = SSL_new(context);
	}
	bool good = tls && fcntl(line->fd, F_SETFL, O_NONBLOCK) == 0 && SSL_set_fd(tls, line->fd) &&
	            SSL_set_tlsext_host_name(tls, setup->host) && connect_tls(line, tls);
	out->time[HANDSHAKE_TLS] = timestamp_monotonic() - start;
	if (good) {
		out->tls = SSL_get_version(tls);
		out->reached = HANDSHAKE_CERTIFICATE;
		out->time[HANDSHAKE_CERTIFICATE] = 0;
		good = check(setup, tls, out, error);
	} else {
		note_tls_failure(error);
	}
	SSL_free(tls);
	SSL_CTX_free(context);
	ERR_clear_error();
	return good;
}

bool handshake_make(const struct setup *setup, int64_t timeout, const struct patience *patience,
    struct handshake *out, struct error *error)
{
	struct host_connection connection;

	*out = (struct handshake){0};
	for (int i = 0; i < HANDSHAKE_DONE; i++)
		out->time[i] = NUMBER_UNKNOWN;
	const bool connected =
	    host_connect(setup->host, setup->port, timeout, patience, &connection, error);
	snprintf(out->address, sizeof(out->address), "%s", connection.address);
	out->time[HANDSHAKE_NAME] = connection.resolved;
	out->time[HANDSHAKE_TCP] = connection.connected;
	if (connection.resolved != NUMBER_UNKNOWN)
		out->reached = HANDSHAKE_TCP;
	if (!connected)
		return false;
	out->reached = HANDSHAKE_SECURITY;
	const struct line line = {connection.fd, timeout, patience};
	const int64_t start = timestamp_monotonic();
	bool good = negotiate(&line, setup->security, out, error);
	out->time[HANDSHAKE_SECURITY] = timestamp_monotonic() - start;
	good = good && secure(&line, setup, out, error);
	close(connection.fd);
	if (good)
		out->reached = HANDSHAKE_DONE;
	return good;
}
