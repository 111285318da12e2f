/* Knows the order of a cycle's steps and what its end proves. */
#include "driver/rdp/cycle.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/duration.h"
#include "driver/rdp/logoff.h"
#include "driver/rdp/logon.h"
#include "driver/rdp/rdp.h"
#include "driver/rdp/shell.h"

static void fail(struct report *report, enum phase phase, const char *code, const char *message)
{
	report->failed_phase = phase;
	snprintf(report->code, sizeof(report->code), "%s", code);
	snprintf(report->message, sizeof(report->message), "%.*s", MESSAGE_TEXT - 1, message);
}

/* Turns the moments of the connection into durations; the first phase that has none is where it failed. */
static enum phase note_phases(
    struct report *report, const struct rdp_times *times, int64_t start, enum security security)
{
	const int64_t moments[] = {
	    times->tcp, times->tls, times->nla, times->activated, times->signal};
	int64_t last = start;

	for (int phase = PHASE_TCP; phase <= PHASE_LOGON; phase++) {
		if (phase == PHASE_NLA && security != SECURITY_NLA)
			continue;
		if (moments[phase] == 0)
			return phase;
		/* Save Session Info may come within the connection sequence. */
		report->phase_us[phase] = moments[phase] > last ? moments[phase] - last : 0;
		last = moments[phase] > last ? moments[phase] : last;
	}
	return PHASE_HOLD;
}

static void append(char message[MESSAGE_TEXT], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void append(char message[MESSAGE_TEXT], const char *format, ...)
{
	const size_t used = strlen(message);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message + used, MESSAGE_TEXT - used, format, arguments);
	va_end(arguments);
}

/* How long it took is said where that is not the time-out: a machine that was too busy, or suspended. */
static void tell_timeout(
    char message[MESSAGE_TEXT], enum phase phase, int64_t timeout, int64_t passed, int64_t local)
{
	snprintf(message, MESSAGE_TEXT, "no %s within %.3g s", phase_names[phase],
	    (double)timeout / (double)SECOND);
	if (passed > timeout + SECOND / 2)
		append(message, " (%.1f s passed)", (double)passed / (double)SECOND);
	if (local > timeout / 2)
		append(message,
		    "; %.1f s of it this machine's own authentication took: a Kerberos KDC that does not answer? Set "
		    "host.auth_packages to ntlm,!kerberos to do without",
		    (double)local / (double)SECOND);
}

/* since: when the wait began that took too long; 0: none did. */
static void note_failure(
    struct report *report, const struct rdp *rdp, enum phase phase, int64_t since, int64_t timeout)
{
	char code[64];
	char message[MESSAGE_TEXT];
	char more[MESSAGE_TEXT];

	report->result = CYCLE_FAILED;
	report->account = rdp_failure(rdp, code, message);
	/* A host may close, or say nothing, instead of refusing a password: it counts, before the domain counts more. */
	if (report->account == ACCOUNT_UNTRIED && rdp_has_presented(rdp))
		report->account = ACCOUNT_REFUSED;
	/* Once NLA was over the password was right, whatever came then. */
	if (report->account == ACCOUNT_UNTRIED && rdp_is_authenticated(rdp))
		report->account = ACCOUNT_ACCEPTED;
	if (since) {
		snprintf(code, sizeof(code), "TIMEOUT");
		tell_timeout(message, phase, timeout, timestamp_monotonic() - since,
		    rdp_local_authentication(rdp));
	}
	rdp_describe(rdp, more);
	if (more[0])
		append(message, "; %s", more);
	fail(report, phase, code, message);
}

/* Judges how the connection ended: it may also be that the session lives on, disconnected. */
static void note_end(
    struct report *report, const struct rdp *rdp, enum rdp_end end, int64_t timeout)
{
	char message[MESSAGE_TEXT];

	const char *proof = rdp_logoff_proof(rdp);

