/* LSA's logon sessions, and the names of the users they are for. */
#ifndef LEAKLAB_PROBE_LOGONS_H
#define LEAKLAB_PROBE_LOGONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

struct logon {
	uint64_t luid;
	char *user;
	char *domain;
	char *auth_package;
	wchar_t *sid;     /* "S-1-5-21-..."; NULL: it has none */
	const char *type; /* SECURITY_LOGON_TYPE; NULL: one that is not known here */
	uint32_t session;
	int64_t time; /* 100 ns since 1601 */
};

struct logons {
	struct logon *all; /* by LUID */
	size_t count;
	size_t unreadable; /* listed, but without data: access denied, or gone meanwhile */
};

/* False: *error says why; 0 if the system claims to have none, which cannot be. */
bool logons_read(struct logons *out, unsigned long *error);
void logons_free(struct logons *logons);
const struct logon *logons_find(const struct logons *logons, uint64_t luid); /* NULL: no such */
/* The SID of the user, who logged on in the session; NULL: no logon session tells it. */
const wchar_t *logons_sid(const struct logons *logons, uint32_t session, const char *user);

enum logon_state { LOGON_THERE, LOGON_GONE, LOGON_UNKNOWN };
enum logon_state logon_state(uint64_t luid);

#endif
