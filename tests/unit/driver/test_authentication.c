/* The host's clock is read from NTLM's CHALLENGE, and nothing beyond its end is. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "common/timestamp.h"
#include "driver/rdp/connection.h"

/* MS-NLMP 2.2.1.2: 48 bytes, then (here) an AV_PAIR of a name, the time, and the end. */
#define HEAD 48
#define TIME INT64_C(1790000000123456) /* 2026-09-21 */

static size_t challenge(uint8_t message[128], uint64_t filetime)
{
	static const uint8_t name[] = {2, 0, 6, 0, 'L', 0, 'A', 0, 'B', 0};
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

static void the_time_is_read_wrapped_or_not(void **state)
{
	uint8_t message[128], wrapped[160] = {0x60, 0x48, 0xa1};
	const size_t length = challenge(message, filetime_of(TIME));
	int64_t time = 0;
	(void)state;

	assert_true(challenge_time(message, length, &time));
	assert_true(time == TIME);
	memcpy(wrapped + 31, message, length);
	time = 0;
	assert_true(challenge_time(wrapped, 31 + length, &time));
	assert_true(time == TIME);
}

static void other_messages_have_none(void **state)
{
	uint8_t message[128];
	const size_t length = challenge(message, filetime_of(TIME));
	int64_t time;
	(void)state;

	assert_false(challenge_time("", 0, &time));
	message[8] = 1; /* NEGOTIATE */
	assert_false(challenge_time(message, length, &time));
	challenge(message, filetime_of(TIME));
	message[58] = 6; /* another pair */
	assert_false(challenge_time(message, length, &time));
	challenge(message, UINT64_MAX); /* no time that there is */
	assert_false(challenge_time(message, length, &time));
}

/* Each in a block of its own size, for AddressSanitizer. */
static void cut_and_wrong_lengths_are_borne(void **state)
{
	uint8_t message[128];
	const size_t length = challenge(message, filetime_of(TIME));
	int64_t time;
	(void)state;

	for (size_t cut = 0; cut < length; cut++) {
		uint8_t *part = malloc(cut + 1);
		memcpy(part, message, cut);
		assert_false(challenge_time(part, cut, &time));
		free(part);
	}
	for (size_t at = 12; at < length; at++)
		for (int value = 0; value < 256; value++) {
			uint8_t *changed = malloc(length);
			memcpy(changed, message, length);
			changed[at] = (uint8_t)value;
			(void)challenge_time(changed, length, &time);
			free(changed);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(the_time_is_read_wrapped_or_not),
	    unit_test(other_messages_have_none),
	    unit_test(cut_and_wrong_lengths_are_borne),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