	report->error_info = rdp_error_info(rdp);
	if (end == RDP_ENDED && proof) {
		report->result = CYCLE_LOGGED_OFF;
		snprintf(report->proof, sizeof(report->proof), "%s", proof);
		return;
	}
	report->result = CYCLE_UNPROVEN;
	if (end == RDP_TIMED_OUT) {
		snprintf(message, sizeof(message),
		    "no logoff within %.3g s; the session may live on",
		    (double)timeout / (double)SECOND);
		fail(report, PHASE_LOGOFF, "TIMEOUT", message);
	} else if (report->error_info == NUMBER_UNKNOWN) {
		fail(report, PHASE_LOGOFF, "NO_PROOF",
		    "the connection ended without error info; the session may live on");
	} else {
		snprintf(message, sizeof(message),
		    "the connection ended with %s, which does not prove a logoff",
		    rdp_error_info_name(report->error_info));
		fail(report, PHASE_LOGOFF, rdp_error_info_name(report->error_info), message);
	}
}

/* With shell-exit the shell's own life is the hold, see shell_share(). */
static enum rdp_end hold(const struct setup *setup, const struct order *order, struct rdp *rdp,
    int64_t phase_us[PHASE_COUNT])
{
	const int64_t start = timestamp_monotonic();
	enum rdp_end end = RDP_TIMED_OUT;

	if (setup->logoff != LOGOFF_SHELL_EXIT) {
		end = rdp_wait(rdp, false, true, order->hold);
		phase_us[PHASE_HOLD] = timestamp_monotonic() - start;
	}
	return end;
}

/* end: how the hold came to its own. */
static void log_off(const struct setup *setup, const struct order *order, struct rdp *rdp,
    struct report *report, enum rdp_end end)
{
	const bool leaves = setup->logoff == LOGOFF_DISCONNECT || setup->logoff == LOGOFF_DROP;
	const bool by_shell = setup->logoff == LOGOFF_SHELL_EXIT;
	const int64_t life = shell_life(setup, order);
	struct error error;
	const int64_t start = timestamp_monotonic();

	if (end != RDP_ENDED) {
		if (!logoff_ask(setup, order, rdp, report, life != NUMBER_UNKNOWN ? life : 0, &end,
		        &error)) {
			report->result = CYCLE_UNPROVEN;
			report->error_info = rdp_error_info(rdp);
			fail(report, PHASE_LOGOFF, "COMMAND", error.text);
			return;
		}
		if (leaves) {
			report->result = CYCLE_DISCONNECTED;
			return;
		}
	}
	const int64_t passed = timestamp_monotonic() - start;
	if (by_shell)
		shell_share(
		    life, passed, &report->phase_us[PHASE_HOLD], &report->phase_us[PHASE_LOGOFF]);
	else
		report->phase_us[PHASE_LOGOFF] = passed;
	note_end(report, rdp, end, setup->logoff_timeout);
	if (end == RDP_TIMED_OUT && setup->rescues && setup->logoff != LOGOFF_AUTO)
		logoff_rescue(setup, order, rdp, report);
}

/* Without NLA, a host that shows its own logon dialog is activated and paints, whatever the password was. Then
 * only a logoff proves that it was right, and a session that never ends is taken for the dialog that stays: it must
 * count before the domain does. */
static enum account_outcome judge_account(const struct setup *setup, const struct report *report)
{
	if (setup->security == SECURITY_NLA || setup->signal == SIGNAL_SAVE_SESSION_INFO ||
	    report->session_id != NUMBER_UNKNOWN || report->result == CYCLE_LOGGED_OFF)
		return ACCOUNT_ACCEPTED;
	return report->result == CYCLE_UNPROVEN && strcmp(report->code, "TIMEOUT") == 0
	           ? ACCOUNT_REFUSED
	           : ACCOUNT_UNTRIED;
}

/* A signal that comes before the host looks at the password (activated, paint) may turn out to have been none. */
static void note_late_refusal(const struct rdp *rdp, struct report *report)
{
	char code[64];
	char message[MESSAGE_TEXT];
	enum account_outcome outcome;

	if (report->result != CYCLE_UNPROVEN)
		return;
	outcome = rdp_failure(rdp, code, message);
	if (outcome != ACCOUNT_REFUSED && outcome != ACCOUNT_BARRED)
		return;
	report->result = CYCLE_FAILED;
	report->account = outcome;
	report->logged_on = TIMESTAMP_UNKNOWN;
	fail(report, PHASE_LOGON, code, message);
}

