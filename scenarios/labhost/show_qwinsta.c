#include "labhost/show.h"

/* 0-based columns: marker 0, name 1, user 19, ID ends before 46, STATE 48, TYPE 56, DEVICE 68; padded to 76. */
static void row(FILE *out, char marker, const char *name, const char *user, const char *id,
    const char *state, const char *type, const char *device)
{
	fprintf(out, "%c%-18.17s%-20.19s%7s  %-8s%-12s%-8s\r\n", marker, name, user, id, state,
	    type, device);
}

static void id_row(
    FILE *out, char marker, const char *name, const char *user, uint32_t id, const char *state)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", id);
	row(out, marker, name, user, text, state, "", "");
}

/* qwinsta writes WinStation names in small letters. */
static void station_name(const char *station, char *out, size_t size)
{
	snprintf(out, size, "rdp-tcp%s", station + sizeof("RDP-Tcp") - 1);
}

bool show_qwinsta(const struct show_context *context, FILE *out, struct error *error)
{
	const struct nt_session *session;
	char name[32];

	(void)error;
	row(out, ' ', "SESSIONNAME", "USERNAME", "ID", "STATE", "TYPE", "DEVICE");
	/* It is run by an observer, which is a service's child. */
	id_row(out, '>', "services", "", SESSION_ID_SERVICES, "Disc");
	id_row(out, ' ', "console", "", SESSION_ID_CONSOLE, "Conn");
	TAILQ_FOREACH(session, model_sessions(context->model), link)
	{
		if (session->state == NT_STATE_ACTIVE)
			station_name(session->station, name, sizeof(name));
		else
			name[0] = '\0';
		id_row(out, ' ', name, session->user, session->id,
		    session->state == NT_STATE_ACTIVE ? "Active" : "Disc");
	}
	id_row(out, ' ', "rdp-tcp", "", 65536, "Listen");
	return true;
}
