/* Knows what the steps of a connection, a logon and a logoff say of a host. */
#include "driver/preflight/preflight.h"

#include <string.h>

#include "common/duration.h"

#define SLOW_LOGON (30 * SECOND)

static void add(struct preflight *preflight, const char *id, enum step_status status, int64_t time,
    const char *remedy, const char *text)
{
	preflight_add(preflight, STEP_OF_TARGET, id, status, time, remedy, "%s", text);
}

static const char *const handshake_ids[HANDSHAKE_DONE] = {
    "name", "tcp", "security", "tls", "certificate"};

/* Nothing is accepted for good here: the remedy shows what may be pasted once it was compared with what the host itself shows. */
static void add_certificate(struct preflight *preflight, const struct setup *setup,
    const struct handshake *handshake, const struct error *error)
{
	static const char *const ways[] = {[CERTIFICATE_PIN] = "is the pinned one",
	    [CERTIFICATE_CA] = "is trusted by host.certificate.ca",
	    [CERTIFICATE_TOFU] = "is the one of the first connection (tofu)",
	    [CERTIFICATE_IGNORE] = "is not looked at (ignore): anybody may answer for this host"};
	const bool failed = handshake->reached == HANDSHAKE_CERTIFICATE;
	const bool ignored = !failed && setup->certificate == CERTIFICATE_IGNORE;
	char remedy[512];

	snprintf(remedy, sizeof(remedy),
	    "to accept exactly this certificate, compare its SHA-1 with the one that the host shows (Remote Desktop certificate), then write "
	    "host.certificate.pin: %s",
	    handshake->sha256);
	preflight_add(preflight, STEP_OF_TARGET, "certificate",
	    failed    ? STEP_FAILED
	    : ignored ? STEP_WARNING
	              : STEP_OK,
	    NUMBER_UNKNOWN, (failed || ignored) && handshake->sha256[0] ? remedy : NULL,
	    "%s; of %s, %s, SHA-1 %s", failed ? error->text : ways[setup->certificate],
	    handshake->subject, handshake->sha256, handshake->sha1);
}

void preflight_handshake(struct preflight *preflight, const struct setup *setup,
    const struct handshake *handshake, const struct error *error)
{
	char found[HANDSHAKE_DONE][400];

	snprintf(
	    found[HANDSHAKE_NAME], sizeof(found[0]), "%s is %s", setup->host, handshake->address);
	snprintf(found[HANDSHAKE_TCP], sizeof(found[0]), "port %u of %s answers", setup->port,
	    handshake->address);
	snprintf(found[HANDSHAKE_SECURITY], sizeof(found[0]), "the host takes %s",
	    handshake->security ? handshake->security : "");
	snprintf(
	    found[HANDSHAKE_TLS], sizeof(found[0]), "%s", handshake->tls ? handshake->tls : "");
	for (enum handshake_step step = HANDSHAKE_NAME; step < HANDSHAKE_DONE; step++) {
		if (step == HANDSHAKE_CERTIFICATE && handshake->reached >= step)
			add_certificate(preflight, setup, handshake, error);
		else if (step < handshake->reached)
			add(preflight, handshake_ids[step], STEP_OK, handshake->time[step], NULL,
			    found[step]);
		else if (step == handshake->reached)
			add(preflight, handshake_ids[step], STEP_FAILED, handshake->time[step],
			    NULL, error->text);
		else
			add(preflight, handshake_ids[step], STEP_SKIPPED, NUMBER_UNKNOWN, NULL,
			    "not tried");
	}
}

/* A phase of the cycle: taken, or the one that failed, or not got to. True: it was taken. */
static bool add_phase(struct preflight *preflight, const struct preflight_logon *logon,
    enum phase phase, const char *id, const char *found)
{
	const struct cycle *cycle = logon->cycle;

	if (cycle->failed_phase && strcmp(cycle->failed_phase, phase_names[phase]) == 0) {
		preflight_add(preflight, STEP_OF_TARGET, id, STEP_FAILED, cycle->phase_us[phase],
		    NULL, "%s (%s)", cycle->message ? cycle->message : "no word on it",
		    cycle->code ? cycle->code : "-");
		preflight_blame(preflight, logon->cause);
		return false;
	}
	if (cycle->phase_us[phase] == NUMBER_UNKNOWN) {
		add(preflight, id, STEP_SKIPPED, NUMBER_UNKNOWN, NULL, "not got to");
		return false;
	}
	add(preflight, id, STEP_OK, cycle->phase_us[phase], NULL, found);
	return true;
}

static void add_session_id(struct preflight *preflight, const struct cycle *cycle)
{
	if (cycle->session_id == NUMBER_UNKNOWN)
		add(preflight, "session-id", STEP_WARNING, NUMBER_UNKNOWN,
		    "its growth then comes from the observers alone, and logoff.command has no SESSION_ID",
		    "the host did not tell the session ID");
	else
		preflight_add(preflight, STEP_OF_TARGET, "session-id", STEP_OK, NUMBER_UNKNOWN,
		    NULL, "%lld", (long long)cycle->session_id);
}

