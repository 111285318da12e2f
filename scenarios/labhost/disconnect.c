/* Knows with which reason a client is disconnected, and that the client needs time to receive it. */
#include "labhost/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <freerdp/error.h>
#include <freerdp/settings.h>

#include "common/timestamp.h"

/* Microseconds that a client gets to read the error info and hang up. */
#define DISCONNECT_TIME 2000000

/* Closing at once would throw the error info away if the client has just sent something. */
static void wait_for_hang_up(int fd)
{
	const int64_t deadline = timestamp_monotonic() + DISCONNECT_TIME;
	struct pollfd news = {.fd = fd, .events = POLLIN};
	char rest[4096];
	int64_t left;

	shutdown(fd, SHUT_WR);
	while ((left = deadline - timestamp_monotonic()) > 0 &&
	       poll(&news, 1, (int)((left + 999) / 1000)) == 1 &&
	       recv(fd, rest, sizeof(rest), MSG_DONTWAIT) > 0)
		;
}

void disconnect_with(const struct connection *connection, UINT32 error_info)
{
	const rdpContext *context = connection->rdp->context;

	if (!connection->active)
		return;
	/* Close() would send it too, but after the Deactivate All PDU, where FreeRDP's client no longer listens. */
	if (freerdp_settings_get_bool(context->settings, FreeRDP_SupportErrorInfoPdu)) {
		freerdp_set_error_info(context->rdp, error_info);
		freerdp_send_error_info(context->rdp);
		freerdp_set_error_info(context->rdp, ERRINFO_SUCCESS);
	}
	if (connection->rdp->Close(connection->rdp))
		wait_for_hang_up(connection->fd);
}

void disconnect_on_order(const struct connection *connection, enum peer_order order)
{
	switch (order) {
	case PEER_ORDER_LOGGED_OFF:
		disconnect_with(connection, ERRINFO_RPC_INITIATED_LOGOFF);
		break;
	case PEER_ORDER_DISPLACED:
		disconnect_with(connection, ERRINFO_DISCONNECTED_BY_OTHER_CONNECTION);
		break;
	case PEER_ORDER_STOP:
		disconnect_with(connection, ERRINFO_RPC_INITIATED_DISCONNECT);
		break;
	case PEER_ORDER_NONE:
	case PEER_ORDER_DROP:
		break;
	}
}
