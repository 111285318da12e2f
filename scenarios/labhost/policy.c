/* Knows the policies' names and values. What they do on Windows is from the policies' own texts (admx.help, "Remote Desktop Services") and from
 * MS-RDPBCGR; what is only inferred is said where it is played. */
#include "labhost/policy.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SECOND INT64_C(1000000)
#define LONGEST 3600.0 /* seconds */
/* MS-ERREF 2.3.1 */
#define STATUS_PASSWORD_EXPIRED UINT32_C(0xc0000071)
#define STATUS_PASSWORD_MUST_CHANGE UINT32_C(0xc0000224)

const char policy_help[] =
    "  shell-refused     a start program is refused; its dialog stays\n"
    "  shell-ignored     a start program is ignored; the desktop comes\n"
    "  prompt-password   a logon dialog stays, even after NLA\n"
    "  legal-notice      a notice holds the logon until Enter is pressed\n"
    "  slow-profile[=S]  at an account's first logon the shell comes S seconds late\n"
    "                    (default 5); keys are lost until then\n"
    "  no-run            Win+R opens nothing\n"
    "  session-limit=N   no more than N sessions at once\n"
    "  must-change-password[=ACCOUNT]\n"
    "  password-expired[=ACCOUNT]\n"
    "                    NLA refuses the password (default: of all accounts)\n"
    "  logon-denied      the account has no right to log on\n"
    "  new-session       a user who has left a session is given another one\n"
    "  no-reconnect      such a user is refused\n"
    "  temporary-profile[=ACCOUNT]\n"
    "                    the profile cannot be loaded, and snapshots say so\n"
    "                    (default: of all accounts)\n";

static bool set_flag(bool *flag, const char *value)
{
	*flag = true;
	return !value;
}

static bool set_start_program(
    struct policies *policies, enum start_program start_program, const char *value)
{
	policies->start_program = start_program;
	return !value;
}

static bool set_slow_profile(struct policies *policies, const char *value)
{
	char *end;
	const double seconds = strtod(value ? value : "5", &end);

	policies->slow_profile = (int64_t)(seconds * (double)SECOND);
	return (!value || end != value) && *end == '\0' && seconds > 0 && seconds <= LONGEST;
}

static bool set_session_limit(struct policies *policies, const char *value)
{
	char *end;

	if (!value || *value < '0' || *value > '9')
		return false;
	const unsigned long limit = strtoul(value, &end, 10);
	policies->session_limit = (uint32_t)limit;
	return *end == '\0' && limit > 0 && limit <= INT_MAX;
}

static bool set_rejoin(struct policies *policies, enum rejoin rejoin, const char *value)
{
	policies->rejoin = rejoin;
	return !value;
}

static bool set_account(const char **whose, const char *value)
{
	*whose = value ? value : "";
	return !value || *value;
}

static bool is(const char *text, size_t length, const char *name)
{
	return strlen(name) == length && strncmp(text, name, length) == 0;
}

bool policy_parse(const char *text, struct policies *policies)
{
	const size_t length = strcspn(text, "=");
	const char *value = text[length] ? text + length + 1 : NULL;

	if (is(text, length, "shell-refused"))
		return set_start_program(policies, START_PROGRAM_REFUSED, value);
	if (is(text, length, "shell-ignored"))
		return set_start_program(policies, START_PROGRAM_IGNORED, value);
	if (is(text, length, "prompt-password"))
		return set_flag(&policies->prompt_password, value);
	if (is(text, length, "legal-notice"))
		return set_flag(&policies->legal_notice, value);
	if (is(text, length, "slow-profile"))
		return set_slow_profile(policies, value);
	if (is(text, length, "no-run"))
		return set_flag(&policies->no_run, value);
	if (is(text, length, "new-session"))
		return set_rejoin(policies, REJOIN_IS_NEW, value);
	if (is(text, length, "no-reconnect"))
		return set_rejoin(policies, REJOIN_IS_REFUSED, value);
	if (is(text, length, "session-limit"))
		return set_session_limit(policies, value);
	if (is(text, length, "must-change-password"))
		return set_account(&policies->must_change, value);
	if (is(text, length, "password-expired"))
		return set_account(&policies->expired, value);
	if (is(text, length, "temporary-profile"))
		return set_account(&policies->temporary_profile, value);
	return is(text, length, "logon-denied") && set_flag(&policies->logon_denied, value);
}

static bool concerns(const char *whose, const char *user)
{
	return whose && (!*whose || strcasecmp(whose, user) == 0);
}

uint32_t policy_password_status(const struct policies *policies, const char *user)
{
	if (concerns(policies->must_change, user))
		return STATUS_PASSWORD_MUST_CHANGE;
	return concerns(policies->expired, user) ? STATUS_PASSWORD_EXPIRED : 0;
}

bool policy_temporary_profile(const struct policies *policies, const char *user)
{
	return concerns(policies->temporary_profile, user);
}
