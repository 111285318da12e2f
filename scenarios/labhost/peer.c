#include "labhost/peer.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <freerdp/constants.h>
#include <freerdp/crypto/certificate.h>
#include <freerdp/crypto/privatekey.h>
#include <freerdp/error.h>
#include <freerdp/freerdp.h>
#include <freerdp/input.h>
#include <freerdp/peer.h>
#include <freerdp/session.h>
#include <freerdp/settings.h>
#include <freerdp/transport_io.h>
#include <winpr/nt.h>
#include <winpr/synch.h>

#include "labhost/keys.h"
#include "labhost/nla.h"
#include "labhost/shell.h"

#define HANDLES 32
/* A session that ends at once would be gone before a watcher could ask for its token; no real one is that fast. */
#define SHORTEST_WATCHED (50 * 1000)
#define GOODBYE_TIME 2000 /* ms that a client gets to read the last words and hang up */

struct connection {
	struct peer *peer;
	struct lab *lab;
	freerdp_peer *rdp;
	enum fault_kind fault;
	uint32_t refusal; /* NTSTATUS that NLA refuses with; 0: it does not */
	int (*write_pdu)(rdpTransport *transport, wStream *stream); /* FreeRDP's own */
	struct account *account; /* who has proved to be whom; NULL: nobody yet */
	bool active;             /* PDUs can be sent */
	bool refused;            /* the password was wrong, or the host is full */
	uint32_t session_id;     /* 0: not logged on */
	int64_t ends;            /* host time when the session logs off by itself */
	struct keys keys;
};

/* FreeRDP allocates this; it begins with its own part. */
struct context {
	rdpContext base;
	struct connection *connection;
};

static struct connection *connection_of(const rdpContext *context)
{
	return ((const struct context *)context)->connection;
}

void peer_order(struct peer *peer, enum peer_order order)
{
	int none = PEER_ORDER_NONE;

	/* The first order stands: a session that was logged off is not displaced afterwards. */
	if (order != PEER_ORDER_STOP && order != PEER_ORDER_DROP)
		atomic_compare_exchange_strong(&peer->order, &none, (int)order);
	else
		atomic_store(&peer->order, (int)order);
	/* FreeRDP's server reads the handshake without looking at any event: end its reading. */
	if (order == PEER_ORDER_DROP)
		shutdown(peer->fd, SHUT_RDWR);
	else if (order == PEER_ORDER_STOP)
		shutdown(peer->fd, SHUT_RD);
	eventfd_write(peer->wake, 1);
}

void peer_wait_order(const struct peer *peer)
{
	struct pollfd fds[2] = {
	    {.fd = peer->wake, .events = POLLIN}, {.fd = peer->fd, .events = POLLRDHUP}};

	while (poll(fds, 2, -1) < 0)
		;
}

/* NLA asks for the user's NTOWFv2. What is left in the thread's last error goes to the client as the NTSTATUS of a
 * refusal (MS-CSSP 2.2.1, errorCode), after on_write_pdu() has put it right. */
static SECURITY_STATUS on_nla(void *client, const SEC_WINNT_AUTH_IDENTITY *identity,
    const SecBuffer *proof, const BYTE *random_key, const BYTE *mic, const SecBuffer *messages,
    BYTE *ntowf_v2)
{
	struct connection *connection = connection_of(((freerdp_peer *)client)->context);

	(void)random_key;
	(void)mic;
	if (connection->fault == FAULT_MUTE_AFTER_TLS)
		peer_wait_order(connection->peer);
	const uint32_t status = nla_check(
	    connection->lab->accounts, identity, proof, messages, ntowf_v2, &connection->account);
	connection->refusal = status;
	SetLastError(status);
	return status == 0; /* this callback, unlike others, returns non-zero for success */
}

/* FreeRDP takes the last error for a Win32 one and sends it as 0xc007xxxx; the NTSTATUS has a facility of 0. The
 * number stands in the TSRequest with its highest byte first. */
