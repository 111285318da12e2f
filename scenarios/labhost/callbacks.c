/* Knows what FreeRDP asks of a server: who may come in, and what to do with what the client sends. */
#include "labhost/connection.h"

#include <string.h>

#include <freerdp/input.h>
#include <freerdp/transport_io.h>
#include <freerdp/update.h>
#include <winpr/nt.h>

/* FreeRDP allocates this; it begins with its own part. */
struct context {
	rdpContext base;
	struct connection *connection;
};

static struct connection *connection_of(const rdpContext *context)
{
	return ((const struct context *)context)->connection;
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
		orders_wait(connection->orders);
	uint32_t status = nla_check(
	    connection->lab->accounts, identity, proof, messages, ntowf_v2, &connection->account);
	if (status == 0)
		status = policy_password_status(
		    &connection->environment->options.policies, connection->account->user);
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
		orders_wait(connection->orders);
	return TRUE;
}

static BOOL on_post_connect(freerdp_peer *rdp)
{
	return connection_of(rdp->context)->fault != FAULT_CLOSE_MID_LOGON;
}

/* Also called when a client activates again, as after a resize: it is logged on already. */
static BOOL on_activate(freerdp_peer *rdp)
{
	struct connection *connection = connection_of(rdp->context);

	if (connection->active) {
		display_forget(connection);
		return TRUE;
	}
	connection->active = true;
	return admission_begin(connection);
}

static BOOL typed(struct connection *connection, const struct stroke *stroke)
{
	if (!connection->session_id)
		return admission_type(connection, stroke);
	logon_type(connection, stroke);
	return TRUE;
}

static BOOL on_key(rdpInput *input, UINT16 flags, UINT8 code)
{
	struct connection *connection = connection_of(input->context);
	struct stroke stroke;

	return !keyboard_scancode(&connection->keyboard, code, flags & KBD_FLAGS_EXTENDED,
	           !(flags & KBD_FLAGS_RELEASE), &stroke) ||
	       typed(connection, &stroke);
}

static BOOL on_character(rdpInput *input, UINT16 flags, UINT16 code)
{
	struct connection *connection = connection_of(input->context);
	struct stroke stroke;

	return !keyboard_character(
	           &connection->keyboard, code, !(flags & KBD_FLAGS_RELEASE), &stroke) ||
	       typed(connection, &stroke);
}

static BOOL on_synchronize(rdpInput *input, UINT32 flags)
{
	(void)flags;
	connection_of(input->context)->keyboard = (struct keyboard){0};
	return TRUE;
}

static BOOL on_mouse(rdpInput *input, UINT16 flags, UINT16 x, UINT16 y)
{
	struct connection *connection = connection_of(input->context);

	if (flags & PTR_FLAGS_DOWN && flags & PTR_FLAGS_BUTTON1 && connection->session_id)
		logon_click(connection, x, y);
	return TRUE;
}

static BOOL on_extended_mouse(rdpInput *input, UINT16 flags, UINT16 x, UINT16 y)
{
	(void)input;
	(void)flags;
	(void)x;
	(void)y;
	return TRUE;
}

static BOOL on_refresh(rdpContext *context, BYTE count, const RECTANGLE_16 *areas)
{
	(void)count;
	(void)areas;
	display_forget(connection_of(context));
	return TRUE;
}

static BOOL on_suppress(rdpContext *context, BYTE allow, const RECTANGLE_16 *area)
{
	(void)area;
	display_suppress(connection_of(context), !allow);
	return TRUE;
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
	input->ExtendedMouseEvent = on_extended_mouse;
	update->RefreshRect = on_refresh;
	update->SuppressOutput = on_suppress;
}

static BOOL on_context_new(freerdp_peer *rdp, rdpContext *context)
{
	((struct context *)context)->connection = rdp->ContextExtra;
	return TRUE;
}

bool callbacks_install(struct connection *connection)
{
	freerdp_peer *rdp = connection->rdp;

	rdp->ContextSize = sizeof(struct context);
	rdp->ContextNew = on_context_new;
	rdp->ContextExtra = connection;
	if (!freerdp_peer_context_new_ex(rdp, connection->environment->settings))
		return false;
	set_callbacks(rdp);
	return set_transport(connection);
}
