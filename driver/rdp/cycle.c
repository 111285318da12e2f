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

static void log_off(
    const struct setup *setup, const struct order *order, struct rdp *rdp, struct report *report)
{
	const bool leaves = setup->logoff == LOGOFF_DISCONNECT || setup->logoff == LOGOFF_DROP;
	const bool by_shell = setup->logoff == LOGOFF_SHELL_EXIT;
	const int64_t life = shell_life(setup, order);
	enum rdp_end end = RDP_TIMED_OUT;
	struct error error;
	int64_t start = timestamp_monotonic();

	/* With shell-exit the shell's own life is the hold, see shell_share(). */
	if (!by_shell) {
		end = rdp_wait(rdp, false, true, order->hold);
		report->phase_us[PHASE_HOLD] = timestamp_monotonic() - start;
		start = timestamp_monotonic();
	}
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

static void note_host(struct report *report, const struct rdp *rdp)
{
	const char *served_by = rdp_served_by(rdp);

	if (served_by)
		snprintf(report->served_by, sizeof(report->served_by), "%s", served_by);
	snprintf(report->server, sizeof(report->server), "%s", rdp_server(rdp));
}

/* Connected and activated: wait for the logon, then the rest. */
static void play_session(const struct setup *setup, const struct order *order,
    const struct cycle_watch *watch, struct rdp *rdp, struct report *report, int64_t start)
{
	const int64_t since = timestamp_monotonic();
	const enum rdp_end end = logon_wait(setup, rdp);

	report->session_id = rdp_session_id(rdp);
	note_host(report, rdp);
	note_phases(report, rdp_times(rdp), start, setup->security);
	report->processor_wait = rdp_processor_wait(rdp);
	if (end != RDP_SIGNALLED) {
		if (rdp_is_aborted(rdp)) /* when it had been redirected */
			note_failure(report, rdp, PHASE_LOGON, rdp_connect_start(rdp),
			    setup->connect_timeout);
		else
			note_failure(report, rdp, PHASE_LOGON, end == RDP_TIMED_OUT ? since : 0,
			    setup->logon_timeout);
		report->error_info = rdp_error_info(rdp);
		/* Without NLA a wrong password shows as a dialog that stays: count it, before the domain does. */
		if (setup->security == SECURITY_TLS && report->account == ACCOUNT_UNTRIED &&
		    end == RDP_TIMED_OUT)
			report->account = ACCOUNT_REFUSED;
		return;
	}
	if (setup->logon_delay > 0)
		rdp_wait(rdp, false, true, setup->logon_delay);
	report->logged_on = timestamp_now();
	report->result = CYCLE_RUNNING;
	watch->logged_on(watch->data, report);
	log_off(setup, order, rdp, report);
	/* The session ID may come late, in a second Save Session Info. */
	report->session_id = rdp_session_id(rdp);
	report->account = judge_account(setup, report);
	note_late_refusal(rdp, report);
}

/* A connection that goes on to another host, for its owner. */
struct redirected {
	const struct cycle_watch *watch;
	struct rdp *rdp;
};

static void note_redirected(void *data, bool begins)
{
	const struct redirected *redirected = data;

	redirected->watch->connecting(redirected->watch->data, begins ? redirected->rdp : NULL);
}

void cycle_play(const struct setup *setup, const struct order *order,
    const struct cycle_watch *watch, struct report *report)
{
	const int64_t start = timestamp_monotonic();
	struct rdp *rdp = rdp_create(setup, order);
	struct redirected redirected = {watch, rdp};
	bool connected;

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
	if (rdp) {
		rdp_on_redirect(rdp, note_redirected, &redirected);
		watch->connecting(watch->data, rdp);
		connected = rdp_connect(rdp);
		watch->connecting(watch->data, NULL);
		if (connected) {
			play_session(setup, order, watch, rdp, report, start);
		} else {
			const enum phase phase =
			    note_phases(report, rdp_times(rdp), start, setup->security);
			note_failure(report, rdp, phase, rdp_is_aborted(rdp) ? start : 0,
			    setup->connect_timeout);
		}
		report->host_clock_offset = rdp_host_clock_offset(rdp);
		note_host(report, rdp);
		rdp_destroy(rdp);
	} else {
		fail(report, PHASE_TCP, "MEMORY", "out of memory");
	}
	report->ended = timestamp_now();
	report->done = true;
}
