/* The host's clock and name are read from NTLM's CHALLENGE, and nothing beyond its end is. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "common/timestamp.h"
#include "driver/rdp/connection.h"

/* MS-NLMP 2.2.1.2: 48 bytes, then (here) AV_PAIRs of the domain's and the computer's NetBIOS names (LAB, R\xc4), the time, and the end. */
#define HEAD 48
#define TIME INT64_C(1790000000123456) /* 2026-09-21 */

static size_t challenge(uint8_t message[128], uint64_t filetime)
{
	static const uint8_t name[] = {
	    2, 0, 6, 0, 'L', 0, 'A', 0, 'B', 0, 1, 0, 4, 0, 'R', 0, 0xc4, 0};
	uint8_t *at = message;

	memset(message, 0, 128);
	memcpy(message, "NTLMSSP\0\2\0\0", 12);
	at += HEAD;
	memcpy(at, name, sizeof(name));
	at += sizeof(name);
	*at = 7;
	at[2] = 8;
	at += 4;
	for (int i = 0; i < 8; i++)
		*at++ = (uint8_t)(filetime >> 8 * i);
	at += 4; /* MsvAvEOL */
	message[40] = message[42] = (uint8_t)(at - message - HEAD);
	message[44] = HEAD;
	return (size_t)(at - message);
}

static uint64_t filetime_of(int64_t time)
{
	return (uint64_t)(time + INT64_C(11644473600000000)) * 10;
}

static void time_and_name_are_read_wrapped_or_not(void **state)
{
	uint8_t message[128], wrapped[160] = {0x60, 0x48, 0xa1};
	const size_t length = challenge(message, filetime_of(TIME));
	struct challenge read;
	(void)state;

	assert_true(challenge_read(message, length, &read));
	assert_true(read.time == TIME);
	assert_string_equal(read.server, "R\xc3\x84");
	memcpy(wrapped + 31, message, length);
	assert_true(challenge_read(wrapped, 31 + length, &read));
	assert_true(read.time == TIME);
	assert_string_equal(read.server, "R\xc3\x84");
}

static void dns_name_is_preferred_as_it_is_whole(void **state)
{
	uint8_t message[128];
	const size_t length = challenge(message, filetime_of(TIME));
	struct challenge read;
	(void)state;

	message[HEAD] = 3; /* MsvAvDnsComputerName */
	assert_true(challenge_read(message, length, &read));
	assert_string_equal(read.server, "LAB");
}

static void what_is_not_told_is_unknown(void **state)
{
	uint8_t message[128];
	const size_t length = challenge(message, filetime_of(TIME));
	struct challenge read;
	(void)state;

	assert_false(challenge_read("", 0, &read));
	message[8] = 1; /* NEGOTIATE */
	assert_false(challenge_read(message, length, &read));
	assert_true(read.time == TIMESTAMP_UNKNOWN);
	assert_string_equal(read.server, "");
	challenge(message, filetime_of(TIME));
	message[HEAD + 10] = 9;          /* MsvAvTargetName */
	message[length - 4 - 8 - 4] = 6; /* MsvAvFlags */
	assert_true(challenge_read(message, length, &read));
	assert_true(read.time == TIMESTAMP_UNKNOWN);
	assert_string_equal(read.server, "");
	challenge(message, UINT64_MAX); /* no time that there is */
	assert_true(challenge_read(message, length, &read));
	assert_true(read.time == TIMESTAMP_UNKNOWN);
}

/* Each in a block of its own size, for AddressSanitizer. */
static void cut_and_wrong_lengths_are_borne(void **state)
{
	uint8_t message[128];
	const size_t length = challenge(message, filetime_of(TIME));
	struct challenge read;
	(void)state;

	for (size_t cut = 0; cut < length; cut++) {
		uint8_t *part = malloc(cut + 1);
		memcpy(part, message, cut);
		assert_false(challenge_read(part, cut, &read));
		free(part);
	}
	for (size_t at = 12; at < length; at++)
		for (int value = 0; value < 256; value++) {
			uint8_t *changed = malloc(length);
			memcpy(changed, message, length);
			changed[at] = (uint8_t)value;
			(void)challenge_read(changed, length, &read);
			free(changed);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(time_and_name_are_read_wrapped_or_not),
	    unit_test(dns_name_is_preferred_as_it_is_whole),
	    unit_test(what_is_not_told_is_unknown),
	    unit_test(cut_and_wrong_lengths_are_borne),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
