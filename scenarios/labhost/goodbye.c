#include "labhost/goodbye.h"

#include <poll.h>
#include <sys/socket.h>

#include <freerdp/error.h>
#include <freerdp/settings.h>

#include "common/timestamp.h"

#define GOODBYE_TIME                                                                               \
	2000000 /* microseconds that a client gets to read the last words and hang up */

/* Closing at once would throw the last words away if the client has just sent something. */
static void wait_for_hang_up(int fd)
{
	const int64_t deadline = timestamp_monotonic() + GOODBYE_TIME;
	struct pollfd news = {.fd = fd, .events = POLLIN};
	char rest[4096];
	int64_t left;

	shutdown(fd, SHUT_WR);
	while ((left = deadline - timestamp_monotonic()) > 0 &&
	       poll(&news, 1, (int)((left + 999) / 1000)) == 1 &&
	       recv(fd, rest, sizeof(rest), MSG_DONTWAIT) > 0)
		;
}

void goodbye_say(const struct connection *connection, UINT32 error_info)
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
