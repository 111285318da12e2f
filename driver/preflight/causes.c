/* Knows what a session host's policies, brokers, licences and accounts do to a logon and to its end, and how an administrator changes that.
 *
 * The policies: admx.help, "Windows Components, Remote Desktop Services, Remote Desktop Session Host" (names, registry values), and "Interactive
 * logon: Message text for users attempting to log on". Events 1511 and 1515: the User Profiles Service's own texts. The codes: MS-RDPBCGR 2.2.5.1.1 and 2.2.10.1.1.4.1.1, FreeRDP's error.h. Several causes
 * look the same from here: what is said is the probable one, and where there are two, both. */
#include "driver/preflight/causes.h"

#include <stdio.h>
#include <string.h>

#define SERVICES "\"HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows NT\\Terminal Services\""
#define SET(value, number)                                                                         \
	"reg add " SERVICES " /v " value " /t REG_DWORD /d " number " /f",                         \
	    "reg delete " SERVICES " /v " value " /f"

/* Of all changes on the host. */
const char cause_on_change[] =
    "Look before with reg query: if the value was there, set it back instead. The next refresh of Group Policy reverts it, so whoever owns the GPO "
    "must agree";

static const struct cause causes[] = {
    {"shell-refused-or-ignored",
        "the host refuses or ignores logoff.shell. By default a session host starts only programs that it lists; else a dialog or the desktop "
        "stays",
        "Set logoff.method to keys, or leave it out", SET("fAllowUnlistedRemotePrograms", "1")},
    {"keys-without-effect",
        "the keys do not reach a desktop with a Run box: a legal notice, a prompt for the password or the first logon of a profile may be "
        "in their way, or a policy (NoRun)",
        "Leave logoff.keys out, so that they are typed until the session ends; or set them to Ctrl+Alt+Delete wait:2s Down Enter, which needs no "
        "desktop. Look at a session, see leaklab-real-host(7)",
        NULL, NULL},
    {"command-without-effect", "logoff.command does not end the session",
        "Run it by hand with the ID of such a session", NULL, NULL},
    {"command-failed", "logoff.command itself failed", "Run it by hand", NULL, NULL},
    {"session-not-ended",
        "neither a Run box nor the security screen took the keys: a legal notice, a prompt for the password or another dialog may be in their way",
        "Look at a session, see leaklab-real-host(7); or give logoff.command, which needs no keys",
        NULL, NULL},
    {"no-logon-signal",
        "the host accepted the password in NLA and then logged nobody on. Either it prompts for the password again (policy \"Always prompt for "
        "password upon connection\"), or a legal notice waits for a click; rarely it is slow, or sends no Save Session Info",
        "A legal notice is dismissed by logon.keys, such as wait:2s Enter; never do that to a prompt for the password. Which it is, mstsc shows",
        SET("fPromptForPassword", "0")},
    {"logon-dialog",
        "a dialog stays in the session: without NLA that may be a refused password, a prompt for it, or a legal notice",
        "Set host.security to nla, which tells the one from the others", NULL, NULL},
    {"licence-timeout",
        "the licensing did not come to an end: a licence that the client keeps of another host, or no licence server",
        "Remove the host's folder in the licences of leaklab's state folder, and look on the host with RD Licensing Diagnoser",
        NULL, NULL},
    {"licence-refused", "the host has no Remote Desktop licence for the connection",
        "Look on the host with RD Licensing Diagnoser", NULL, NULL},
    {"session-limit",
        "the host takes no more sessions: a limit (policy \"Limit number of connections\"), or drain mode",
        "Look on the host with qwinsta and with change logon /query; use fewer load.slots, or log sessions off that are left",
        NULL, NULL},
    {"time-limit", "a time limit of the host ended the session (policies \"Session Time Limits\")",
        "Hold sessions for less time (load.hold), or raise the limit", NULL, NULL},
    {"displaced",
        "another connection took the session over: somebody else logs on with the account, or two runs do at once",
        "Give each run accounts of its own", NULL, NULL},
    {"redirected",
        "a connection broker sent the logon on to another host, where it did not succeed",
        "Put the host into a collection of its own, or its other hosts into drain mode", NULL,
        NULL},
    {"password-expired", "the account's password has expired",
        "Change it, and set the account's password to never expire (Set-ADUser -PasswordNeverExpires, Set-LocalUser -PasswordNeverExpires)",
        NULL, NULL},
    {"password-must-change", "the account must change its password at its first logon",
        "Log on once by hand and change it, or take \"User must change password at next logon\" off the account",
        NULL, NULL},
    {"password-wrong", "user name, domain or password are wrong",
        "Check user names, domain and password; then leaklab refusals --help", NULL, NULL},
    {"authentication-failed",
        "NLA failed. User name, domain or password may be wrong, or the host refuses NTLM (a policy, or the account is one of the Protected "
        "Users) and there is no Kerberos",
        "Check user names, domain and password; for Kerberos name the host by its full name and set /etc/krb5.conf up",
        NULL, NULL},
    {"account-locked", "the account is locked out after too many wrong passwords",
        "Unlock it (Unlock-ADAccount) once it is known who presents them", NULL, NULL},
    {"account-disabled", "the account is disabled or has expired",
        "Enable it (Enable-ADAccount, Set-ADAccountExpiration)", NULL, NULL},
    {"account-restricted",
        "a restriction of the account forbids the logon: logon hours, workstations, or an empty password",
        "Look at the account's properties", NULL, NULL},
    {"logon-denied", "the account has no right to log on through Remote Desktop Services",
        "Add it to the host's group (net localgroup \"Remote Desktop Users\" DOMAIN\\user /add), and look at the rights \"Allow\" and \"Deny log on "
        "through Remote Desktop Services\"",
        NULL, NULL},
    {"certificate", "the host's certificate is not the one that host.certificate asks for",
        "If it was renewed, take the new one up; if not, find out who answers at this address",
        NULL, NULL},
    {"security-refused", "the host does not offer the security that host.security asks for",
        "Set host.security to the other one, nla or tls", NULL, NULL},
    {"tls-failed", "the TLS handshake failed, or what answers speaks no TLS",
        "Check that the port is RDP's, and that the host's TLS version and certificate are not outdated",
        NULL, NULL},
    {"connection-refused", "nothing takes connections at this address and port",
        "Check host.address, the firewall, and that Remote Desktop is enabled", NULL, NULL},
    {"connection-lost", "the host, or something in between, closed the connection",
        "Look at the host's event log (TerminalServices-RemoteConnectionManager) and at the firewall",
        NULL, NULL},
    {"no-answer", "nothing answers within connect.timeout",
        "Check host.address, the network and the firewall; a host that is overloaded needs fewer load.slots or a longer connect.timeout",
        NULL, NULL},
    {"temporary-profile",
        "the account's own profile could not be loaded: it is damaged, or another session or a profile disk (FSLogix, User Profile Disk) had it "
        "still",
        "Let slots rest between sessions (load.think of 10s or more), and look into the host's event log (Application, User Profiles Service, 1511 and "
        "1515), see PROFILES in leaklab-real-host(7)",
        NULL, NULL},
    {"name-unknown", "the host's name is unknown here",
        "Check host.address and this machine's DNS (getent hosts NAME)", NULL, NULL},
};

