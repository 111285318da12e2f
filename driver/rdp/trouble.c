/* Knows what the codes of failed connections say about the account. */
#include "driver/rdp/connection.h"

#include <stdio.h>

#include <freerdp/error.h>
#include <freerdp/freerdp.h>

static enum account_outcome account_outcome(UINT32 code)
{
	switch (code) {
	case FREERDP_ERROR_AUTHENTICATION_FAILED:
	case FREERDP_ERROR_CONNECT_LOGON_FAILURE:
	case FREERDP_ERROR_CONNECT_WRONG_PASSWORD:
	case FREERDP_ERROR_CONNECT_ACCESS_DENIED:
	case FREERDP_ERROR_CONNECT_NO_OR_MISSING_CREDENTIALS:
	case FREERDP_ERROR_SERVER_DENIED_CONNECTION:
		return ACCOUNT_REFUSED;
	case FREERDP_ERROR_CONNECT_ACCOUNT_LOCKED_OUT:
	case FREERDP_ERROR_CONNECT_ACCOUNT_DISABLED:
	case FREERDP_ERROR_CONNECT_ACCOUNT_EXPIRED:
	case FREERDP_ERROR_CONNECT_ACCOUNT_RESTRICTION:
	case FREERDP_ERROR_CONNECT_LOGON_TYPE_NOT_GRANTED:
	case FREERDP_ERROR_CONNECT_PASSWORD_EXPIRED:
	case FREERDP_ERROR_CONNECT_PASSWORD_CERTAINLY_EXPIRED:
	case FREERDP_ERROR_CONNECT_PASSWORD_MUST_CHANGE:
	case FREERDP_ERROR_INSUFFICIENT_PRIVILEGES:
	case FREERDP_ERROR_SERVER_INSUFFICIENT_PRIVILEGES:
		return ACCOUNT_BARRED;
	default:
		return ACCOUNT_UNTRIED;
	}
}

enum account_outcome trouble_tell(
    const struct trouble *trouble, char code[64], char message[MESSAGE_TEXT])
{
	const uint32_t last = trouble->first_error ? trouble->first_error : trouble->last_error,
	               info = trouble->error_info;

	if (trouble->refusal.text[0]) {
		snprintf(code, 64, "CERTIFICATE");
		snprintf(message, MESSAGE_TEXT, "%.*s", MESSAGE_TEXT - 1, trouble->refusal.text);
		return ACCOUNT_UNTRIED;
	}
	if (trouble->has_logon_error) {
		snprintf(code, 64, "LOGON_ERROR_%u", trouble->logon_error);
		snprintf(message, MESSAGE_TEXT, "the host refused the logon (logon error %u)",
		    trouble->logon_error);
		return ACCOUNT_REFUSED;
	}
	if (info) {
		snprintf(code, 64, "%s", freerdp_get_error_info_name(info));
		snprintf(message, MESSAGE_TEXT, "the host ended the connection: %.200s",
		    freerdp_get_error_info_string(info));
		const enum account_outcome outcome =
		    account_outcome(MAKE_FREERDP_ERROR(ERRINFO, info));
		/* A host that is full denies the connection, too. */
		return trouble->authenticated && outcome == ACCOUNT_REFUSED ? ACCOUNT_ACCEPTED
		                                                            : outcome;
	}
	if (last == FREERDP_ERROR_SUCCESS) {
		snprintf(code, 64, "CLOSED");
		snprintf(message, MESSAGE_TEXT,
		    "the host closed the connection without giving a reason");
		return ACCOUNT_UNTRIED;
	}
	snprintf(code, 64, "%s", freerdp_get_last_error_name(last));
	snprintf(
	    message, MESSAGE_TEXT, "%.*s", MESSAGE_TEXT - 1, freerdp_get_last_error_string(last));
	return account_outcome(last);
}
