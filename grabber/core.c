#include "grabber/core.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* The kind of format that this system's vsnprintf takes; the build says so where it is another one. */
#ifndef PRINTF_FORMAT
#define PRINTF_FORMAT printf
#endif

struct grabber {
	struct grabber_options options;
	struct grabber_counts counts;
	struct port *port;
	void (*log)(void *data, const char *line);
	void *log_data;
	struct logon *known; /* logons whose session has not ended yet */
	size_t known_count;
	size_t known_room;
	port_handle *held;
	size_t held_room;
};

struct grabber *grabber_create(const struct grabber_options *options, struct port *port,
    void (*log)(void *data, const char *line), void *log_data)
{
	struct grabber *grabber = calloc(1, sizeof(*grabber));

	if (!grabber)
		return NULL;
	grabber->options = *options;
	grabber->port = port;
	grabber->log = log;
	grabber->log_data = log_data;
	return grabber;
}

void grabber_destroy(struct grabber *grabber)
{
	if (!grabber)
		return;
	free(grabber->known);
	free(grabber->held);
	free(grabber);
}

__attribute__((format(PRINTF_FORMAT, 2, 3))) static void say(
    const struct grabber *grabber, const char *format, ...)
{
	char line[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	grabber->log(grabber->log_data, line);
}

/* Makes room for one more; false: memory is out. */
static bool array_room(void **array, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return true;
	const size_t more = *room ? 2 * *room : 16;
	void *larger = realloc(*array, more * size);
	if (!larger)
		return false;
	*array = larger;
	*room = more;
	return true;
}

/* False: it was known already. */
static bool remember(struct grabber *grabber, const struct logon *logon)
{
	for (size_t i = 0; i < grabber->known_count; i++) {
		struct logon *known = &grabber->known[i];

		if (known->session != logon->session)
			continue;
		if (known->luid == logon->luid)
			return false;
		known->luid = logon->luid; /* its end went unseen */
		return true;
	}
	if (array_room((void **)&grabber->known, grabber->known_count, &grabber->known_room,
	        sizeof(*logon)))
		grabber->known[grabber->known_count++] = *logon;
	return true;
}

void grabber_ignore(struct grabber *grabber, const struct logon *logon)
{
	remember(grabber, logon);
}

void grabber_logoff(struct grabber *grabber, uint32_t session)
{
	for (size_t i = 0; i < grabber->known_count; i++)
		if (grabber->known[i].session == session) {
			grabber->known[i] = grabber->known[--grabber->known_count];
			return;
		}
}

/* One duplicate: kept, or in the fixed program closed after use. */
static bool duplicate(struct grabber *grabber, port_handle token)
{
	port_handle copy;

	if (!array_room(
	        (void **)&grabber->held, grabber->counts.held, &grabber->held_room, sizeof(copy)) ||
	    !port_duplicate_token(grabber->port, token, &copy))
		return false;
	grabber->counts.duplicates++;
	if (grabber->options.fixed) {
		grabber->counts.closed += port_close_handle(grabber->port, copy);
		return true;
	}
	grabber->held[grabber->counts.held++] = copy;
	return true;
}

static void grab(struct grabber *grabber, const struct logon *logon)
{
	port_handle token;
	unsigned made = 0;

	if (!port_query_user_token(grabber->port, logon->session, &token)) {
		grabber->counts.missed++;
		say(grabber, "session %u: no token: %s", logon->session, port_error(grabber->port));
		return;
	}
	while (made < grabber->options.copies && duplicate(grabber, token))
		made++;
	if (made < grabber->options.copies) {
		grabber->counts.missed++;
		say(grabber, "session %u: only %u of %u duplicates: %s", logon->session, made,
		    grabber->options.copies, port_error(grabber->port));
	} else {
		grabber->counts.grabbed++;
	}
	/* The handle from the query is closed, as in the programs that this one stands for: what they forget is
	 * the duplicate's. */
	if (!port_close_handle(grabber->port, token))
		say(grabber, "session %u: closing its token: %s", logon->session,
		    port_error(grabber->port));
	say(grabber, "session %u luid %08x:%08x: %u duplicated, %s; %zu held", logon->session,
	    (unsigned)(logon->luid >> 32), (unsigned)logon->luid, made,
	    grabber->options.fixed ? "closed" : "kept", grabber->counts.held);
}

void grabber_logon(struct grabber *grabber, const struct logon *logon)
{
	if (!remember(grabber, logon))
		return;
	grabber->counts.logons++;
	if (grabber->counts.logons % grabber->options.every != 0)
		return;
	/* The token itself is a handle too, for a moment. */
	if (grabber->counts.held + grabber->options.copies + 1 > grabber->options.max_handles &&
	    !grabber->options.fixed) {
		if (grabber->counts.capped++ == 0)
			say(grabber, "%zu handles held: --max-handles lets no more in",
			    grabber->counts.held);
		return;
	}
	grab(grabber, logon);
}

void grabber_release(struct grabber *grabber)
{
	const size_t held = grabber->counts.held;

	while (grabber->counts.held > 0) {
		const port_handle handle = grabber->held[--grabber->counts.held];

		if (port_close_handle(grabber->port, handle))
			grabber->counts.closed++;
		else
			say(grabber, "closing handle %llu: %s", (unsigned long long)handle,
			    port_error(grabber->port));
	}
	say(grabber, "released %zu handles", held);
}

const struct grabber_counts *grabber_counts(const struct grabber *grabber)
{
	return &grabber->counts;
}