/* Codes that tell the cause by themselves. */
static const struct {
	const char *code, *id;
} by_code[] = {
    {"CERTIFICATE", "certificate"},
    {"COMMAND", "command-failed"},
    {"LOGON_ERROR_0", "password-wrong"},
    {"LOGON_ERROR_1", "password-must-change"},
    {"ERRCONNECT_LOGON_FAILURE", "password-wrong"},
    {"ERRCONNECT_WRONG_PASSWORD", "password-wrong"},
    {"ERRCONNECT_NO_OR_MISSING_CREDENTIALS", "password-wrong"},
    {"ERRCONNECT_AUTHENTICATION_FAILED", "authentication-failed"},
    {"ERRCONNECT_KDC_UNREACHABLE", "authentication-failed"},
    {"ERRCONNECT_PASSWORD_EXPIRED", "password-expired"},
    {"ERRCONNECT_PASSWORD_CERTAINLY_EXPIRED", "password-expired"},
    {"ERRCONNECT_PASSWORD_MUST_CHANGE", "password-must-change"},
    {"ERRCONNECT_ACCOUNT_LOCKED_OUT", "account-locked"},
    {"ERRCONNECT_ACCOUNT_DISABLED", "account-disabled"},
    {"ERRCONNECT_ACCOUNT_EXPIRED", "account-disabled"},
    {"ERRCONNECT_ACCOUNT_RESTRICTION", "account-restricted"},
    {"ERRCONNECT_LOGON_TYPE_NOT_GRANTED", "logon-denied"},
    {"ERRCONNECT_INSUFFICIENT_PRIVILEGES", "logon-denied"},
    {"ERRCONNECT_ACCESS_DENIED", "logon-denied"},
    {"ERRINFO_SERVER_INSUFFICIENT_PRIVILEGES", "logon-denied"},
    {"ERRINFO_SERVER_DENIED_CONNECTION", "session-limit"},
    {"ERRINFO_DISCONNECTED_BY_OTHER_CONNECTION", "displaced"},
    {"ERRINFO_IDLE_TIMEOUT", "time-limit"},
    {"ERRINFO_LOGON_TIMEOUT", "time-limit"},
    {"ERRCONNECT_ACTIVATION_TIMEOUT", "licence-timeout"},
    {"ERRCONNECT_DNS_NAME_NOT_FOUND", "name-unknown"},
    {"ERRCONNECT_DNS_ERROR", "name-unknown"},
    {"ERRCONNECT_CONNECT_FAILED", "connection-refused"},
    {"ERRCONNECT_SECURITY_NEGO_CONNECT_FAILED", "security-refused"},
    {"ERRCONNECT_TLS_CONNECT_FAILED", "tls-failed"},
    {"ERRCONNECT_CONNECT_TRANSPORT_FAILED", "connection-lost"},
    {"CLOSED", "connection-lost"},
};