/* Of a session that the method did not end. */
static const char *rest_of_session(enum logoff_way rescue)
{
	switch (rescue) {
	case LOGOFF_WAY_KEYS:
		return "Win+R, logoff, Enter then ended the session: there is a desktop in it";
	case LOGOFF_WAY_SECURITY_KEYS:
		return "Ctrl+Alt+Del and Sign out then ended the session; no Run box took keys";
	case LOGOFF_WAY_COMMAND:
		return "logoff.command then ended the session; no keys did";
	default:
		return "the session may be there still, whatever else was tried";
	}
}

static void add_logoff(struct preflight *preflight, const struct preflight_logon *logon)
{
	const struct cycle *cycle = logon->cycle;
	const int64_t time = cycle->phase_us[PHASE_LOGOFF];

	if (cycle->result == CYCLE_LOGGED_OFF) {
		preflight_add(preflight, STEP_OF_TARGET, "logoff", STEP_OK, time, NULL,
		    "by %s, proven by %s", logon->method, cycle->proof);
		return;
	}
	if (cycle->result == CYCLE_DISCONNECTED) {
		preflight_add(preflight, STEP_OF_TARGET, "logoff", STEP_WARNING, time,
		    "log it off by hand, and use another logoff.method if that is not what is tested",
		    "logoff.method %s leaves the session on the host", logon->method);
		return;
	}
	preflight_add(preflight, STEP_OF_TARGET, "logoff", STEP_FAILED, time, NULL,
	    "by %s: %s (%s); %s", logon->method, cycle->message ? cycle->message : "no word on it",
	    cycle->code ? cycle->code : "-", rest_of_session(logon->rescue));
	preflight_blame(preflight, logon->cause);
}

/* NTLM tells the name of the host that serves; a broker that of the host where it sends the logon. */
static void add_server(struct preflight *preflight, const struct cycle *cycle)
{
	const char *server = cycle->server ? cycle->server : cycle->served_by;

	if (cycle->served_by)
		preflight_add(preflight, STEP_OF_TARGET, "server", STEP_WARNING, NUMBER_UNKNOWN,
		    "observe the host that serves the logons, and drain the others (chglogon /drain), see leaklab-real-host(7)",
		    "the host sent the logon on: %s served it", server);
	else if (server)
		preflight_add(preflight, STEP_OF_TARGET, "server", STEP_OK, NUMBER_UNKNOWN, NULL,
		    "%s", server);
	else
		add(preflight, "server", STEP_SKIPPED, NUMBER_UNKNOWN, NULL,
		    "the host does not tell its name, as with Kerberos or without NLA");
}

void preflight_cycle(
    struct preflight *preflight, const struct setup *setup, const struct preflight_logon *logon)
{
	const struct cycle *cycle = logon->cycle;
	bool on = cycle->result != CYCLE_LOST;

	if (cycle->result == CYCLE_LOST)
		add(preflight, "worker", STEP_FAILED, NUMBER_UNKNOWN, NULL,
		    "the worker process that carried the logon died");
	/* The handshake went well a moment ago: these say where it was otherwise. */
	for (enum phase phase = PHASE_TCP; phase <= PHASE_TLS; phase++)
		if (cycle->failed_phase && strcmp(cycle->failed_phase, phase_names[phase]) == 0)
			add_phase(preflight, logon, phase, phase_names[phase], "");
	if (setup->security == SECURITY_NLA)
		on = add_phase(preflight, logon, PHASE_NLA, "nla", "the password is right") && on;
	on = add_phase(preflight, logon, PHASE_ACTIVATED, "connection",
	         "licensing and capabilities are agreed on") &&
	     on;
	on = add_phase(preflight, logon, PHASE_LOGON, "logon", "the logon signal came") && on;
	if (!on || cycle->logged_on == TIMESTAMP_UNKNOWN)
		return;
	if (cycle->phase_us[PHASE_LOGON] > SLOW_LOGON)
		add(preflight, "logon-time", STEP_WARNING, cycle->phase_us[PHASE_LOGON],
		    "if it was the account's first logon it made the profile, and the next is faster; else raise logon.timeout",
		    "a long logon");
	add_session_id(preflight, cycle);
	add_server(preflight, cycle);
	add_logoff(preflight, logon);
}

void preflight_accounts(struct preflight *preflight, size_t usable, size_t all, uint64_t slots)
{
	const bool few = usable < slots;

	preflight_add(preflight, STEP_OF_TARGET, "accounts", few ? STEP_FAILED : STEP_OK,
	    NUMBER_UNKNOWN,
	    few ? "unlock them, then: leaklab refusals --forget ACCOUNT; or use fewer slots" : NULL,
	    "%zu of %zu may log on, for %llu slot%s", usable, all, (unsigned long long)slots,
	    slots == 1 ? "" : "s");
}

void preflight_disk(struct preflight *preflight, const char *folder, int64_t needed, int64_t free)
{
	const double mib = 1 << 20;
	const enum step_status status = free < 0            ? STEP_SKIPPED
	                                : free < needed     ? STEP_FAILED
	                                : free / 2 < needed ? STEP_WARNING
	                                                    : STEP_OK;

	preflight_add(preflight, STEP_OF_TARGET, "disk", status, NUMBER_UNKNOWN,
	    status == STEP_FAILED || status == STEP_WARNING
	        ? "write the run file elsewhere (-o), or take fewer samples (observe_every, settle.poll)"
	        : NULL,
	    "the run file takes some %.0f MiB, %s has %.0f free", (double)needed / mib, folder,
	    (double)free / mib);
}
