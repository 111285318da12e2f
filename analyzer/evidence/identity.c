/* Names are spelled in many ways: NetBIOS and DNS domains, UPNs, any case; and times by each tool in its own. */
#include "evidence/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BOOT_TOLERANCE (INT64_C(2) * 60 * 1000000)
#define WHOLE_SECOND 1000000 /* in which some tools print logon times */

struct name {
	const char *text;
	size_t length;
};

static struct name bare_user(const char *user)
{
	const size_t length = strcspn(user, "\\@");
	const char *backslash = user[length] ? strchr(user + length, '\\') : NULL;
	if (!backslash)
		return (struct name){user, length};
	return (struct name){backslash + 1, strcspn(backslash + 1, "@")};
}

static struct name bare_domain(const char *user, const char *domain)
{
	const char *at;
	if (domain && *domain && strcmp(domain, ".") != 0)
		return (struct name){domain, strcspn(domain, ".")};
	if ((at = strchr(user, '\\')))
		return (struct name){user, strcspn(user, ".\\")};
	if ((at = strchr(user, '@')))
		return (struct name){at + 1, strcspn(at + 1, ".")};
	return (struct name){"", 0};
}

static int order(struct name a, struct name b)
{
	int by_text = strncasecmp(a.text, b.text, a.length < b.length ? a.length : b.length);
	return by_text ? by_text : (a.length > b.length) - (a.length < b.length);
}

int account_user_order(const char *a, const char *b)
{
	return a == b ? 0 : order(bare_user(a ? a : ""), bare_user(b ? b : ""));
}

bool account_same(
    const char *user_a, const char *domain_a, const char *user_b, const char *domain_b)
{
	if (!user_a || !user_b || !*user_a || !*user_b || account_user_order(user_a, user_b) != 0)
		return false;
	struct name a = bare_domain(user_a, domain_a), b = bare_domain(user_b, domain_b);
	return a.length == 0 || b.length == 0 || order(a, b) == 0;
}

#define COLUMN 18 /* qwinsta's and quser's columns of users are not narrower */

/* True if the one is what a column leaves of the other: its beginning, with or without an ellipsis. */
static bool is_cut_from(struct name cut, struct name whole)
{
	bool ellipsis = cut.length > 3 && memcmp(cut.text + cut.length - 3, "...", 3) == 0;
	if (ellipsis)
		cut.length -= 3;
	return (ellipsis || cut.length >= COLUMN) && cut.length <= whole.length &&
	       strncasecmp(cut.text, whole.text, cut.length) == 0;
}

#define REPLACED "\xef\xbf\xbd" /* what stands for characters that no code page could tell */

/* True if one of the names was not printed, or not as it is. */
static bool is_unclear(const char *user_a, const char *user_b)
{
	if (!user_a || !user_b || !*user_a || !*user_b)
		return true;
	struct name a = bare_user(user_a), b = bare_user(user_b);
	return is_cut_from(a, b) || is_cut_from(b, a) || strstr(user_a, REPLACED) ||
	       strstr(user_b, REPLACED);
}

bool account_user_is_plain(const char *user)
{
	if (!user || !*user || strstr(user, REPLACED))
		return false;
	const struct name bare = bare_user(user);
	return bare.length < COLUMN &&
	       !(bare.length > 3 && memcmp(bare.text + bare.length - 3, "...", 3) == 0);
}

bool account_may_be(
    const char *user_a, const char *domain_a, const char *user_b, const char *domain_b)
{
	return is_unclear(user_a, user_b) || account_same(user_a, domain_a, user_b, domain_b);
}

bool account_user_may_be(const char *a, const char *b)
{
	return is_unclear(a, b) || account_user_order(a, b) == 0;
}

bool account_is_vaguer(const char *user, const char *than)
{
	if (!user || !*user)
		return than && *than;
	if (!than || !*than)
		return false;
	struct name a = bare_user(user), b = bare_user(than);
	bool replaced = strstr(user, REPLACED), replaced_than = strstr(than, REPLACED);
	if (replaced != replaced_than)
		return replaced;
	return order(a, b) != 0 && is_cut_from(a, b) && !(is_cut_from(b, a) && a.length > b.length);
}

#define NETBIOS_NAME 15 /* letters at most */

bool host_same(const char *a, const char *b)
{
	if (!a || !b)
		return true;
	struct name one = {a, strcspn(a, ".")}, other = {b, strcspn(b, ".")};
	if (one.length == NETBIOS_NAME && other.length > NETBIOS_NAME)
		other.length = NETBIOS_NAME;
	if (other.length == NETBIOS_NAME && one.length > NETBIOS_NAME)
		one.length = NETBIOS_NAME;
	return order(one, other) == 0;
}

