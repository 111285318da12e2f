/* What a logon cannot do without: TCP, TLS and NTLM, N times, by OpenSSL and WinPR alone. A peer for the driver's processor time.
 * Usage: leaklab-bare-logon PORT ACCOUNT DOMAIN N, the password in LEAKLAB_BENCH_PASSWORD. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/asn1.h>
#include <openssl/ssl.h>
#include <winpr/sspi.h>

#define TOKEN_MAX 4000

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "leaklab-bare-logon: %s failed\n", what);
	exit(4);
}

static int connect_to(uint16_t port)
{
	/* MS-RDPBCGR 2.2.1.1: asks for TLS or CredSSP */
	static const unsigned char request[] = {
	    3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 3, 0, 0, 0};
	const struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	unsigned char reply[sizeof(request)];
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    write(fd, request, sizeof(request)) != sizeof(request) ||
	    recv(fd, reply, sizeof(reply), MSG_WAITALL) != sizeof(reply))
		fail("X.224");
	return fd;
}

/* Puts tag and length before what is at the end of the buffer; at: where that begins. */
static unsigned char *wrap(unsigned char tag, unsigned char *at, const unsigned char *end)
{
	const size_t length = (size_t)(end - at);

	*--at = (unsigned char)length;
	if (length > 127) {
		*--at = (unsigned char)(length >> 8);
		*--at = 0x82;
	}
	*--at = tag;
	return at;
}

/* MS-CSSP 2.2.1: a TSRequest with one token. */
static void send_token(SSL *tls, const unsigned char *token, size_t size)
{
	static const unsigned char version[] = {0xa0, 3, 2, 1, 6};
	unsigned char buffer[TOKEN_MAX + 100], *end = buffer + sizeof(buffer), *at = end - size;

	memcpy(at, token, size);
	for (const unsigned char *tag = (const unsigned char *)"\x04\xa0\x30\x30\xa1"; *tag; tag++)
		at = wrap(*tag, at, end);
	at -= sizeof(version);
	memcpy(at, version, sizeof(version));
	at = wrap(0x30, at, end);
	if (SSL_write(tls, at, (int)(end - at)) <= 0)
		fail("a write to TLS");
}

/* Gives the NTLM message of a TSRequest that has nothing behind it. */
static size_t receive_token(SSL *tls, unsigned char token[TOKEN_MAX])
{
	unsigned char buffer[TOKEN_MAX];
	const int got = SSL_read(tls, buffer, sizeof(buffer));
	const unsigned char *ntlm = got > 0 ? memmem(buffer, (size_t)got, "NTLMSSP", 8) : NULL;

	if (!ntlm)
		fail("the CHALLENGE");
	const size_t size = (size_t)(buffer + got - ntlm);
	memcpy(token, ntlm, size);
	return size;
}

static void authenticate(SSL *tls, SecurityFunctionTableA *sspi, CredHandle *credentials)
{
	unsigned char in[TOKEN_MAX], out[TOKEN_MAX];
	SecBuffer in_buffer = {.BufferType = SECBUFFER_TOKEN, .pvBuffer = in},
	          out_buffer = {.BufferType = SECBUFFER_TOKEN, .pvBuffer = out};
	SecBufferDesc in_all = {SECBUFFER_VERSION, 1, &in_buffer},
	              out_all = {SECBUFFER_VERSION, 1, &out_buffer};
	CtxtHandle context;
	bool begun = false;
	ULONG attributes;

	for (int message = 0; message < 2; message++) {
		out_buffer.cbBuffer = sizeof(out);
		const SECURITY_STATUS status =
		    sspi->InitializeSecurityContextA(credentials, begun ? &context : NULL, NULL,
		        ISC_REQ_MUTUAL_AUTH | ISC_REQ_CONFIDENTIALITY | ISC_REQ_USE_SESSION_KEY, 0,
		        SECURITY_NATIVE_DREP, begun ? &in_all : NULL, 0, &context, &out_all,
		        &attributes, NULL);
		if (status < 0)
			fail("NTLM");
		begun = true;
		send_token(tls, out, out_buffer.cbBuffer);
		if (message == 0)
			in_buffer.cbBuffer = (ULONG)receive_token(tls, in);
	}
	sspi->DeleteSecurityContext(&context);
}

int main(int argc, char **argv)
{
	SecurityFunctionTableA *sspi = InitSecurityInterfaceExA(0);
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	const char *password = getenv("LEAKLAB_BENCH_PASSWORD");

	if (argc != 5 || !password || !sspi || !context)
		fail("the start");
	for (int left = atoi(argv[4]); left > 0; left--) {
		const int fd = connect_to((uint16_t)atoi(argv[1]));
		SSL *tls = SSL_new(context);
		SEC_WINNT_AUTH_IDENTITY_A identity = {.User = (unsigned char *)argv[2],
		    .UserLength = strlen(argv[2]),
		    .Domain = (unsigned char *)argv[3],
		    .DomainLength = strlen(argv[3]),
		    .Password = (unsigned char *)(uintptr_t)password,
		    .PasswordLength = strlen(password),
		    .Flags = SEC_WINNT_AUTH_IDENTITY_ANSI};
		CredHandle credentials;
		SSL_set_fd(tls, fd);
		if (SSL_connect(tls) != 1 || SSL_version(tls) != TLS1_3_VERSION)
			fail("TLS 1.3");
		if (sspi->AcquireCredentialsHandleA(NULL, (char *)"NTLM", SECPKG_CRED_OUTBOUND,
		        NULL, &identity, NULL, NULL, &credentials, NULL) != SEC_E_OK)
			fail("the credentials");
		authenticate(tls, sspi, &credentials);
		sspi->FreeCredentialsHandle(&credentials);
		SSL_free(tls);
		close(fd);
	}
	SSL_CTX_free(context);
	return 0;
}
