/* Knows the command line of `serve`. */
#include "labhost/serve.h"

#include <argp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/timestamp.h"
#include "labhost/labhost.h"

#define SECOND 1000000
#define FREERDP_LOG_OFF 6    /* WLOG_OFF */
#define FREERDP_LOG_ERRORS 4 /* WLOG_ERROR */

enum key {
	KEY_DIR = 1000,
	KEY_LISTEN,
	KEY_PORT,
	KEY_LAB,
	KEY_ACCOUNTS,
	KEY_DOMAIN,
	KEY_HOST_NAME,
	KEY_PASSWORDS_OF,
	KEY_RULE,
	KEY_SECURITY,
	KEY_TIME_SCALE,
	KEY_LATE_HOLDERS,
	KEY_KERNEL_REFERENCE,
	KEY_RECONNECT_LEAK,
	KEY_SANDBOX_LEAK,
	KEY_PROTECT,
	KEY_LOCKOUT,
	KEY_SHELL_SECONDS,
	KEY_LOGON_INFO,
	KEY_FAULT,
	KEY_POLICY,
	KEY_REDIRECT,
	KEY_ADMIN,
	KEY_MANY_SESSIONS,
	KEY_SEED,
	KEY_DESKTOP,
};

static const struct argp_option options[] = {
    {0, 0, 0, 0, "Where:", 1},
    {"dir", KEY_DIR, "DIR", 0,
        "Folder for control.sock, accounts.csv, cert.pem and key.pem; made private. Default: a new "
        "one in "
        "$LEAKLAB_STAGE or $TMPDIR, removed at the end",
        1},
    {"listen", KEY_LISTEN, "ADDRESS", 0, "Numeric address to listen on (default 127.0.0.1)", 1},
    {"port", KEY_PORT, "PORT", 0, "TCP port (default 0: any free one)", 1},
    {"lab", KEY_LAB, 0, 0,
        "This is a lab network: needed to listen on an address that others can reach", 1},
    {0, 0, 0, 0, "Who:", 2},
    {"accounts", KEY_ACCOUNTS, "N", 0,
        "Number of accounts, lab01 and on, with random passwords (default 8)", 2},
    {"domain", KEY_DOMAIN, "NAME", 0, "Their domain (default LAB)", 2},
    {"passwords-of", KEY_PASSWORDS_OF, "FILE", 0,
        "The accounts have the passwords of another lab host, by its accounts.csv: both are a farm",
        2},
    {"host-name", KEY_HOST_NAME, "NAME", 0,
        "Name of the host and its certificate (default LABHOST)", 2},
    {"lockout", KEY_LOCKOUT, "N", 0,
        "Lock an account after N wrong passwords (default 5; 0: never)", 2},
    {"security", KEY_SECURITY, "nla|tls", 0,
        "Authenticate before the session, or in it (default nla)", 2},
    {"admin", KEY_ADMIN, 0, 0,
        "Accounts are administrators: a second, linked logon session each logon", 2},
    {"many-sessions", KEY_MANY_SESSIONS, 0, 0,
        "An account may have several sessions at once; without it a second connection takes the "
        "session over",
        2},
    {0, 0, 0, 0, "How the host behaves:", 3},
    {"rule", KEY_RULE, "ms16-111|before", 0,
        "When a session ID is free again: when its last token and process have gone (default), or at "
        "logoff, unless a process is kept",
        3},
    {"late-holders", KEY_LATE_HOLDERS, "N", 0,
        "Token handles that services keep for 10 to 20 minutes after a logoff (default 3 a logon)",
        3},
    {"time-scale", KEY_TIME_SCALE, "X", 0,
        "Length of those minutes (default 0.001; 1: as on a real host)", 3},
    {"kernel-reference", KEY_KERNEL_REFERENCE, "N", 0,
        "Every N-th logon leaves a reference in the kernel that no handle viewer shows (default 0: "
        "none)",
        3},
    {"reconnect-leak", KEY_RECONNECT_LEAK, "handle|logon", 0,
        "Each reconnect leaves a handle of lsm.exe more, or the network logon session of its NLA",
        3},
    {"sandbox-leak", KEY_SANDBOX_LEAK, "lsass|kernel", 0,
        "A program's own logon whose token it restricts stays: lsass keeps a token, or the kernel a reference",
        3},
    {"protect", KEY_PROTECT, "IMAGES", 0,
        "Processes whose handles nobody can look into (default System,smss.exe,csrss.exe,wininit.exe,services.exe,"
        "MsMpEng.exe); lsass.exe is one on many clients",
        3},
    {"shell-seconds", KEY_SHELL_SECONDS, "S", 0,
        "How long a logoff takes (default 0). A session waits for those who watch logons on "
        "the control socket, up to 5 s",
        3},
    {"logon-info", KEY_LOGON_INFO, "long|extended|none", 0,
        "Save Session Info PDU that tells a client its session ID (default long)", 3},
    {"desktop", KEY_DESKTOP, 0, 0,
        "Paint a desktop for people who log on by hand: session ID, logon session, who holds it, what the next logon is given, and buttons that log "
        "off and disconnect",
        3},
    {"redirect", KEY_REDIRECT, "HOST[/N]", 0,
        "Send every N-th logon (default: each) on to that host, at the same port, as a connection broker does",
        3},
    {"fault", KEY_FAULT, "NAME[/N]", 0,
        "Have a fault, on every N-th connection (default: on each); see below", 3},
    {"policy", KEY_POLICY, "NAME[=VALUE]", 0,
        "Have a policy that session hosts have by default or often; may be repeated; see below", 3},
    {"seed", KEY_SEED, "N", 0, "Makes the services' delays the same in each run", 3},
    {0},
};