/* What this connection does not tell, an earlier one of the cycle may have told. */
static void note_host(struct report *report, const struct rdp *rdp)
{
	const char *served_by = rdp_served_by(rdp), *server = rdp_server(rdp);
	const int64_t offset = rdp_host_clock_offset(rdp), session_id = rdp_session_id(rdp);

	/* The connection that was to have the session again is not this session's. */
	if (report->result == CYCLE_NOT_RECONNECTED)
		return;
	if (served_by)
		snprintf(report->served_by, sizeof(report->served_by), "%s", served_by);
	if (*server)
		snprintf(report->server, sizeof(report->server), "%s", server);
	if (offset != NUMBER_UNKNOWN)
		report->host_clock_offset = offset;
	/* The session ID may come late, in a second Save Session Info. */
	if (session_id != NUMBER_UNKNOWN)
		report->session_id = session_id;
}

/* A cycle while it is played. */
struct playing {
	const struct setup *setup;
	const struct order *order;
	const struct cycle_watch *watch;
	struct rdp *rdp; /* the connection that is up; NULL: none */
	struct report *report;
};

static void note_redirected(void *data, bool begins)
{
	const struct playing *playing = data;

	playing->watch->connecting(playing->watch->data, begins ? playing->rdp : NULL);
}

/* A new connection. False: there is none, and the report says why. */
static bool connect_session(struct playing *playing, struct report *report, int64_t start)
{
	const struct setup *setup = playing->setup;
	struct rdp *rdp = playing->rdp = rdp_create(setup, playing->order);

	if (!rdp) {
		fail(report, PHASE_TCP, "MEMORY", "out of memory");
		return false;
	}
	rdp_on_redirect(rdp, note_redirected, playing);
	playing->watch->connecting(playing->watch->data, rdp);
	const bool connected = rdp_connect(rdp);
	playing->watch->connecting(playing->watch->data, NULL);
	if (connected)
		return true;
	note_failure(report, rdp, note_phases(report, rdp_times(rdp), start, setup->security),
	    rdp_is_aborted(rdp) ? start : 0, setup->connect_timeout);
	return false;
}

/* Connected and activated: waits for the logon. False: it did not come, and the report says why. */
static bool wait_for_logon(struct playing *playing, struct report *report, int64_t start)
{
	const struct setup *setup = playing->setup;
	struct rdp *rdp = playing->rdp;
	const int64_t since = timestamp_monotonic();
	const enum rdp_end end = logon_wait(setup, rdp);

	note_host(report, rdp);
	note_phases(report, rdp_times(rdp), start, setup->security);
	report->processor_wait = rdp_processor_wait(rdp);
	if (end == RDP_SIGNALLED) {
		if (setup->logon_delay > 0)
			rdp_wait(rdp, false, true, setup->logon_delay);
		report->logged_on = timestamp_now();
		report->result = CYCLE_RUNNING;
		return true;
	}
	if (rdp_is_aborted(rdp)) /* when it had been redirected */
		note_failure(
		    report, rdp, PHASE_LOGON, rdp_connect_start(rdp), setup->connect_timeout);
	else
		note_failure(report, rdp, PHASE_LOGON, end == RDP_TIMED_OUT ? since : 0,
		    setup->logon_timeout);
	report->error_info = rdp_error_info(rdp);
	/* Without NLA a wrong password shows as a dialog that stays: count it, before the domain does. */
	if (setup->security == SECURITY_TLS && report->account == ACCOUNT_UNTRIED &&
	    end == RDP_TIMED_OUT)
		report->account = ACCOUNT_REFUSED;
	return false;
}

static void report_begin(struct report *report, const struct order *order)
{
	*report = (struct report){
	    .cycle = order->cycle,
	    .slot = order->slot,
	    .started = timestamp_now(),
	    .logged_on = TIMESTAMP_UNKNOWN,
	    .session_id = NUMBER_UNKNOWN,
	    .error_info = NUMBER_UNKNOWN,
	    .host_clock_offset = NUMBER_UNKNOWN,
	    .result = CYCLE_FAILED,
	    .failed_phase = -1,
	    .account = ACCOUNT_UNTRIED,
	};
	for (int phase = 0; phase < PHASE_COUNT; phase++)
		report->phase_us[phase] = NUMBER_UNKNOWN;
}

/* The cycle's session is on the host still, or another one came of the reconnect. why: of the connection that was to have it. */
static void note_not_reconnected(
    struct report *report, const struct order *order, const struct report *why)
{
	char message[MESSAGE_TEXT];

