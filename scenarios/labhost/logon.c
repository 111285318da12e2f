/* Knows what a connection does to the host's sessions: logon, the end of the session, and leaving it behind. */
#include "labhost/connection.h"

#include <stdio.h>
#include <string.h>

#include <freerdp/constants.h>
#include <freerdp/error.h>
#include <freerdp/session.h>
#include <freerdp/settings.h>
#include <freerdp/update.h>

#include "labhost/desktop.h"
#include "labhost/shell.h"

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

static bool send_logon_info(const struct connection *connection)
{
	rdpContext *context = connection->rdp->context;
	const enum logon_info_kind kind = connection->environment->options.logon_info;
	logon_info info = {.sessionId = connection->session_id,
	    .username = connection->account->user,
	    .domain = connection->lab->accounts->domain};
	logon_info_ex extended = {.haveCookie = TRUE, .LogonId = connection->session_id};

	if (kind == LOGON_INFO_NONE || connection->fault == FAULT_NO_LOGON_INFO)
		return true;
	if (kind == LOGON_INFO_EXTENDED)
		return context->update->SaveSessionInfo(
		    context, INFO_TYPE_LOGON_EXTENDED_INF, &extended);
	return context->update->SaveSessionInfo(context, INFO_TYPE_LOGON_LONG, &info);
}

/* Tells the client that its logon failed (MS-RDPBCGR 2.2.10.1.1.4.1.1). */
static bool refuse(struct connection *connection, UINT32 why)
{
	rdpContext *context = connection->rdp->context;
	logon_info_ex failure = {.haveErrorInfo = TRUE,
	    .ErrorNotificationType = LOGON_MSG_DISCONNECT_REFUSED,
	    .ErrorNotificationData = why};

	connection->denied = ERRINFO_SERVER_DENIED_CONNECTION;
	return context->update->SaveSessionInfo(context, INFO_TYPE_LOGON_EXTENDED_INF, &failure);
}

/* What becomes of the start program that the client asks for. */
static void choose_shell(
    struct connection *connection, const char *command, int64_t now, struct logon_request *request)
{
	const struct connection_options *options = &connection->environment->options;
	int64_t duration;

	/* A host that does not list the program shows that it refuses it in a dialog, and nothing ends the session. Which process shows the
	 * dialog is not known; no shell is started. */
	if (options->policies.start_program == START_PROGRAM_REFUSED && *command) {
		snprintf(request->shell, sizeof(request->shell), "%s", USERINIT);
		return;
	}
	if (options->policies.start_program == START_PROGRAM_IGNORED)
		command = "";
	shell_image(command, request->shell, sizeof(request->shell));
	if (options->policies.slow_profile && account_makes_profile(connection->account))
		request->shell_comes = now + options->policies.slow_profile;
	if (shell_ends(command, options->logoff_time, &duration))
		request->shell_ends =
		    (request->shell_comes ? request->shell_comes : now) + duration;
}

static bool log_on(struct connection *connection, const char *command)
{
	struct lab *lab = connection->lab;
	const int64_t now = lab_now(lab);
	struct logon_answer answer;
	struct logon_request request = {
	    .domain = lab->accounts->domain,
	    .user = connection->account->user,
	    .sid = connection->account->sid,
	    .shell_ends = DUE_NEVER,
	    .hangs = connection->fault == FAULT_HANG_LOGOFF,
	    .temporary_profile = policy_temporary_profile(
	        &connection->environment->options.policies, connection->account->user),
	    .connection = connection->number,
	};

	choose_shell(connection, command, now, &request);
	lab_lock(lab);
	const bool done = model_logon(lab->model, &request, now, &answer);
	lab_unlock(lab);
	if (!done)
		return false;
	if (answer.displaced)
		lab_order(lab, answer.displaced, PEER_ORDER_DISPLACED);
	connection->session_id = answer.session_id;
	connection->ends = answer.ends;
	return true;
}

bool logon_begin(struct connection *connection)
{
	const rdpSettings *settings = connection->rdp->context->settings;
	const char *command = freerdp_settings_get_string(settings, FreeRDP_AlternateShell);

	if (!connection->account)
		connection->account = check_client_info(connection->lab, settings);
	if (!connection->account)
		return refuse(connection, LOGON_FAILED_BAD_PASSWORD);
	if (log_on(connection, command ? command : ""))
		return send_logon_info(connection);
	/* MS-RDPBCGR 2.2.5.1.1 says no more than that the server denied the connection; that this is how a host says that it is full is
	 * inferred. */
	connection->denied = ERRINFO_SERVER_DENIED_CONNECTION;
	return true;
}

/* The lock is held. */
static bool desktop_is_there(const struct connection *connection)
{
	const struct nt_session *session =
	    model_session(connection->lab->model, connection->session_id);

	return session && strcmp(session->processes[SESSION_SHELL]->image, EXPLORER) == 0;
}

static void end_session(struct connection *connection, int64_t duration)
{
	struct lab *lab = connection->lab;

	connection->ends = model_end_session(
	    lab->model, connection->session_id, connection->number, lab_now(lab) + duration);
}

void logon_type(struct connection *connection, const struct stroke *stroke)
{
	const struct connection_options *options = &connection->environment->options;
	struct screen *screen = &connection->screen;
	int64_t duration;

	lab_lock(connection->lab);
	const bool can_run = !options->policies.no_run && desktop_is_there(connection);
	switch (screen_type(screen, stroke, can_run)) {
	case SCREEN_COMMAND:
		if (shell_logs_off(screen->text, options->logoff_time, &duration))
			end_session(connection, duration);
		break;
	case SCREEN_SIGN_OUT:
		end_session(connection, options->logoff_time);
		break;
	case SCREEN_STAYS:
		break;
	}
	lab_unlock(connection->lab);
}

void logon_click(struct connection *connection, int x, int y)
{
	if (!connection->display)
		return;
	switch (desktop_button_at(x, y)) {
	case BUTTON_LOG_OFF:
		lab_lock(connection->lab);
		end_session(connection, connection->environment->options.logoff_time);
		lab_unlock(connection->lab);
		break;
	case BUTTON_DISCONNECT:
		connection->denied = ERRINFO_RPC_INITIATED_DISCONNECT_BY_USER;
		break;
	case BUTTON_NONE:
		break;
	}
}

bool logon_is_due(struct connection *connection)
{
	struct lab *lab = connection->lab;
	const int64_t now = lab_now(lab);

	if (!connection->session_id || connection->ends > now)
		return false;
	lab_lock(lab);
	connection->ends =
	    model_session_due(lab->model, connection->session_id, connection->number, now);
	lab_unlock(lab);
	return connection->ends <= now;
}

bool logon_end(struct connection *connection)
{
	struct lab *lab = connection->lab;

	lab_lock(lab);
	const bool own =
	    model_logoff(lab->model, connection->session_id, connection->number, lab_now(lab));
	lab_unlock(lab);
	connection->session_id = 0;
	return own;
}

void logon_leave(const struct connection *connection)
{
	struct lab *lab = connection->lab;

	if (!connection->session_id)
		return;
	lab_lock(lab);
	model_disconnect(lab->model, connection->session_id, connection->number);
	lab_unlock(lab);
}
