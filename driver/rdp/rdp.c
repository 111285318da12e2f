/* Knows libfreerdp: its traps and its callbacks. */
#include "driver/rdp/rdp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <freerdp/error.h>
#include <freerdp/event.h>
#include <freerdp/freerdp.h>
#include <freerdp/input.h>
#include <freerdp/scancode.h>
#include <freerdp/session.h>
#include <freerdp/settings.h>
#include <freerdp/transport_io.h>
#include <winpr/synch.h>
#include <winpr/wlog.h>

#include "driver/rdp/connection.h"
#include "driver/rdp/processor.h"
#include "driver/workarounds/workarounds.h"

#define HANDLES_MAX 32
#define OVERDUE_MOST INT64_C(500000) /* microseconds, for what has come before the deadline */

struct rdp {
	rdpContext context; /* first: FreeRDP allocates the whole */
	freerdp *instance;
	const struct setup *setup;
	struct rdp_times times;
	int schedstat; /* of its thread, see processor.h */
	int64_t waited_before;
	int64_t session_id;
	struct tcp tcp;
	void (*redirected)(void *data, bool begins);
	void *redirected_data;
	bool up;          /* rdp_connect() has returned */
	bool redirecting; /* a connection that was up */
	struct authentication authentication;
	bool authenticated; /* NLA has succeeded */
	bool signalled;
	bool failed; /* the connection is of no more use */
	bool told_error_info;
	struct trouble trouble; /* what FreeRDP does not keep itself */
};

static HANDLE stop_event;

static struct rdp *of(rdpContext *context)
{
	return (struct rdp *)context;
}

int64_t rdp_processor_wait(const struct rdp *rdp)
{
	return processor_waited(rdp->schedstat) - rdp->waited_before;
}

static void note_time(const struct rdp *rdp, int64_t *time)
{
	if (*time == 0)
		*time = timestamp_monotonic() - rdp_processor_wait(rdp);
}

static void signal_logon(struct rdp *rdp, enum logon_signal signal)
{
	if (rdp->signalled || rdp->setup->signal != signal)
		return;
	rdp->signalled = true;
	note_time(rdp, &rdp->times.signal);
}

static void note_painted(rdpContext *context)
{
	signal_logon(of(context), SIGNAL_PAINT);
}

/* MS-RDPBCGR 2.2.10.1: three of the four kinds carry the session ID. */
static BOOL save_session_info(rdpContext *context, UINT32 type, void *data)
{
	struct rdp *rdp = of(context);

	if (type == INFO_TYPE_LOGON || type == INFO_TYPE_LOGON_LONG) {
		rdp->session_id = ((const logon_info *)data)->sessionId;
	} else if (type == INFO_TYPE_LOGON_EXTENDED_INF) {
		const logon_info_ex *info = data;
		if (info->haveCookie)
			rdp->session_id = info->LogonId;
		if (!info->haveCookie && info->haveErrorInfo)
			return TRUE; /* the logon is not finished, or failed: logon_error_info tells */
	}
	signal_logon(rdp, SIGNAL_SAVE_SESSION_INFO);
	return TRUE;
}

/* MS-RDPBCGR 2.2.10.1.1.4.1.1: type is the notification, data what went wrong. */
static int logon_error_info(freerdp *instance, UINT32 data, UINT32 type)
{
	struct rdp *rdp = of(instance->context);

	if (type != LOGON_MSG_SESSION_CONTINUE && data != LOGON_WARNING) {
		rdp->trouble.logon_error = data;
		rdp->trouble.has_logon_error = true;
	}
	return 1;
}

static int verify_certificate(freerdp *instance, const BYTE *pem, size_t length,
    const char *hostname, UINT16 port, DWORD flags)
{
	struct rdp *rdp = of(instance->context);

	(void)flags;
	note_time(rdp, &rdp->times.tls);
	return certificate_check(rdp->setup->certificate, rdp->setup->certificate_value,
	           rdp->setup->certificate_name[0] ? rdp->setup->certificate_name : hostname, port,
	           (const char *)pem, length, &rdp->trouble.refusal)
	           ? 2
	           : 0;
}

/* The library says so before it connects to another host, and not before it connects again. */
static BOOL redirect(freerdp *instance)
{
	of(instance->context)->tcp.sent_on = true;
	return TRUE;
}

static void begin_redirection(struct rdp *rdp)
{
	rdp->authentication.asked = rdp->authentication.presented = rdp->authenticated = false;
	rdp->authentication.server[0] = '\0';
	if (!rdp->up || rdp->redirecting)
		return;
	rdp->redirecting = true;
	if (rdp->redirected)
		rdp->redirected(rdp->redirected_data, true);
}