	report->result = CYCLE_NOT_RECONNECTED;
	report->account = why->account;
	report->error_info = why->error_info;
	snprintf(message, sizeof(message), "reconnect %u of %u: %.400s", why->reconnect,
	    order->reconnects, why->message);
	fail(report, why->failed_phase >= 0 ? why->failed_phase : PHASE_LOGON, why->code, message);
}

/* A broker may give the reconnect to another host of its farm, whose session IDs are its own. */
static bool is_other_host(const struct report *report, const struct rdp *rdp)
{
	return report->server[0] && *rdp_server(rdp) &&
	       strcmp(report->server, rdp_server(rdp)) != 0;
}

/* The host tells the ID at the logon, or in a second Save Session Info. */
static bool is_other_session(const struct report *report, const struct rdp *rdp)
{
	const int64_t id = rdp_session_id(rdp);

	return is_other_host(report, rdp) ||
	       (id != NUMBER_UNKNOWN && report->session_id != NUMBER_UNKNOWN &&
	           id != report->session_id);
}

/* What the host gave instead is logged off; what it had stays, disconnected. */
static void leave_other_session(struct playing *playing, struct report *again)
{
	const struct report *first = playing->report;
	char message[MESSAGE_TEXT];

	if (is_other_host(first, playing->rdp))
		snprintf(message, sizeof(message),
		    "%.150s gave a new session, and the one on %.150s stays there, disconnected",
		    rdp_server(playing->rdp), first->server);
	else
		snprintf(message, sizeof(message),
		    "the host gave session %lld, a new one, and not session %lld, which stays there, disconnected",
		    (long long)rdp_session_id(playing->rdp), (long long)first->session_id);
	again->session_id = rdp_session_id(playing->rdp);
	log_off(playing->setup, playing->order, playing->rdp, again, RDP_STOPPED);
	again->account = ACCOUNT_ACCEPTED;
	fail(again, PHASE_LOGON, CYCLE_NEW_SESSION, message);
}

/* Leaves the session and connects to it again, and holds it. *end gets how the hold ended. False: the session was not to be had, and the
 * cycle's report says why. */
static bool reconnect(struct playing *playing, uint32_t number, enum rdp_end *end)
{
	const int64_t start = timestamp_monotonic();
	struct report again;

	rdp_destroy(playing->rdp);
	report_begin(&again, playing->order);
	again.reconnect = number;
	bool got =
	    connect_session(playing, &again, start) && wait_for_logon(playing, &again, start);
	if (got)
		*end = hold(playing->setup, playing->order, playing->rdp, again.phase_us);
	const bool other = got && is_other_session(playing->report, playing->rdp);
	if (other)
		leave_other_session(playing, &again);
	/* What another host gave is none of the IDs of the cycle's. */
	if (got && !is_other_host(playing->report, playing->rdp))
		playing->watch->reconnected(playing->watch->data, &again);
	if (!got || other)
		note_not_reconnected(playing->report, playing->order, &again);
	return got && !other;
}

/* Logged on: the rest. */
static void play_session(struct playing *playing)
{
	const struct setup *setup = playing->setup;
	const struct order *order = playing->order;
	struct report *report = playing->report;

	playing->watch->logged_on(playing->watch->data, report);
	enum rdp_end end = hold(setup, order, playing->rdp, report->phase_us);
	for (uint32_t i = 1; i <= order->reconnects && end == RDP_TIMED_OUT; i++) {
		note_host(report, playing->rdp);
		if (!reconnect(playing, i, &end))
			return;
	}
	log_off(setup, order, playing->rdp, report, end);
	note_host(report, playing->rdp);
	report->account = judge_account(setup, report);
	note_late_refusal(playing->rdp, report);
}

void cycle_play(const struct setup *setup, const struct order *order,
    const struct cycle_watch *watch, struct report *report)
{
	const int64_t start = timestamp_monotonic();
	struct playing playing = {setup, order, watch, NULL, report};

	report_begin(report, order);
	const bool connected = connect_session(&playing, report, start);
	if (connected && wait_for_logon(&playing, report, start))
		play_session(&playing);
	if (playing.rdp)
		note_host(report, playing.rdp);
	rdp_destroy(playing.rdp);
	report->ended = timestamp_now();
	report->done = true;
}
