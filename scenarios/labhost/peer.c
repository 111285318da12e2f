/* Knows one connection's thread, from the TCP accept to its end. */
#include "labhost/connection.h"

#include <poll.h>
#include <unistd.h>

#include <freerdp/error.h>
#include <winpr/synch.h>

#define HANDLES 32

static void log_off(struct connection *connection)
{
	if (logon_end(connection) && connection->fault != FAULT_SILENT_LOGOFF)
		disconnect_with(connection, ERRINFO_LOGOFF_BY_USER);
}

/* Milliseconds until the session ends by itself, rounded up; -1: it does not. */
static int time_left(const struct connection *connection)
{
	if (!connection->session_id || connection->ends == DUE_NEVER)
		return -1;
	const int64_t left = connection->ends - lab_now(connection->lab);
	return left <= 0 ? 0 : (int)((left + 999) / 1000);
}

/* The same until there is something to do at all. */
static int time_to_wait(const struct connection *connection)
{
	const int left = time_left(connection), clock = display_wait(connection);
	return left < 0 || (clock >= 0 && clock < left) ? clock : left;
}

/* Sleeps until FreeRDP or the orders have something. False: the wait went wrong. */
static bool wait_for_news(const struct connection *connection, int timeout)
{
	HANDLE handles[HANDLES];
	struct pollfd fds[HANDLES + 1];
	const DWORD count = connection->rdp->GetEventHandles(connection->rdp, handles, HANDLES);

	if (count == 0)
		return false;
	for (DWORD i = 0; i < count; i++)
		fds[i] =
		    (struct pollfd){.fd = GetEventFileDescriptor(handles[i]), .events = POLLIN};
	fds[count] = (struct pollfd){.fd = connection->orders->wake, .events = POLLIN};
	return poll(fds, count + 1, timeout) >= 0;
}

/* What others want of the connection, or what it has come to by itself. False: that was the end. */
static bool attend(struct connection *connection)
{
	const enum peer_order order = orders_standing(connection->orders);

	if (order != PEER_ORDER_NONE) {
		disconnect_on_order(connection, order);
		return false;
	}
	if (connection->denied) {
		disconnect_with(connection, connection->denied);
		return false;
	}
	if (logon_is_due(connection)) {
		log_off(connection);
		return false;
	}
	return display_refresh(connection);
}

static void converse(struct connection *connection)
{
	/* Orders are looked at before the socket is: stopping ends its reading side. */
	while (attend(connection) && wait_for_news(connection, time_to_wait(connection)))
		if (orders_standing(connection->orders) == PEER_ORDER_NONE &&
		    !connection->rdp->CheckFileDescriptor(connection->rdp))
			break;
}

static bool prepare(struct connection *connection)
{
	return callbacks_install(connection) && connection->rdp->Initialize(connection->rdp);
}

static void serve(struct connection *connection)
{
	connection->rdp = freerdp_peer_new(connection->fd); /* owns the socket from here on */
	if (!connection->rdp) {
		orders_close(connection->orders);
		close(connection->fd);
	} else {
		if (prepare(connection))
			converse(connection);
		logon_leave(connection);
		orders_close(connection->orders);
		freerdp_peer_context_free(connection->rdp);
		freerdp_peer_free(connection->rdp);
	}
}

void *peer_main(void *data)
{
	struct peer *peer = data;
	struct connection connection = {
	    .environment = peer->environment,
	    .lab = peer->environment->lab,
	    .orders = &peer->orders,
	    .number = peer->connection,
	    .fd = peer->fd,
	    .fault = fault_for(&peer->environment->options.fault, peer->connection),
	    .ends = DUE_NEVER,
	};

	if (connection.fault == FAULT_MUTE) {
		orders_wait(&peer->orders);
		orders_close(&peer->orders);
		close(peer->fd);
	} else {
		serve(&connection);
	}
	display_destroy(connection.display);
	peer->ended(peer, peer->ended_data);
	return NULL;
}