/* What is of another host's doing, if a broker sent the logon on. */
static const char *const elsewhere[] = {"certificate", "security-refused", "tls-failed",
    "connection-refused", "connection-lost", "no-answer", "name-unknown", "licence-timeout",
    "no-logon-signal", "logon-dialog"};

const struct cause *cause_by_id(const char *id)
{
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		if (strcmp(causes[i].id, id) == 0)
			return &causes[i];
	return NULL;
}

static const char *id_by_code(const char *code)
{
	if (strncmp(code, "ERRINFO_LICENSE_", 16) == 0)
		return "licence-refused";
	for (size_t i = 0; i < sizeof(by_code) / sizeof(by_code[0]); i++)
		if (strcmp(by_code[i].code, code) == 0)
			return by_code[i].id;
	return NULL;
}

/* A session that does not end, by the way in which it was asked to. */
static const char *id_of_logoff(const struct cycle *cycle, const struct scenario *scenario)
{
	/* Painted, but that may have been a logon dialog. */
	if (scenario->host.security != SECURITY_NLA &&
	    scenario->logon.signal != SIGNAL_SAVE_SESSION_INFO &&
	    cycle->session_id == NUMBER_UNKNOWN)
		return "logon-dialog";
	switch (scenario->logoff.method) {
	case LOGOFF_SHELL_EXIT:
		return "shell-refused-or-ignored";
	case LOGOFF_KEYS:
		return "keys-without-effect";
	case LOGOFF_COMMAND:
		return "command-without-effect";
	default:
		return "session-not-ended";
	}
}

/* A step that did not come to its end in time. */
static const char *id_of_timeout(const struct cycle *cycle, const struct scenario *scenario)
{
	const char *phase = cycle->failed_phase ? cycle->failed_phase : "";

	if (strcmp(phase, phase_names[PHASE_ACTIVATED]) == 0)
		return "licence-timeout";
	if (strcmp(phase, phase_names[PHASE_LOGOFF]) == 0)
		return id_of_logoff(cycle, scenario);
	if (strcmp(phase, phase_names[PHASE_LOGON]) != 0)
		return "no-answer";
	if (scenario->host.security != SECURITY_NLA)
		return "logon-dialog";
	return scenario->logon.signal == SIGNAL_SAVE_SESSION_INFO ? "no-logon-signal" : NULL;
}

const struct cause *cause_of(const struct cycle *cycle, const struct scenario *scenario)
{
	const char *id;

	if ((cycle->result != CYCLE_FAILED && cycle->result != CYCLE_UNPROVEN) || !cycle->code)
		return NULL;
	id = strcmp(cycle->code, "TIMEOUT") == 0 ? id_of_timeout(cycle, scenario)
	                                         : id_by_code(cycle->code);
	if (!id)
		return NULL;
	for (size_t i = 0; cycle->served_by && i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		if (strcmp(elsewhere[i], id) == 0)
			id = "redirected";
	return cause_by_id(id);
}

void cause_tell(const struct cause *cause, char *text, size_t size)
{
	const int used = snprintf(text, size, "Probably %s. %s", cause->what, cause->remedy);

	if (cause->change && (size_t)used < size)
		snprintf(text + used, size - (size_t)used,
		    ". Or change the host: %s; to undo it: %s. %s", cause->change, cause->undo,
		    cause_on_change);
}