static const char documentation[] =
    "Run a lab host: an RDP server that behaves like a Windows "
    "session host with its sessions, logon sessions, tokens "
    "and handles, and runs nothing. Clients log on with real RDP; "
    "programs take part through the control socket.\v"
    "A session's start program is understood, not run: logoff, "
    "shutdown /l, exit, timeout N, sleep N, ping -n N, "
    "sequences with &, and cmd /c end when they say; anything else "
    "stays, as the desktop does. Win+R, logoff, Enter "
    "typed on the desktop logs off; so do Ctrl+Alt+Delete, Down, Enter, or Alt+S for Down, Enter, "
    "whatever else runs.\n\n"
    "Prints address=, control=, accounts= and certificate= and "
    "then `ready'; SIGTERM or SIGINT ends it with exit "
    "code 0. Accounts and key exist for this run only.\n\n"
    "Faults:\n";

static void parse_listen(struct argp_state *state, struct serve_options *serve, const char *text)
{
	unsigned char address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, text, address) != 1 && inet_pton(AF_INET6, text, address) != 1)
		argp_error(state,
		    "--listen %s: must be a numeric address, such as 127.0.0.1 or ::1", text);
	serve->rdp.address = text;
}

static bool is_loopback(const char *text)
{
	struct in_addr four;
	struct in6_addr six;

	if (inet_pton(AF_INET, text, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, text, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

/* Names go into certificates, tool listings and CSV as they are. */
static const char *parse_name(struct argp_state *state, const char *option, const char *text)
{
	const size_t length = strlen(text);

	if (length == 0 || length > 15 ||
	    strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") !=
	        length)
		argp_error(
		    state, "--%s %s: must have 1 to 15 letters, digits or hyphens", option, text);
	return text;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	static const char *const securities[] = {"nla", "tls", NULL};
	static const char *const rules[] = {"ms16-111", "before", NULL};
	static const char *const sandbox_leaks[] = {"lsass", "kernel", NULL};
	static const char *const reconnect_leaks[] = {"handle", "logon", NULL};
	static const char *const logon_infos[] = {"long", "extended", "none", NULL};
	struct serve_options *serve = state->input;
	const struct policies *policies = &serve->rdp.connection.policies;

	switch (key) {
	case KEY_DIR:
		serve->dir = text;
		return 0;
	case KEY_LISTEN:
		parse_listen(state, serve, text);
		return 0;
	case KEY_PORT:
		serve->rdp.port = (uint16_t)option_integer(state, "port", text, 0, UINT16_MAX);
		return 0;
	case KEY_LAB:
		serve->lab = true;
		return 0;
	case KEY_ACCOUNTS:
		serve->accounts = option_integer(state, "accounts", text, 1, 10000);
		return 0;
	case KEY_DOMAIN:
		serve->domain = parse_name(state, "domain", text);
		return 0;
	case KEY_PASSWORDS_OF:
		serve->passwords_of = text;
		return 0;
	case KEY_HOST_NAME:
		serve->host_name = parse_name(state, "host-name", text);
		return 0;
	case KEY_LOCKOUT:
		serve->lockout = (unsigned)option_integer(state, "lockout", text, 0, 999);
		return 0;
	case KEY_SECURITY:
		serve->rdp.connection.security =
		    (enum security)option_word(state, "security", text, securities);
		return 0;
	case KEY_ADMIN:
		serve->model.linked_tokens = true;
		return 0;
	case KEY_DESKTOP:
		serve->rdp.connection.desktop = true;
		return 0;
	case KEY_MANY_SESSIONS:
		serve->model.many_sessions = true;
		return 0;
	case KEY_RULE:
		serve->model.rule = (enum id_rule)option_word(state, "rule", text, rules);
		return 0;
	case KEY_LATE_HOLDERS:
		serve->model.late_holders =
		    (unsigned)option_integer(state, "late-holders", text, 0, 1000);
		return 0;
	case KEY_TIME_SCALE:
		serve->model.time_scale = option_real(state, "time-scale", text, 0, 1000);
		return 0;
	case KEY_KERNEL_REFERENCE:
		serve->model.kernel_reference_every =
		    (unsigned)option_integer(state, "kernel-reference", text, 0, 1000000);
		return 0;
	case KEY_RECONNECT_LEAK:
		serve->model.reconnect_leak = (enum reconnect_leak)(
		    RECONNECT_LEAK_HANDLE +
		    option_word(state, "reconnect-leak", text, reconnect_leaks));
		return 0;
	case KEY_SANDBOX_LEAK:
		serve->model.sandbox_leak = (enum sandbox_leak)(
		    SANDBOX_LEAK_LSASS + option_word(state, "sandbox-leak", text, sandbox_leaks));
		return 0;
	case KEY_PROTECT:
		serve->model.protected = text;
		return 0;
	case KEY_SHELL_SECONDS:
		serve->rdp.connection.logoff_time =
		    (int64_t)(option_real(state, "shell-seconds", text, 0, 3600) * SECOND);
		return 0;
	case KEY_LOGON_INFO:
		serve->rdp.connection.logon_info =
		    (enum logon_info_kind)option_word(state, "logon-info", text, logon_infos);
		return 0;
	case KEY_FAULT:
		if (!fault_parse(text, &serve->rdp.connection.fault))
			argp_error(state, "--fault %s: no such fault; --help lists them", text);
		return 0;
	case KEY_POLICY:
		if (!policy_parse(text, &serve->rdp.connection.policies))
			argp_error(state,
			    "--policy %s: no such policy, or not with this value; --help lists them",
			    text);
		return 0;
	case KEY_REDIRECT:
		if (!redirect_parse(text, &serve->rdp.connection.redirect))
			argp_error(
			    state, "--redirect: must be HOST or HOST/N, with an N from 1 on");
		return 0;
	case KEY_SEED:
		serve->model.seed = option_integer(state, "seed", text, 0, UINT64_MAX);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "serve takes no argument, but got %s", text);
		return EINVAL;
	case ARGP_KEY_END:
		if (!serve->lab && !is_loopback(serve->rdp.address))
			argp_error(state,
			    "--listen %s: others can reach this address; say --lab if this is a "
			    "lab network",
			    serve->rdp.address);
		if (serve->rdp.connection.security == SECURITY_TLS &&
		    (policies->must_change || policies->expired))
			argp_error(state,
			    "--policy must-change-password and password-expired are answers of NLA: "
			    "not with --security tls");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static char *help_filter(int key, const char *text, void *input)
{
	char *whole;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC || !text)
		return (char *)text;
	return asprintf(&whole, "%s%s\nPolicies:\n%s", text, fault_help, policy_help) < 0 ? NULL
	                                                                                  : whole;
}

void serve_options_parse(struct serve_options *out, int argc, char **argv)
{
	const struct argp argp = {options, parse, 0, documentation, 0, help_filter, 0};
	struct serve_options serve = {
	    .domain = "LAB",
	    .host_name = "LABHOST",
	    .accounts = 8,
	    .lockout = 5,
	    .model = {.time_scale = 0.001,
	        .late_holders = 3,
	        .protected = "System,smss.exe,csrss.exe,wininit.exe,services.exe,MsMpEng.exe",
	        .max_sessions = SESSIONS_AT_ONCE},
	    .rdp = {.address = "127.0.0.1",
	        .max_connections = SESSIONS_AT_ONCE,
	        .log_level = getenv("WLOG_LEVEL") ? FREERDP_LOG_ERRORS : FREERDP_LOG_OFF},
	};

	if (getrandom(&serve.model.seed, sizeof(serve.model.seed), 0) < 0)
		serve.model.seed = (uint64_t)timestamp_monotonic();
	argp_parse(&argp, argc, argv, 0, 0, &serve);
	if (serve.rdp.connection.policies.session_limit &&
	    serve.rdp.connection.policies.session_limit < serve.model.max_sessions)
		serve.model.max_sessions = serve.rdp.connection.policies.session_limit;
	serve.model.rejoin = serve.rdp.connection.policies.rejoin;
	serve.model.network_logons = serve.rdp.connection.security == SECURITY_NLA;
	*out = serve;
}
