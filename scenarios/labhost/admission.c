/* Knows what stands between an active connection and its user's logon: a broker that sends it on, a legal notice, a prompt for the
 * password, the right to log on. */
#include "labhost/connection.h"

#include <freerdp/error.h>
#include <freerdp/redirection.h>
#include <freerdp/update.h>

#define DIALOG_WIDTH 4 /* pixels: that something is painted is all that can be seen of a dialog */
#define DIALOG_HEIGHT 4

/* As a connection broker does (MS-RDPBCGR 2.2.13.1). The client keeps the port. */
static bool redirect(const struct connection *connection)
{
	rdpRedirection *redirection = redirection_new();
	const bool done = redirection &&
	                  redirection_set_flags(redirection, LB_TARGET_NET_ADDRESS) &&
	                  redirection_set_string_option(redirection, LB_TARGET_NET_ADDRESS,
	                      connection->environment->options.redirect.host) &&
	                  connection->rdp->SendServerRedirection(connection->rdp, redirection);

	redirection_free(redirection);
	return done;
}

/* As a broker spreads the logons of a farm. */
static bool is_sent_on(const struct connection *connection)
{
	const struct redirect *options = &connection->environment->options.redirect;

	return options->host &&
	       (atomic_fetch_add(&connection->lab->arrivals, 1) + 1) % options->every == 0;
}

static bool paint(const struct connection *connection)
{
	rdpContext *context = connection->rdp->context;
	BYTE pixels[DIALOG_WIDTH * DIALOG_HEIGHT * 4] = {0};
	BITMAP_DATA area = {.destRight = DIALOG_WIDTH - 1,
	    .destBottom = DIALOG_HEIGHT - 1,
	    .width = DIALOG_WIDTH,
	    .height = DIALOG_HEIGHT,
	    .bitsPerPixel = 32,
	    .bitmapLength = sizeof(pixels),
	    .bitmapDataStream = pixels};
	const BITMAP_UPDATE bitmap = {.number = 1, .rectangles = &area};

	return context->update->BitmapUpdate(context, &bitmap);
}

static bool show(struct connection *connection, enum dialog dialog)
{
	connection->dialog = dialog;
	return paint(connection);
}

/* Behind the notice. */
static bool go_on(struct connection *connection)
{
	const struct policies *policies = &connection->environment->options.policies;

	if (policies->prompt_password)
		return show(connection, DIALOG_PASSWORD);
	/* The account is none of the Remote Desktop Users, say (MS-RDPBCGR 2.2.5.1.1). */
	if (policies->logon_denied) {
		connection->denied = ERRINFO_SERVER_INSUFFICIENT_PRIVILEGES;
		return true;
	}
	return logon_begin(connection);
}

bool admission_begin(struct connection *connection)
{
	if (is_sent_on(connection))
		return redirect(connection);
	return connection->environment->options.policies.legal_notice
	           ? show(connection, DIALOG_NOTICE)
	           : go_on(connection);
}

bool admission_type(struct connection *connection, const struct stroke *stroke)
{
	const enum dialog dialog = connection->dialog;

	if (stroke->key != '\r')
		return true;
	if (dialog == DIALOG_NOTICE) {
		connection->dialog = DIALOG_NONE;
		return go_on(connection);
	}
	/* Without a password; what was typed is not looked at. */
	if (dialog == DIALOG_PASSWORD && connection->account)
		account_attempted(connection->account, false);
	return true;
}