static void end_redirection(struct rdp *rdp)
{
	if (!rdp->redirecting)
		return;
	rdp->redirecting = false;
	if (rdp->redirected)
		rdp->redirected(rdp->redirected_data, false);
}

static int tcp_connect(
    rdpContext *context, rdpSettings *settings, const char *hostname, int port, DWORD timeout)
{
	struct rdp *rdp = of(context);

	switch (tcp_next(&rdp->tcp)) {
	case TCP_AGAIN:
		/* freerdp_connect() (3.10) connects again when a connection breaks: the password would be presented twice a cycle. This error
		 * makes it do so, and by now it has forgotten it. */
		rdp->trouble.first_error = FREERDP_ERROR_CONNECT_TRANSPORT_FAILED;
		return -1;
	case TCP_REDIRECTED:
		begin_redirection(rdp);
		break;
	case TCP_FIRST:
		break;
	}
	const int fd = tcp_open(&rdp->tcp, context, settings, hostname, port, timeout);
	if (fd >= 0)
		note_time(rdp, &rdp->times.tcp);
	return fd;
}

static void state_changed(void *data, const ConnectionStateChangeEventArgs *event)
{
	struct rdp *rdp = of(data);

	if (event->state != CONNECTION_STATE_MCS_CREATE_REQUEST ||
	    rdp->setup->security != SECURITY_NLA)
		return;
	rdp->authenticated = true;
	note_time(rdp, &rdp->times.nla);
}

/* Puts our time-keeping before the library's own TCP connect. */
static bool wrap_tcp_connect(struct rdp *rdp)
{
	rdpTransportIo callbacks = *freerdp_get_io_callbacks(&rdp->context);

	rdp->tcp.connect = callbacks.TCPConnect;
	callbacks.TCPConnect = tcp_connect;
	return freerdp_set_io_callbacks(&rdp->context, &callbacks);
}

/* The library raises this for the PDU, and for what it makes of an ultimatum that comes without one. */
static void error_info_set(void *data, const ErrorInfoEventArgs *event)
{
	struct rdp *rdp = of(data);

	if (event->code && rdp->context.disconnectUltimatum == 0)
		rdp->told_error_info = true;
}

/* FreeRDP 3.10 raises this event but forgets to register it. */
static bool watch_state(rdpContext *context)
{
	wEventType type = DEFINE_EVENT_ENTRY(ConnectionStateChange);

	if (!PubSub_FindEventType(context->pubSub, "ConnectionStateChange"))
		PubSub_AddEventTypes(context->pubSub, &type, 1);
	return PubSub_SubscribeConnectionStateChange(context->pubSub, state_changed) >= 0 &&
	       PubSub_SubscribeErrorInfo(context->pubSub, error_info_set) >= 0;
}

bool rdp_init(struct error *error)
{
	freerdp *instance;

	if (!getenv("WLOG_LEVEL"))
		WLog_SetLogLevel(WLog_GetRoot(), WLOG_OFF);
	stop_event = CreateEventA(NULL, TRUE, FALSE, NULL);
	if (!stop_event)
		return error_set(error, EXIT_TARGET, "FreeRDP's libraries cannot be initialised");
	if (!workarounds_install(error))
		return false;
	if (!authentication_install())
		return error_set(error, EXIT_TARGET, "this WinPR has no table of SSPI functions");
	display_watch(note_painted);
	/* A context initialises globals of the library without a lock: do it while there is one thread. */
	instance = freerdp_new();
	if (!instance || !freerdp_context_new(instance)) {
		freerdp_free(instance);
		return error_memory(error);
	}
	freerdp_context_free(instance);
	freerdp_free(instance);
	if (!workarounds_spare_memory())
		fputs(
		    "leaklab: this FreeRDP clears its compressors in another way than 3.10 does: a session may take 3 MB "
		    "instead of 0.5\n",
		    stderr);
	return true;
}

void rdp_deinit(void)
{
	CloseHandle(stop_event);
}

void rdp_stop_all(void)
{
	SetEvent(stop_event);
}

struct rdp *rdp_create(const struct setup *setup, const struct order *order)
{
	freerdp *instance = freerdp_new();
	struct rdp *rdp;