static int on_write_pdu(rdpTransport *transport, wStream *stream)
{
	const struct connection *connection = connection_of(transport_get_context(transport));
	const uint32_t low = connection->refusal & 0xffff;
	const BYTE wrong[4] = {0xc0, 0x07, (BYTE)(low >> 8), (BYTE)low};

	if (connection->refusal) {
		BYTE *found =
		    memmem(Stream_Buffer(stream), Stream_GetPosition(stream), wrong, sizeof(wrong));
		if (found)
			found[1] = 0;
	}
	return connection->write_pdu(transport, stream);
}

static bool set_transport(struct connection *connection)
{
	rdpContext *context = connection->rdp->context;
	rdpTransportIo io = *freerdp_get_io_callbacks(context);

	connection->write_pdu = io.WritePdu;
	io.WritePdu = on_write_pdu;
	return freerdp_set_io_callbacks(context, &io);
}

static BOOL on_logon(freerdp_peer *rdp, const SEC_WINNT_AUTH_IDENTITY *identity, BOOL automatic)
{
	struct connection *connection = connection_of(rdp->context);

	(void)identity;
	if (automatic)
		return connection->account != NULL;
	if (connection->fault == FAULT_MUTE_AFTER_TLS)
		peer_wait_order(connection->peer);
	return TRUE;
}

static BOOL on_post_connect(freerdp_peer *rdp)
{
	return connection_of(rdp->context)->fault != FAULT_CLOSE_MID_LOGON;
}

/* Without NLA the password comes in the client info PDU (MS-RDPBCGR 2.2.1.11.1.1). */
static struct account *check_client_info(const struct lab *lab, const rdpSettings *settings)
{
	const char *user = freerdp_settings_get_string(settings, FreeRDP_Username);
	const char *domain = freerdp_settings_get_string(settings, FreeRDP_Domain);
	const char *password = freerdp_settings_get_string(settings, FreeRDP_Password);
	struct account *account =
	    user ? accounts_find(lab->accounts, user, domain ? domain : "") : NULL;

	if (!account || account_locked(lab->accounts, account))
		return NULL;
	const bool right = password && account_password_is(account, password);
	account_attempted(account, right);
	return right ? account : NULL;
}

static BOOL send_logon_info(struct connection *connection)
{
	rdpContext *context = connection->rdp->context;
	const enum logon_info_kind kind = connection->peer->environment->options.logon_info;
	logon_info info = {.sessionId = connection->session_id,
	    .username = connection->account->user,
	    .domain = connection->lab->accounts->domain};
	logon_info_ex extended = {.haveCookie = TRUE, .LogonId = connection->session_id};

	if (kind == LOGON_INFO_NONE || connection->fault == FAULT_NO_LOGON_INFO)
		return TRUE;
	if (kind == LOGON_INFO_EXTENDED)
		return context->update->SaveSessionInfo(
		    context, INFO_TYPE_LOGON_EXTENDED_INF, &extended);
	return context->update->SaveSessionInfo(context, INFO_TYPE_LOGON_LONG, &info);
}

/* Tells the client that its logon failed (MS-RDPBCGR 2.2.10.1.1.4.1.1). */
static BOOL refuse(struct connection *connection, UINT32 why)
{
	rdpContext *context = connection->rdp->context;
	logon_info_ex failure = {.haveErrorInfo = TRUE,
	    .ErrorNotificationType = LOGON_MSG_DISCONNECT_REFUSED,
	    .ErrorNotificationData = why};

	connection->refused = true;
	return context->update->SaveSessionInfo(context, INFO_TYPE_LOGON_EXTENDED_INF, &failure);
}

