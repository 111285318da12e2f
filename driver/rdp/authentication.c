/* Knows what passes through SSPI while a connection authenticates: the host's clock and name, and whether the password went out. */
#include "driver/rdp/connection.h"

#include <string.h>
#include <strings.h>

#include <winpr/sspi.h>
#include <winpr/string.h>

#include "common/timestamp.h"

/* MS-NLMP 2.2.1.2 CHALLENGE_MESSAGE: where its TargetInfoFields are, and where what they point to begins at the earliest. */
#define TARGET_INFO_LENGTH 40
#define TARGET_INFO_OFFSET 44
#define CHALLENGE_LEAST 48
/* MS-NLMP 2.2.2.1 AV_PAIR */
#define AV_EOL 0
#define AV_NETBIOS_COMPUTER_NAME 1
#define AV_DNS_COMPUTER_NAME 3
#define AV_TIMESTAMP 7
#define RDP_SERVICE "TERMSRV/" /* MS-CSSP 3.1.5: the service of the name that is asked for */
/* A CHALLENGE that is read later than that after it was asked for tells no time: it may have been under way, or lain here. */
#define ROUND_TRIP_MOST INT64_C(1000000)            /* microseconds */
#define FILETIME_TO_UNIX INT64_C(11644473600000000) /* microseconds from 1601 to 1970 */

static INITIALIZE_SECURITY_CONTEXT_FN_A initialize_security_context;
static ACQUIRE_CREDENTIALS_HANDLE_FN_A acquire_credentials_handle;
static _Thread_local struct authentication *watched;

static uint32_t little_endian(const uint8_t *bytes, size_t count)
{
	uint32_t value = 0;

	while (count-- > 0)
		value = value << 8 | bytes[count];
	return value;
}

/* UTF-16LE, which may be anywhere in a message. */
static void read_name(char out[SERVER_TEXT], const uint8_t *bytes, size_t length)
{
	WCHAR name[SERVER_TEXT];

	length /= sizeof(WCHAR);
	if (length == 0 || length >= SERVER_TEXT)
		return;
	memcpy(name, bytes, length * sizeof(WCHAR));
	if (ConvertWCharNToUtf8(name, length, out, SERVER_TEXT) <= 0)
		out[0] = '\0';
}

/* The DNS name is whole where the other has 15 letters at most. */
static void read_pair(
    struct challenge *out, char dns_name[SERVER_TEXT], const uint8_t *pair, uint32_t size)
{
	const uint8_t *value = pair + 4;

	switch (little_endian(pair, 2)) {
	case AV_TIMESTAMP:
		if (size == 8) {
			const uint64_t filetime =
			    (uint64_t)little_endian(value + 4, 4) << 32 | little_endian(value, 4);
			out->time =
			    timestamp_or_unknown((int64_t)(filetime / 10) - FILETIME_TO_UNIX);
		}
		break;
	case AV_NETBIOS_COMPUTER_NAME:
		read_name(out->server, value, size);
		break;
	case AV_DNS_COMPUTER_NAME:
		read_name(dns_name, value, size);
		break;
	default:
		break;
	}
}

bool challenge_read(const void *token, size_t length, struct challenge *out)
{
	static const uint8_t mark[12] = "NTLMSSP\0\2\0\0"; /* Signature, MessageType 2 */
	const uint8_t *message = memmem(token, length, mark, sizeof(mark)); /* SPNEGO wraps it */
	char dns_name[SERVER_TEXT] = "";

	*out = (struct challenge){.time = TIMESTAMP_UNKNOWN};
	if (!message)
		return false;
	length -= (size_t)(message - (const uint8_t *)token);
	if (length < CHALLENGE_LEAST)
		return false;
	const size_t bytes = little_endian(message + TARGET_INFO_LENGTH, 2),
	             offset = little_endian(message + TARGET_INFO_OFFSET, 4);
	if (offset > length || bytes > length - offset)
		return false;
	const uint8_t *pair = message + offset, *end = pair + bytes;
	while (end - pair >= 4) {
		const uint32_t id = little_endian(pair, 2), size = little_endian(pair + 2, 2);
		if (id == AV_EOL || size > end - pair - 4)
			break;
		read_pair(out, dns_name, pair, size);
		pair += 4 + size;
	}
	if (dns_name[0])
		memcpy(out->server, dns_name, sizeof(dns_name));
	return true;
}

static void note_challenge(const struct challenge *challenge, const char *target)
{
	if (challenge->time != TIMESTAMP_UNKNOWN &&
	    timestamp_monotonic() - watched->asked_at < ROUND_TRIP_MOST) {
		watched->host_clock = challenge->time;
		watched->host_clock_seen = timestamp_now();
	}
	/* A gateway authenticates, too, and is not who serves the session. */
	if (target && strncasecmp(target, RDP_SERVICE, strlen(RDP_SERVICE)) == 0)
		memcpy(watched->server, challenge->server, sizeof(watched->server));
}

static void look_at_answer(const SecBufferDesc *input, const char *target)
{
	struct challenge challenge;

	for (ULONG i = 0; input && i < input->cBuffers; i++) {
		const SecBuffer *buffer = &input->pBuffers[i];
		if (buffer->BufferType == SECBUFFER_TOKEN && buffer->pvBuffer &&
		    challenge_read(buffer->pvBuffer, buffer->cbBuffer, &challenge))
			note_challenge(&challenge, target);
	}
}

static SECURITY_STATUS SEC_ENTRY watched_initialize_security_context(PCredHandle credential,
    PCtxtHandle context, SEC_CHAR *target, ULONG requested, ULONG reserved, ULONG representation,
    PSecBufferDesc input, ULONG reserved2, PCtxtHandle new_context, PSecBufferDesc output,
    PULONG attributes, PTimeStamp expiry)
{
	const int64_t start = timestamp_monotonic();

	if (watched)
		look_at_answer(input, target);
	const SECURITY_STATUS status =
	    initialize_security_context(credential, context, target, requested, reserved,
	        representation, input, reserved2, new_context, output, attributes, expiry);
	if (watched) {
		/* An answer to what the host said has the proof that the password is known. */
		watched->presented = watched->presented || context;
		watched->asked = true;
		watched->asked_at = timestamp_monotonic();
		watched->local += timestamp_monotonic() - start;
	}
	return status;
}

/* Kerberos asks its KDC here. */
static SECURITY_STATUS SEC_ENTRY watched_acquire_credentials_handle(SEC_CHAR *principal,
    SEC_CHAR *package, ULONG use, void *logon_id, void *identity, SEC_GET_KEY_FN get_key,
    void *argument, PCredHandle credential, PTimeStamp expiry)
{
	const int64_t start = timestamp_monotonic();
	const SECURITY_STATUS status = acquire_credentials_handle(
	    principal, package, use, logon_id, identity, get_key, argument, credential, expiry);

	if (watched)
		watched->local += timestamp_monotonic() - start;
	return status;
}

bool authentication_install(void)
{
	SecurityFunctionTableA *table = InitSecurityInterfaceExA(0);

	if (!table)
		return false;
	if (table->InitializeSecurityContextA == watched_initialize_security_context)
		return true;
	initialize_security_context = table->InitializeSecurityContextA;
	acquire_credentials_handle = table->AcquireCredentialsHandleA;
	table->InitializeSecurityContextA = watched_initialize_security_context;
	table->AcquireCredentialsHandleA = watched_acquire_credentials_handle;
	return true;
}

void authentication_watch(struct authentication *authentication)
{
	watched = authentication;
}