	if (!instance)
		return NULL;
	instance->ContextSize = sizeof(struct rdp);
	instance->PostConnect = display_ignore;
	instance->VerifyX509Certificate = verify_certificate;
	instance->LogonErrorInfo = logon_error_info;
	instance->Redirect = redirect;
	if (!freerdp_context_new(instance)) {
		freerdp_free(instance);
		return NULL;
	}
	rdp = of(instance->context);
	rdp->instance = instance;
	rdp->setup = setup;
	tcp_init(&rdp->tcp, setup->connect_timeout);
	rdp->session_id = NUMBER_UNKNOWN;
	rdp->schedstat = processor_open();
	rdp->waited_before = processor_waited(rdp->schedstat);
	rdp->authentication.host_clock = TIMESTAMP_UNKNOWN;
	authentication_watch(&rdp->authentication);
	rdp->context.update->SaveSessionInfo = save_session_info;
	if (!wrap_tcp_connect(rdp) || !rdp_settings_fill(rdp->context.settings, setup, order) ||
	    !watch_state(&rdp->context)) {
		tcp_free(&rdp->tcp);
		if (rdp->schedstat >= 0)
			close(rdp->schedstat);
		freerdp_context_free(instance);
		freerdp_free(instance);
		return NULL;
	}
	return rdp;
}

void rdp_destroy(struct rdp *rdp)
{
	freerdp *instance;

	if (!rdp)
		return;
	authentication_watch(NULL);
	instance = rdp->instance;
	tcp_free(&rdp->tcp);
	if (rdp->schedstat >= 0)
		close(rdp->schedstat);
	if (!rdp->failed)
		freerdp_disconnect(instance);
	freerdp_context_free(instance);
	freerdp_free(instance);
}

void rdp_on_redirect(struct rdp *rdp, void (*redirected)(void *data, bool begins), void *data)
{
	rdp->redirected = redirected;
	rdp->redirected_data = data;
}

int64_t rdp_connect_start(const struct rdp *rdp)
{
	return rdp->tcp.start;
}

bool rdp_connect(struct rdp *rdp)
{
	rdp->tcp.start = timestamp_monotonic();
	if (!freerdp_connect(rdp->instance)) {
		rdp->failed = true; /* freerdp_connect() has disconnected already */
		return false;
	}
	rdp->up = true;
	note_time(rdp, &rdp->times.activated);
	signal_logon(rdp, SIGNAL_ACTIVATED);
	return true;
}

void rdp_abort(struct rdp *rdp)
{
	rdp->tcp.aborted = true;
	/* Ends the wait for TCP, X.224 and NLA, and not a TLS handshake (3.10): that one ends with its connection. */
	freerdp_abort_connect_context(&rdp->context);
	tcp_shut_down(&rdp->tcp);
}

bool rdp_is_authenticated(const struct rdp *rdp)
{
	return rdp->authenticated;
}

void rdp_describe(const struct rdp *rdp, char text[MESSAGE_TEXT])
{
	int used = snprintf(text, MESSAGE_TEXT, "%s", rdp->tcp.unresolved);

	if (rdp->tcp.redirections > 0)
		snprintf(text + used, MESSAGE_TEXT - (size_t)used,
		    "%sthe host had redirected the logon to %.200s%s", used ? "; " : "",
		    rdp_served_by(rdp),
		    rdp->tcp.redirections == REDIRECTIONS_MAX ? ", after others, in circles?" : "");
}

bool rdp_has_presented(const struct rdp *rdp)
{
	if (rdp->authenticated || rdp->setup->security != SECURITY_NLA)
		return false;
	/* A connection that breaks behind TLS, in a WinPR whose calls are not seen, counts, before the domain counts more. */
	/* A KDC was shown it before the host was. */
	const bool kerberos = !strstr(rdp->setup->auth_packages, "!kerberos");
	return rdp->authentication.asked
	           ? rdp->authentication.presented || kerberos
	           : rdp->times.tls &&
	                 rdp->trouble.first_error == FREERDP_ERROR_CONNECT_TRANSPORT_FAILED;
}

int64_t rdp_local_authentication(const struct rdp *rdp)
{
	return rdp->authentication.local;
}

int64_t rdp_host_clock_offset(const struct rdp *rdp)
{
	const struct authentication *authentication = &rdp->authentication;

	return authentication->host_clock == TIMESTAMP_UNKNOWN
	           ? NUMBER_UNKNOWN
	           : authentication->host_clock - authentication->host_clock_seen;
}

const char *rdp_server(const struct rdp *rdp)
{
	return rdp->authentication.server;
}

bool rdp_is_aborted(const struct rdp *rdp)
{
	return rdp->tcp.aborted;
}