bool boot_same(int64_t a, int64_t b)
{
	return a == TIMESTAMP_UNKNOWN || b == TIMESTAMP_UNKNOWN || llabs(a - b) <= BOOT_TOLERANCE;
}

#define MINUTE INT64_C(60)
#define HALF_DAY (12 * 60 * MINUTE)

/* "14.02.2026 08:12:07", "9/9/2020 6:07:57 AM": dates differ in the order of their parts, so they are not read. */
struct printed_time {
	size_t date; /* bytes before the hour */
	int64_t seconds, round;
	const char *half; /* AM or PM, in the host's language; "" in 24 hours */
};

static bool read_printed(const char *text, struct printed_time *out)
{
	int hour, minute, second = 0, end = 0;
	const char *colon = strchr(text, ':'), *start = colon;
	while (start && start > text && start[-1] >= '0' && start[-1] <= '9')
		start--;
	if (!start || start == colon || colon - start > 2)
		return false;
	if (sscanf(start, "%2d:%2d%n:%2d%n", &hour, &minute, &end, &second, &end) < 2)
		return false;
	out->half = start + end + strspn(start + end, " ");
	out->date = (size_t)(start - text);
	out->round = *out->half ? HALF_DAY : 2 * HALF_DAY;
	out->seconds = ((hour * 60 + minute) * MINUTE + second) % out->round;
	return true;
}

/* True if nothing but digits differs: one language, and one half of the day. */
static bool same_format(const char *a, const char *b)
{
	while (*a || *b) {
		a += strspn(a, "0123456789");
		b += strspn(b, "0123456789");
		if (*a != *b)
			return false;
		a += *a != '\0';
		b += *b != '\0';
	}
	return true;
}

/* Whether one moment was printed twice. It looks different in another language, and by an hour since the clock was set to
 * or from summer time: minutes and seconds stay. */
static enum yes_no printed_same(const char *a, const char *b)
{
	struct printed_time one, two;
	if (strcmp(a, b) == 0)
		return YES;
	if (!read_printed(a, &one) || !read_printed(b, &two) ||
	    (one.seconds - two.seconds) % (60 * MINUTE) != 0)
		return NO;
	bool same_date = one.date == two.date && memcmp(a, b, one.date) == 0;
	return same_date || !same_format(a, b) ? YES_NO_UNKNOWN : NO;
}

enum yes_no logon_time_same(const struct logon_session *a, const struct logon_session *b)
{
	if (a->logon_time != TIMESTAMP_UNKNOWN && b->logon_time != TIMESTAMP_UNKNOWN)
		return llabs(a->logon_time - b->logon_time) <= WHOLE_SECOND ? YES : NO;
	if (a->logon_time_text && b->logon_time_text)
		return printed_same(a->logon_time_text, b->logon_time_text);
	return YES_NO_UNKNOWN;
}

static bool printed_apart(const char *a, const char *b)
{
	struct printed_time one, two;
	if (strcmp(a, b) == 0)
		return false;
	if (!read_printed(a, &one) || !read_printed(b, &two))
		return true;
	int64_t between = llabs(one.seconds - two.seconds);
	if (one.date == two.date && memcmp(a, b, one.date) == 0 && strcmp(one.half, two.half) == 0)
		return between > MINUTE;
	return one.round - between > MINUTE; /* midnight or noon may lie between them */
}

bool logon_session_apart(const struct logon_session *a, const struct logon_session *b)
{
	if (a->logon_time != TIMESTAMP_UNKNOWN && b->logon_time != TIMESTAMP_UNKNOWN)
		return llabs(a->logon_time - b->logon_time) > MINUTE * 1000000;
	return a->logon_time_text && b->logon_time_text &&
	       printed_apart(a->logon_time_text, b->logon_time_text);
}

/* IUSR_LUID, NETWORKSERVICE_LUID, LOCALSERVICE_LUID, SYSTEM_LUID of winnt.h */
bool luid_is_lasting(uint64_t luid)
{
	static const uint64_t lasting[] = {0x3e3, 0x3e4, 0x3e5, LUID_SYSTEM};
	for (size_t i = 0; i < sizeof lasting / sizeof lasting[0]; i++) {
		if (lasting[i] == luid)
			return true;
	}
	return false;
}

int logon_session_order(const void *a, const void *b)
{
	const struct logon_session *left = a, *right = b;
	return (left->luid > right->luid) - (left->luid < right->luid);
}

const struct session *snapshot_session(
    const struct snapshot *snapshot, int64_t id, const char *user, const char *domain)
{
	for (size_t i = 0; i < snapshot->session_count; i++) {
		const struct session *session = &snapshot->sessions[i];
		if (session->id == id && account_same(session->user, session->domain, user, domain))
			return session;
	}
	return NULL;
}
