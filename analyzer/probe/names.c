#include "probe/names.h"

#include <stdlib.h>

#include <sddl.h>

#include "windows/win32.h"

#define NAME_SIZE 512

struct name {
	struct name *next;
	char *user;
	char *domain;
	uint8_t sid[SECURITY_MAX_SID_SIZE];
};

struct names {
	const struct logons *logons;
	struct name *by_sid;
	ULONGLONG spent; /* ms */
	size_t left_out;
};

struct names *names_create(const struct logons *logons)
{
	struct names *names = calloc(1, sizeof(*names));

	if (names)
		names->logons = logons;
	return names;
}

void names_destroy(struct names *names)
{
	while (names && names->by_sid) {
		struct name *name = names->by_sid;

		names->by_sid = name->next;
		free(name->user);
		free(name->domain);
		free(name);
	}
	free(names);
}

size_t names_left_out(const struct names *names)
{
	return names->left_out;
}

/* What stands for a name that there is not. */
static char *sid_text(PSID sid)
{
	wchar_t *text;

	if (!ConvertSidToStringSidW(sid, &text))
		return NULL;
	char *out = utf8(text, -1);
	LocalFree(text);
	return out;
}

static void look_up(struct names *names, struct name *name)
{
	wchar_t user[NAME_SIZE];
	wchar_t domain[NAME_SIZE];
	DWORD user_size = NAME_SIZE;
	DWORD domain_size = NAME_SIZE;
	SID_NAME_USE use;
	const ULONGLONG start = GetTickCount64();

	/* A single call can take longer than that; it is the last one then. */
	const bool in_time = names->spent < NAMES_TIME;
	if (!in_time)
		names->left_out++;
	if (in_time &&
	    LookupAccountSidW(NULL, name->sid, user, &user_size, domain, &domain_size, &use)) {
		name->user = utf8(user, -1);
		name->domain = utf8(domain, -1);
	} else {
		name->user = sid_text(name->sid);
	}
	names->spent += GetTickCount64() - start;
}

static const struct name *name_of_sid(struct names *names, PSID sid)
{
	for (struct name *name = names->by_sid; name; name = name->next)
		if (EqualSid(name->sid, sid))
			return name;
	struct name *name = calloc(1, sizeof(*name));
	if (!name || !CopySid(sizeof(name->sid), name->sid, sid)) {
		free(name);
		return NULL;
	}
	look_up(names, name);
	name->next = names->by_sid;
	names->by_sid = name;
	return name;
}

void names_of_token(
    struct names *names, HANDLE token, uint64_t luid, const char **user, const char **domain)
{
	const struct logon *logon = logons_find(names->logons, luid);
	union {
		TOKEN_USER user;
		uint8_t room[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
	} answer;
	DWORD length;

	if (logon && logon->user) {
		*user = logon->user;
		*domain = logon->domain;
		return;
	}
	if (!GetTokenInformation(token, TokenUser, &answer, sizeof(answer), &length))
		return;
	const struct name *name = name_of_sid(names, answer.user.User.Sid);
	if (name) {
		*user = name->user;
		*domain = name->domain;
	}
}
