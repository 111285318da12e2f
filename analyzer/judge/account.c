/* Account names are spelled in many ways: NetBIOS and DNS domains, UPNs, any case. */
#include "judge/account.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

struct name {
	const char *text;
	size_t length;
};

static struct name bare_user(const char *user)
{
	const char *backslash = strchr(user, '\\');
	if (backslash)
		user = backslash + 1;
	return (struct name){user, strcspn(user, "@")};
}

static struct name bare_domain(const char *user, const char *domain)
{
	const char *at;
	if (domain && *domain && strcmp(domain, ".") != 0)
		return (struct name){domain, strcspn(domain, ".")};
	if ((at = strchr(user, '\\')))
		return (struct name){user, (size_t)(at - user)};
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
	return order(bare_user(a ? a : ""), bare_user(b ? b : ""));
}

bool account_same(
    const char *user_a, const char *domain_a, const char *user_b, const char *domain_b)
{
	if (!user_a || !user_b || !*user_a || !*user_b || account_user_order(user_a, user_b) != 0)
		return false;
	struct name a = bare_domain(user_a, domain_a), b = bare_domain(user_b, domain_b);
	return a.length == 0 || b.length == 0 || order(a, b) == 0;
}