enum rdp_end rdp_wait(struct rdp *rdp, bool for_signal, bool stoppable, int64_t timeout)
{
	const int64_t deadline = timestamp_monotonic() + timeout;
	int64_t overdue = 0; /* when the deadline was seen to be over */

	/* What came while this thread was not let run comes before the deadline: the host was in time. */
	for (;;) {
		HANDLE handles[HANDLES_MAX + 1];
		DWORD count;

		if (for_signal && rdp->signalled)
			return RDP_SIGNALLED;
		if (freerdp_shall_disconnect_context(&rdp->context))
			return RDP_ENDED;
		count = freerdp_get_event_handles(&rdp->context, handles, HANDLES_MAX);
		if (count == 0)
			return RDP_ENDED;
		if (stoppable)
			handles[count++] = stop_event;
		const int64_t now = timestamp_monotonic(), left = deadline - now;
		if (left <= 0 && overdue == 0)
			overdue = now;
		/* Rounded up, so as not to spin through the last millisecond. */
		const DWORD result = WaitForMultipleObjects(
		    count, handles, FALSE, left > 0 ? (DWORD)((left + 999) / 1000) : 0);
		if (result == WAIT_FAILED)
			return RDP_ENDED;
		if (left <= 0 && (result == WAIT_TIMEOUT || now - overdue > OVERDUE_MOST))
			return RDP_TIMED_OUT;
		if (stoppable && WaitForSingleObject(stop_event, 0) == WAIT_OBJECT_0)
			return RDP_STOPPED;
		const bool good =
		    result == WAIT_TIMEOUT || freerdp_check_event_handles(&rdp->context);
		end_redirection(rdp); /* it has come to its end in there */
		if (!good)
			return RDP_ENDED;
	}
}

/* Up to the deadline (monotonic), and no further once the connection has ended or, if wanted, the logon signal has come. */
static void type(struct rdp *rdp, const struct keys *keys, bool for_signal, int64_t deadline)
{
	for (size_t i = 0; i < keys->count && !(for_signal && rdp->signalled); i++) {
		const struct key_step *step = &keys->steps[i];
		const int64_t left = deadline - timestamp_monotonic();
		if (step->action != KEY_WAIT)
			freerdp_input_send_keyboard_event_ex(
			    rdp->context.input, step->action == KEY_DOWN, FALSE, step->scancode);
		else if (left <= 0 || rdp_wait(rdp, for_signal, false,
		                          step->wait < left ? step->wait : left) == RDP_ENDED)
			return;
	}
}

void rdp_type(struct rdp *rdp, const struct keys *keys)
{
	type(rdp, keys, false, INT64_MAX);
}

void rdp_type_for_logon(struct rdp *rdp, const struct keys *keys, int64_t deadline)
{
	type(rdp, keys, true, deadline);
}

void rdp_drop(struct rdp *rdp)
{
	tcp_reset(&rdp->tcp);
}

const struct rdp_times *rdp_times(const struct rdp *rdp)
{
	return &rdp->times;
}

int64_t rdp_session_id(const struct rdp *rdp)
{
	return rdp->session_id;
}

int64_t rdp_error_info(const struct rdp *rdp)
{
	const UINT32 code = freerdp_error_info(rdp->instance);

	return code ? (int64_t)code : NUMBER_UNKNOWN;
}

const char *rdp_error_info_name(int64_t error_info)
{
	return freerdp_get_error_info_name((UINT32)error_info);
}

const char *rdp_logoff_proof(const struct rdp *rdp)
{
	const UINT32 code = freerdp_error_info(rdp->instance);

	if (code != ERRINFO_LOGOFF_BY_USER && code != ERRINFO_RPC_INITIATED_LOGOFF)
		return NULL;
	return rdp->told_error_info ? "error-info" : "ultimatum";
}

const char *rdp_served_by(const struct rdp *rdp)
{
	const rdpSettings *settings = rdp->context.settings;

	if (freerdp_settings_get_uint32(settings, FreeRDP_RedirectionFlags) == 0)
		return NULL;
	return freerdp_settings_get_string(settings, FreeRDP_ServerHostname);
}

enum account_outcome rdp_failure(const struct rdp *rdp, char code[64], char message[MESSAGE_TEXT])
{
	struct trouble trouble = rdp->trouble;

	trouble.authenticated = rdp->authenticated;
	trouble.error_info = freerdp_error_info(rdp->instance);
	trouble.last_error = freerdp_get_last_error(rdp->instance->context);
	return trouble_tell(&trouble, code, message);
}