static bool log_on(struct connection *connection, const char *command)
{
	struct lab *lab = connection->lab;
	const int64_t now = lab_now(lab);
	struct logon_answer answer;
	int64_t duration;
	char shell[72];
	struct logon_request request = {
	    .domain = lab->accounts->domain,
	    .user = connection->account->user,
	    .sid = connection->account->sid,
	    .shell = shell_image(command, shell, sizeof(shell)),
	    .shell_ends =
	        shell_ends(command, connection->peer->environment->options.logoff_time, &duration)
	            ? now + duration
	            : DUE_NEVER,
	    .connection = connection->peer->connection,
	};

	lab_lock(lab);
	if (lab->watchers > 0 && request.shell_ends < now + SHORTEST_WATCHED)
		request.shell_ends = now + SHORTEST_WATCHED;
	const bool done = model_logon(lab->model, &request, now, &answer);
	lab_unlock(lab);
	if (!done)
		return false;
	if (answer.displaced)
		rdp_server_order(
		    connection->peer->environment->server, answer.displaced, PEER_ORDER_DISPLACED);
	connection->session_id = answer.session_id;
	connection->ends = answer.shell_ends;
	return true;
}

/* Also called when a client activates anew, as after a resize: it is logged on already. */
static BOOL on_activate(freerdp_peer *rdp)
{
	struct connection *connection = connection_of(rdp->context);
	const rdpSettings *settings = rdp->context->settings;
	const char *command = freerdp_settings_get_string(settings, FreeRDP_AlternateShell);

	if (connection->active)
		return TRUE;
	connection->active = true;
	if (!connection->account)
		connection->account = check_client_info(connection->lab, settings);
	if (!connection->account)
		return refuse(connection, LOGON_FAILED_BAD_PASSWORD);
	if (!log_on(connection, command ? command : ""))
		return refuse(connection, LOGON_FAILED_OTHER);
	return send_logon_info(connection);
}

/* The user has entered a command in the Run box. */
static void run_command(struct connection *connection, const char *command)
{
	int64_t duration;

	if (command && connection->session_id &&
	    shell_logs_off(command, connection->peer->environment->options.logoff_time, &duration))
		connection->ends = lab_now(connection->lab) + duration;
}

static BOOL on_key(rdpInput *input, UINT16 flags, UINT8 code)
{
	struct connection *connection = connection_of(input->context);

	run_command(connection, keys_scancode(&connection->keys, code, flags & KBD_FLAGS_EXTENDED,
	                            !(flags & KBD_FLAGS_RELEASE)));
	return TRUE;
}

static BOOL on_character(rdpInput *input, UINT16 flags, UINT16 code)
{
	struct connection *connection = connection_of(input->context);

	run_command(
	    connection, keys_character(&connection->keys, code, !(flags & KBD_FLAGS_RELEASE)));
	return TRUE;
}

static BOOL on_synchronize(rdpInput *input, UINT32 flags)
{
	(void)flags;
	memset(&connection_of(input->context)->keys, 0, sizeof(struct keys));
	return TRUE;
}

static BOOL on_mouse(rdpInput *input, UINT16 flags, UINT16 x, UINT16 y)
{
	(void)input;
	(void)flags;
	(void)x;
	(void)y;
	return TRUE;
}

static BOOL on_refresh(rdpContext *context, BYTE count, const RECTANGLE_16 *areas)
{
	(void)context;
	(void)count;
	(void)areas;
	return TRUE;
}

/* The settings own the key and the certificate afterwards. */
static bool set_certificate(rdpSettings *settings, const struct certificate *certificate)
{
	rdpPrivateKey *key = freerdp_key_new_from_pem(certificate->key_pem);
	rdpCertificate *own = freerdp_certificate_new_from_pem(certificate->certificate_pem);

	if (!key || !freerdp_settings_set_pointer_len(settings, FreeRDP_RdpServerRsaKey, key, 1)) {
		freerdp_key_free(key);
		freerdp_certificate_free(own);
		return false;
	}
	if (!own ||
	    !freerdp_settings_set_pointer_len(settings, FreeRDP_RdpServerCertificate, own, 1)) {
		freerdp_certificate_free(own);
		return false;
	}
	return true;
}

