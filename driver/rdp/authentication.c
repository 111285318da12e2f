/* Knows what passes through SSPI while a connection authenticates: the host's clock, and whether the password went out. */
#include "driver/rdp/connection.h"

#include <string.h>

#include <winpr/sspi.h>

#include "common/timestamp.h"

/* MS-NLMP 2.2.1.2 CHALLENGE_MESSAGE: where its TargetInfoFields are, and where what they point to begins at the earliest. */
#define TARGET_INFO_LENGTH 40
#define TARGET_INFO_OFFSET 44
#define CHALLENGE_LEAST 48
/* MS-NLMP 2.2.2.1 AV_PAIR */
#define AV_EOL 0
#define AV_TIMESTAMP 7
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

bool challenge_time(const void *token, size_t length, int64_t *time)
{
	static const uint8_t mark[12] = "NTLMSSP\0\2\0\0"; /* Signature, MessageType 2 */
	const uint8_t *message = memmem(token, length, mark, sizeof(mark)); /* SPNEGO wraps it */

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
			return false;
		if (id == AV_TIMESTAMP && size == 8) {
			const uint64_t filetime =
			    (uint64_t)little_endian(pair + 8, 4) << 32 | little_endian(pair + 4, 4);
			*time = timestamp_or_unknown((int64_t)(filetime / 10) - FILETIME_TO_UNIX);
			return *time != TIMESTAMP_UNKNOWN;
		}
		pair += 4 + size;
	}
	return false;
}

static void look_at_answer(const SecBufferDesc *input)
{
	int64_t time;

	for (ULONG i = 0; input && i < input->cBuffers; i++) {
		const SecBuffer *buffer = &input->pBuffers[i];
		if (buffer->BufferType == SECBUFFER_TOKEN && buffer->pvBuffer &&
		    challenge_time(buffer->pvBuffer, buffer->cbBuffer, &time) &&
		    timestamp_monotonic() - watched->asked_at < ROUND_TRIP_MOST) {
			watched->host_clock = time;
			watched->host_clock_seen = timestamp_now();
		}
	}
}

static SECURITY_STATUS SEC_ENTRY watched_initialize_security_context(PCredHandle credential,
    PCtxtHandle context, SEC_CHAR *target, ULONG requested, ULONG reserved, ULONG representation,
    PSecBufferDesc input, ULONG reserved2, PCtxtHandle new_context, PSecBufferDesc output,
    PULONG attributes, PTimeStamp expiry)
{
	const int64_t start = timestamp_monotonic();

	if (watched)
		look_at_answer(input);
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
