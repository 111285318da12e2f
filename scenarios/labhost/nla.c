/* Knows Network Level Authentication against the lab's accounts. */
#include "labhost/connection.h"

#include <string.h>

#include <winpr/crypto.h>
#include <winpr/nt.h>
#include <winpr/ntlm.h>
#include <winpr/string.h>

#define DIGEST_SIZE 16
#define CHALLENGE_SIZE 8
/* NtChallengeResponseFields in an AUTHENTICATE_MESSAGE (MS-NLMP 2.2.1.3): length, room, offset. */
#define NT_RESPONSE_FIELDS 20

static uint32_t little16(const uint8_t *data)
{
	return data[0] | (uint32_t)data[1] << 8;
}

static uint32_t little32(const uint8_t *data)
{
	return little16(data) | little16(data + 2) << 16;
}

/* The three NTLM messages come one after the other; the last one is the client's answer. */
static const uint8_t *authenticate_message(const SecBuffer *messages, size_t *size)
{
	static const uint8_t head[12] = "NTLMSSP\0\3\0\0";
	const uint8_t *data = messages->pvBuffer;

	for (size_t at = 0; at + NT_RESPONSE_FIELDS + 8 <= messages->cbBuffer; at++)
		if (memcmp(data + at, head, sizeof(head)) == 0) {
			*size = messages->cbBuffer - at;
			return data + at;
		}
	return NULL;
}

/* MS-NLMP 3.3.2: NTProofStr = HMAC_MD5(NTOWFv2, ServerChallenge + temp), and the response is NTProofStr + temp.
 * WinPR checks the same a little later, but tells nobody whose password was wrong. */
static bool proof_is_right(
    const SecBuffer *proof, const SecBuffer *messages, const uint8_t ntowf_v2[DIGEST_SIZE])
{
	uint8_t digest[DIGEST_SIZE];
	size_t size;
	const uint8_t *message = authenticate_message(messages, &size);

	if (!message || proof->cbBuffer < CHALLENGE_SIZE)
		return false;
	const uint32_t length = little16(message + NT_RESPONSE_FIELDS);
	const uint32_t offset = little32(message + NT_RESPONSE_FIELDS + 4);
	if (length < DIGEST_SIZE || offset > size || length > size - offset)
		return false;
	const uint8_t *response = message + offset;

	WINPR_HMAC_CTX *hmac = winpr_HMAC_New();
	const bool done = hmac && winpr_HMAC_Init(hmac, WINPR_MD_MD5, ntowf_v2, DIGEST_SIZE) &&
	                  winpr_HMAC_Update(hmac, proof->pvBuffer, CHALLENGE_SIZE) &&
	                  winpr_HMAC_Update(hmac, response + DIGEST_SIZE, length - DIGEST_SIZE) &&
	                  winpr_HMAC_Final(hmac, digest, sizeof(digest));
	winpr_HMAC_Free(hmac);
	return done && memcmp(digest, response, DIGEST_SIZE) == 0;
}

static bool identity_text(const UINT16 *text, ULONG length, char *out, size_t size)
{
	if (!text || length == 0) {
		*out = '\0';
		return true;
	}
	return ConvertWCharNToUtf8((const WCHAR *)text, length, out, size) >= 0;
}

static bool ntowf(const struct account *account, const SEC_WINNT_AUTH_IDENTITY *identity,
    uint8_t out[DIGEST_SIZE])
{
	uint8_t v1[DIGEST_SIZE];

	/* Both names go into the hash as the client sent them (the user in capitals, which WinPR sees to). */
	const bool done =
	    NTOWFv1A((LPSTR)account->password, (UINT32)strlen(account->password), v1) &&
	    NTOWFv2FromHashW(v1, (LPWSTR)identity->User, identity->UserLength * 2,
	        (LPWSTR)identity->Domain, identity->DomainLength * 2, out);
	explicit_bzero(v1, sizeof(v1));
	return done;
}

uint32_t nla_check(struct accounts *accounts, const SEC_WINNT_AUTH_IDENTITY *identity,
    const SecBuffer *proof, const SecBuffer *messages, uint8_t ntowf_v2[DIGEST_SIZE],
    struct account **account)
{
	char user[256];
	char domain[256];

	if (!identity_text(identity->User, identity->UserLength, user, sizeof(user)) ||
	    !identity_text(identity->Domain, identity->DomainLength, domain, sizeof(domain)))
		return (uint32_t)STATUS_LOGON_FAILURE;
	struct account *found = accounts_find(accounts, user, domain);
	if (!found)
		return (uint32_t)STATUS_LOGON_FAILURE;
	if (account_locked(accounts, found))
		return (uint32_t)STATUS_ACCOUNT_LOCKED_OUT;
	if (!ntowf(found, identity, ntowf_v2))
		return (uint32_t)STATUS_INTERNAL_ERROR;
	const bool right = proof_is_right(proof, messages, ntowf_v2);
	account_attempted(found, right);
	if (!right)
		return (uint32_t)STATUS_LOGON_FAILURE;
	*account = found;
	return 0;
}