static bool set_settings(rdpSettings *settings, const struct peer_environment *environment)
{
	const bool nla = environment->options.security == SECURITY_NLA;

	return set_certificate(settings, environment->certificate) &&
	       freerdp_settings_set_bool(settings, FreeRDP_RdpSecurity, FALSE) &&
	       freerdp_settings_set_bool(settings, FreeRDP_TlsSecurity, !nla) &&
	       freerdp_settings_set_bool(settings, FreeRDP_NlaSecurity, nla) &&
	       /* Looking for a Kerberos realm costs half a second where there is none. */
	       freerdp_settings_set_string(
	           settings, FreeRDP_AuthenticationPackageList, "ntlm,!kerberos") &&
	       /* Nothing is ever drawn: 15 MB less for each connection. */
	       freerdp_settings_set_bool(settings, FreeRDP_DeactivateClientDecoding, TRUE) &&
	       /* Stays set only if the client can take a Set Error Info PDU as well. */
	       freerdp_settings_set_bool(settings, FreeRDP_SupportErrorInfoPdu, TRUE) &&
	       freerdp_settings_set_uint32(settings, FreeRDP_ColorDepth, 32) &&
	       freerdp_settings_set_bool(settings, FreeRDP_SuppressOutput, TRUE) &&
	       freerdp_settings_set_bool(settings, FreeRDP_RefreshRect, TRUE);
}

static void set_callbacks(freerdp_peer *rdp)
{
	rdpInput *input = rdp->context->input;
	rdpUpdate *update = rdp->context->update;

	rdp->SspiNtlmHashCallback = on_nla;
	rdp->Logon = on_logon;
	rdp->PostConnect = on_post_connect;
	rdp->Activate = on_activate;
	input->KeyboardEvent = on_key;
	input->UnicodeKeyboardEvent = on_character;
	input->SynchronizeEvent = on_synchronize;
	input->MouseEvent = on_mouse;
	input->ExtendedMouseEvent = on_mouse;
	update->RefreshRect = on_refresh;
	update->SuppressOutput = on_refresh;
}

/* Says why the connection ends, and waits for the client to hang up: closing at once would throw the last words
 * away if the client has just sent something. */
static void say_goodbye(struct connection *connection, UINT32 error_info)
{
	const rdpContext *context = connection->rdp->context;
	struct pollfd fd = {.fd = connection->peer->fd, .events = POLLIN};
	char rest[4096];

	if (!connection->active)
		return;
	/* Close() would send it too, but after the Deactivate All PDU, where FreeRDP's client no longer listens. */
	if (freerdp_settings_get_bool(context->settings, FreeRDP_SupportErrorInfoPdu)) {
		freerdp_set_error_info(context->rdp, error_info);
		freerdp_send_error_info(context->rdp);
		freerdp_set_error_info(context->rdp, ERRINFO_SUCCESS);
	}
	if (!connection->rdp->Close(connection->rdp))
		return;
	shutdown(connection->peer->fd, SHUT_WR);
	while (poll(&fd, 1, GOODBYE_TIME) == 1 &&
	       recv(connection->peer->fd, rest, sizeof(rest), MSG_DONTWAIT) > 0)
		;
}

static void log_off(struct connection *connection)
{
	struct lab *lab = connection->lab;

	lab_lock(lab);
	const bool own = model_logoff(
	    lab->model, connection->session_id, connection->peer->connection, lab_now(lab));
	lab_unlock(lab);
	connection->session_id = 0;
	if (own && connection->fault != FAULT_SILENT_LOGOFF)
		say_goodbye(connection, ERRINFO_LOGOFF_BY_USER);
}

static void follow_order(struct connection *connection, enum peer_order order)
{
	switch (order) {
	case PEER_ORDER_LOGGED_OFF:
		say_goodbye(connection, ERRINFO_RPC_INITIATED_LOGOFF);
		break;
	case PEER_ORDER_DISPLACED:
		say_goodbye(connection, ERRINFO_DISCONNECTED_BY_OTHER_CONNECTION);
		break;
	case PEER_ORDER_STOP:
		say_goodbye(connection, ERRINFO_RPC_INITIATED_DISCONNECT);
		break;
	case PEER_ORDER_NONE:
	case PEER_ORDER_DROP:
		break;
	}
}

