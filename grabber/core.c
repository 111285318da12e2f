#include "grabber/core.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The kind of format that this system's vsnprintf takes; the build says so where it is another one. */
#ifndef PRINTF_FORMAT
#define PRINTF_FORMAT printf
#endif

struct held {
	port_handle handle;
	char account[PORT_ACCOUNT];
};

struct grabber {
	struct grabber_options options;
	struct grabber_counts counts;
	struct port *port;
	void (*log)(void *data, const char *line);
	void *log_data;
	struct logon *known; /* logons whose session has not ended yet */
	size_t known_count;
	size_t known_room;
	struct held *held;
	size_t held_room;
	unsigned since_start; /* logons dealt with since the process started */
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

/* Keeps a handle, or in the fixed program closes it after use. */
static void keep(struct grabber *grabber, const struct logon *logon, port_handle handle)
{
	grabber->counts.duplicates++;
	if (grabber->options.fixed) {
		grabber->counts.closed += port_close_handle(grabber->port, handle);
		return;
	}
	struct held *held = &grabber->held[grabber->counts.held++];
	held->handle = handle;
	memcpy(held->account, logon->account, sizeof(held->account));
}

/* A cache of an account's latest: what it had of it before is closed. */
static void drop_earlier(struct grabber *grabber, const struct logon *logon)
{
	size_t kept = 0;

	for (size_t i = 0; i < grabber->counts.held; i++) {
		struct held *held = &grabber->held[i];

		if (strcmp(held->account, logon->account) == 0)
			grabber->counts.closed += port_close_handle(grabber->port, held->handle);
		else
			grabber->held[kept++] = *held;
	}
	grabber->counts.held = kept;
}

/* One more of what is leaked; `token` is copied, where copies are. False: it failed. */
static bool grab_one(struct grabber *grabber, const struct logon *logon, port_handle token)
{
	const struct grabber_options *options = &grabber->options;
	port_handle made[PORT_MADE];
	size_t count = 1;

	if (!array_room((void **)&grabber->held, grabber->counts.held + PORT_MADE,
	        &grabber->held_room, sizeof(*grabber->held)))
		return false;
	if (options->how == BY_DUPLICATE || options->how == BY_RESTRICTED)
		count = options->what >= TAKE_PROCESS
		            ? port_take(grabber->port, logon, options->what, &made[0])
		            : port_copy(grabber->port, token, options->how, &made[0]);
	else
		count = port_make(grabber->port, logon, options->how, made);
	for (size_t i = 0; i < count; i++)
		keep(grabber, logon, made[i]);
	return count > 0;
}

/* Whether a handle is taken first, and copied then. */
static bool copies(const struct grabber_options *options)
{
	return options->what < TAKE_PROCESS &&
	       (options->how == BY_DUPLICATE || options->how == BY_RESTRICTED);
}

static const char *made_word(const struct grabber_options *options)
{
	static const char *const words[] = {[BY_DUPLICATE] = "duplicated",
	    [BY_RESTRICTED] = "restricted",
	    [BY_LOGON] = "logged on",
	    [BY_S4U] = "logged on",
	    [BY_PROCESS_INFORMATION] = "started"};

	return copies(options) || options->what < TAKE_PROCESS ? words[options->how] : "opened";
}

static void grab(struct grabber *grabber, const struct logon *logon)
{
	const struct grabber_options *options = &grabber->options;
	const bool copied = copies(options);
	port_handle token = 0;
	unsigned made = 0;

	if (copied && !port_take(grabber->port, logon, options->what, &token)) {
		grabber->counts.missed++;
		say(grabber, "session %u: no token: %s", logon->session, port_error(grabber->port));
		return;
	}
	if (options->per_account)
		drop_earlier(grabber, logon);
	while (made < options->copies && grab_one(grabber, logon, token))
		made++;
	if (made < options->copies) {
		grabber->counts.missed++;
		say(grabber, "session %u: only %u of %u %s: %s", logon->session, made,
		    options->copies, made_word(options), port_error(grabber->port));
	} else {
		grabber->counts.grabbed++;
	}
	/* The handle that was taken is closed, as in the programs that this one stands for: what they forget is the copy's. */
	if (copied && !port_close_handle(grabber->port, token))
		say(grabber, "session %u: closing its token: %s", logon->session,
		    port_error(grabber->port));
	say(grabber, "session %u luid %08x:%08x: %u %s, %s; %zu held", logon->session,
	    (unsigned)(logon->luid >> 32), (unsigned)logon->luid, made, made_word(options),
	    options->fixed ? "closed" : "kept", grabber->counts.held);
}

/* What the process held goes with it. */
static void restart(struct grabber *grabber)
{
	const size_t held = grabber->counts.held;

	if (!port_restart(grabber->port)) {
		say(grabber, "restarting: %s", port_error(grabber->port));
		return;
	}
	grabber->since_start = 0;
	grabber->counts.held = 0;
	grabber->counts.restarts++;
	say(grabber, "restarted as process %llu; the one before held %zu",
	    (unsigned long long)port_pid(grabber->port), held);
}

void grabber_logon(struct grabber *grabber, const struct logon *logon)
{
	if (!remember(grabber, logon))
		return;
	grabber->counts.logons++;
	if (grabber->counts.logons % grabber->options.every != 0)
		return;
	/* The token itself is a handle too, for a moment. */
	const size_t more = (size_t)grabber->options.copies *
	                        (grabber->options.how == BY_PROCESS_INFORMATION ? 2 : 1) +
	                    1;
	if (grabber->counts.held + more > grabber->options.max_handles && !grabber->options.fixed) {
		if (grabber->counts.capped++ == 0)
			say(grabber, "%zu handles held: --max-handles lets no more in",
			    grabber->counts.held);
		return;
	}
	grab(grabber, logon);
	if (grabber->options.restart_after > 0 &&
	    ++grabber->since_start >= grabber->options.restart_after)
		restart(grabber);
}

void grabber_release(struct grabber *grabber)
{
	const size_t held = grabber->counts.held;

	while (grabber->counts.held > 0) {
		const port_handle handle = grabber->held[--grabber->counts.held].handle;

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