/* Milliseconds until the session ends by itself, rounded up; -1: it does not. */
static int time_left(const struct connection *connection)
{
	if (!connection->session_id || connection->ends == DUE_NEVER ||
	    connection->fault == FAULT_HANG_LOGOFF)
		return -1;
	const int64_t left = connection->ends - lab_now(connection->lab);
	return left <= 0 ? 0 : (int)((left + 999) / 1000);
}

/* Sleeps until FreeRDP or the peer's orders have something. False: the wait went wrong. */
static bool wait_for_news(struct connection *connection, int timeout)
{
	HANDLE handles[HANDLES];
	struct pollfd fds[HANDLES + 1];
	const DWORD count = connection->rdp->GetEventHandles(connection->rdp, handles, HANDLES);

	if (count == 0)
		return false;
	for (DWORD i = 0; i < count; i++)
		fds[i] =
		    (struct pollfd){.fd = GetEventFileDescriptor(handles[i]), .events = POLLIN};
	fds[count] = (struct pollfd){.fd = connection->peer->wake, .events = POLLIN};
	return poll(fds, count + 1, timeout) >= 0;
}

/* What others want of the connection, or what it has come to by itself. False: that was the end. */
static bool attend(struct connection *connection)
{
	const enum peer_order order = (enum peer_order)atomic_load(&connection->peer->order);

	if (order != PEER_ORDER_NONE) {
		follow_order(connection, order);
		return false;
	}
	if (connection->refused) {
		say_goodbye(connection, ERRINFO_SERVER_DENIED_CONNECTION);
		return false;
	}
	if (time_left(connection) == 0) {
		log_off(connection);
		return false;
	}
	return true;
}

static void converse(struct connection *connection)
{
	/* Orders are looked at before the socket is: stopping ends its reading side. */
	while (attend(connection) && wait_for_news(connection, time_left(connection)))
		if (atomic_load(&connection->peer->order) == PEER_ORDER_NONE &&
		    !connection->rdp->CheckFileDescriptor(connection->rdp))
			break;
}

static BOOL on_context_new(freerdp_peer *rdp, rdpContext *context)
{
	((struct context *)context)->connection = rdp->ContextExtra;
	return TRUE;
}

static bool prepare(struct connection *connection)
{
	freerdp_peer *rdp = connection->rdp;

	rdp->ContextSize = sizeof(struct context);
	rdp->ContextNew = on_context_new;
	rdp->ContextExtra = connection;
	if (!freerdp_peer_context_new(rdp))
		return false;
	set_callbacks(rdp);
	return set_transport(connection) &&
	       set_settings(rdp->context->settings, connection->peer->environment) &&
	       rdp->Initialize(rdp);
}

/* What is not logged off stays, disconnected. */
static void leave(const struct connection *connection)
{
	struct lab *lab = connection->lab;

	if (!connection->session_id)
		return;
	lab_lock(lab);
	model_disconnect(lab->model, connection->session_id, connection->peer->connection);
	lab_unlock(lab);
}

void *peer_main(void *data)
{
	struct peer *peer = data;
	const struct peer_environment *environment = peer->environment;
	struct connection connection = {
	    .peer = peer,
	    .lab = environment->lab,
	    .fault = fault_for(&environment->options.fault, peer->connection),
	    .ends = DUE_NEVER,
	    .rdp = freerdp_peer_new(peer->fd), /* owns the socket from here on */
	};

	if (connection.fault == FAULT_MUTE)
		peer_wait_order(peer);
	else if (connection.rdp && prepare(&connection))
		converse(&connection);
	leave(&connection);
	peer->ended(peer, peer->ended_data);
	if (connection.rdp) {
		freerdp_peer_context_free(connection.rdp);
		freerdp_peer_free(connection.rdp);
	}
	return NULL;
}
