/* The port to the lab host: each call is a request on its control socket, and its process there lives as long as the
 * connection does. */
#include "grabber/port.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LINE_SIZE 4096

struct event {
	enum port_news news;
	struct logon logon;
};

struct port {
	int socket;
	int signals;
	const char *where, *image;
	uint64_t pid;
	bool lost;
	char error[PORT_ERROR_SIZE];
	char in[2 * LINE_SIZE];
	size_t in_length;
	uint64_t had;         /* the logon that the caller deals with; 0: none */
	struct event *events; /* that came between the lines of an answer */
	size_t event_first;
	size_t event_count;
	size_t event_room;
};

__attribute__((format(printf, 2, 3))) static bool fail(struct port *port, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(port->error, sizeof(port->error), format, arguments);
	va_end(arguments);
	return false;
}

static bool lose(struct port *port, const char *why)
{
	port->lost = true;
	return fail(port, "the lab host is gone: %s", why);
}

/* Takes a line off what has been read. */
static bool line_take(struct port *port, char line[LINE_SIZE])
{
	const char *end = memchr(port->in, '\n', port->in_length);

	if (!end || end - port->in >= LINE_SIZE)
		return false;
	const size_t length = (size_t)(end - port->in);
	memcpy(line, port->in, length);
	line[length] = '\0';
	port->in_length -= length + 1;
	memmove(port->in, end + 1, port->in_length);
	return true;
}

/* Reads more, waiting for it. */
static bool receive(struct port *port)
{
	if (port->in_length == sizeof(port->in))
		return lose(port, "it sent a line that is too long");
	const ssize_t got =
	    recv(port->socket, port->in + port->in_length, sizeof(port->in) - port->in_length, 0);
	if (got > 0)
		port->in_length += (size_t)got;
	else if (got == 0)
		return lose(port, "it hung up");
	else if (errno != EINTR)
		return lose(port, strerror(errno));
	return true;
}

/* The value of " key=" in a line, up to the next blank. */
static const char *field(const char *line, const char *key)
{
	const size_t length = strlen(key);

	for (const char *at = strchr(line, ' '); at; at = strchr(at + 1, ' '))
		if (strncmp(at + 1, key, length) == 0 && at[1 + length] == '=')
			return at + 2 + length;
	return NULL;
}

static bool field_number(const char *line, const char *key, uint64_t *out)
{
	const char *text = field(line, key);
	char *end;

	if (!text || *text < '0' || *text > '9')
		return false;
	const uint64_t value = strtoull(text, &end, 10);
	if (*end && *end != ' ')
		return false;
	*out = value;
	return true;
}

static bool line_logon(const char *line, const char *session_key, struct logon *out)
{
	const char *luid = field(line, "luid");
	uint64_t session;
	uint32_t high;
	uint32_t low;

	if (!luid || sscanf(luid, "%8" SCNx32 ":%8" SCNx32, &high, &low) != 2 ||
	    !field_number(line, session_key, &session) || session > UINT32_MAX)
		return false;
	*out = (struct logon){.session = (uint32_t)session, .luid = (uint64_t)high << 32 | low};
	const char *account = field(line, "account"); /* as it is encoded: it is only compared */
	if (account)
		snprintf(out->account, sizeof(out->account), "%.*s", (int)strcspn(account, " "),
		    account);
	return true;
}

static bool event_note(struct port *port, const char *line)
{
	struct event event = {
	    .news = strncmp(line, "EVENT logon ", 12) == 0 ? PORT_LOGON : PORT_LOGOFF};

	if (!line_logon(line, "session", &event.logon))
		return lose(port, "it sent an invalid event");
	if (port->event_first == port->event_count)
		port->event_first = port->event_count = 0;
	if (port->event_count == port->event_room) {
		const size_t room = port->event_room ? 2 * port->event_room : 64;
		struct event *events = realloc(port->events, room * sizeof(*events));
		if (!events)
			return lose(port, "no memory for its events");
		port->events = events;
		port->event_room = room;
	}
	port->events[port->event_count++] = event;
	return true;
}

/* The next line of an answer; events are put by. */
static bool answer_line(struct port *port, char line[LINE_SIZE])
{
	for (;;) {
		if (!line_take(port, line)) {
			if (!receive(port))
				return false;
		} else if (strncmp(line, "EVENT ", 6) != 0) {
			return true;
		} else if (!event_note(port, line)) {
			return false;
		}
	}
}

static bool request(struct port *port, const char *text)
{
	const size_t length = strlen(text);
	size_t sent = 0;

	if (port->lost)
		return false;
	while (sent < length) {
		const ssize_t put = send(port->socket, text + sent, length - sent, MSG_NOSIGNAL);
		if (put < 0 && errno != EINTR)
			return lose(port, strerror(errno));
		if (put > 0)
			sent += (size_t)put;
	}
	return true;
}

/* A request whose answer is one line. */
__attribute__((format(printf, 3, 4))) static bool ask(
    struct port *port, char line[LINE_SIZE], const char *format, ...)
{
	char text[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (!request(port, text) || !answer_line(port, line))
		return false;
	if (strncmp(line, "OK", 2) == 0)
		return true;
	/* "ERROR word text": the text is for people. */
	const char *word = strchr(line, ' ');
	const char *why = word ? strchr(word + 1, ' ') : NULL;
	return fail(port, "%s", why ? why + 1 : line);
}

static bool ask_handle(struct port *port, const char line[LINE_SIZE], port_handle *out)
{
	return field_number(line, "handle", out) || lose(port, "it answered without a handle");
}

static bool connect_to(struct port *port, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path))
		return fail(port, "control socket %s: the path is too long", path);
	strcpy(address.sun_path, path);
	port->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (port->socket < 0 ||
	    connect(port->socket, (struct sockaddr *)&address, sizeof(address)) != 0)
		return fail(
		    port, "control socket %s: %s; is the lab host running?", path, strerror(errno));
	return true;
}

static bool open_signals(struct port *port)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	port->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return port->signals >= 0 || fail(port, "making a signal descriptor: %s", strerror(errno));
}

/* The watch comes before anything is looked at, so that no logon falls between. */
static bool join(struct port *port)
{
	char line[LINE_SIZE];

	return connect_to(port, port->where) && ask(port, line, "HELLO image=%s\n", port->image) &&
	       (field_number(line, "pid", &port->pid) || lose(port, "it answered without a pid")) &&
	       ask(port, line, "WATCH\n");
}

struct port *port_open(const char *where, const char *image, char error[PORT_ERROR_SIZE])
{
	struct port *port = calloc(1, sizeof(*port));

	if (!port) {
		snprintf(error, PORT_ERROR_SIZE, "out of memory");
		return NULL;
	}
	port->socket = port->signals = -1;
	port->where = where;
	port->image = image ? image : "leaklab-grabber.exe";
	if (strpbrk(port->image, " %=\t\n") || strlen(port->image) > 100)
		fail(port, "--image %s: must be a file name without blanks", port->image);
	else if (open_signals(port) && join(port))
		return port;
	memcpy(error, port->error, PORT_ERROR_SIZE);
	port_close_all(port);
	return NULL;
}

bool port_restart(struct port *port)
{
	if (port->lost)
		return false;
	close(port->socket);
	port->socket = -1;
	port->in_length = 0;
	port->had = 0; /* the next process watches from its own start on */
	return join(port) || (port->lost = true, false);
}

void port_close_all(struct port *port)
{
	if (!port)
		return;
	if (port->socket >= 0)
		close(port->socket);
	if (port->signals >= 0)
		close(port->signals);
	free(port->events);
	free(port);
}

uint64_t port_pid(const struct port *port)
{
	return port->pid;
}

static bool signal_news(struct port *port, enum port_news *news)
{
	struct signalfd_siginfo info;

	if (read(port->signals, &info, sizeof(info)) != sizeof(info))
		return false;
	*news = info.ssi_signo == SIGUSR1 ? PORT_RELEASE : PORT_STOP;
	return true;
}

/* The caller comes back: what it was given is dealt with, and the session may end. */
static void tell_seen(struct port *port)
{
	char line[LINE_SIZE];

	if (port->had)
		ask(port, line, "SEEN luid=%08" PRIx32 ":%08" PRIx32 "\n",
		    (uint32_t)(port->had >> 32), (uint32_t)port->had);
	port->had = 0;
}

enum port_news port_wait(struct port *port, struct logon *logon)
{
	struct pollfd fds[2] = {
	    {.fd = port->signals, .events = POLLIN}, {.fd = port->socket, .events = POLLIN}};
	char line[LINE_SIZE];
	enum port_news news;

	tell_seen(port);
	while (!port->lost) {
		while (line_take(port, line))
			if (strncmp(line, "EVENT ", 6) == 0 && !event_note(port, line))
				return PORT_LOST;
		if (signal_news(port, &news))
			return news;
		if (port->event_first < port->event_count) {
			const struct event *event = &port->events[port->event_first++];
			*logon = event->logon;
			port->had = event->news == PORT_LOGON ? logon->luid : 0;
			return event->news;
		}
		if (poll(fds, 2, -1) > 0 && fds[1].revents && !receive(port))
			break;
	}
	return PORT_LOST;
}

size_t port_logons(struct port *port, struct logon *out, size_t room)
{
	char line[LINE_SIZE];
	struct logon logon;
	size_t count = 0;

	if (!request(port, "SESSIONS\n"))
		return 0;
	while (answer_line(port, line) && strncmp(line, "SESSION ", 8) == 0) {
		if (!line_logon(line, "id", &logon))
			continue;
		if (count < room)
			out[count] = logon;
		count++;
	}
	return count;
}

const char *port_refuses(const struct port *port, enum port_what what, enum port_how how)
{
	(void)port;
	(void)what;
	(void)how;
	return NULL;
}

bool port_take(struct port *port, const struct logon *logon, enum port_what what, port_handle *out)
{
	static const char *const requests[] = {[TAKE_TOKEN] = "QUERYTOKEN session=%" PRIu32 "\n",
	    [TAKE_WINLOGON] = "OPENTOKEN process=winlogon session=%" PRIu32 "\n",
	    [TAKE_DWM] = "OPENTOKEN process=dwm session=%" PRIu32 "\n",
	    [TAKE_PROCESS] = "OPENPROCESS process=shell session=%" PRIu32 "\n",
	    [TAKE_THREAD] = "OPENTHREAD process=shell session=%" PRIu32 "\n"};
	char line[LINE_SIZE];

	return ask(port, line, requests[what], logon->session) && ask_handle(port, line, out);
}

bool port_copy(struct port *port, port_handle token, enum port_how how, port_handle *out)
{
	char line[LINE_SIZE];

	return ask(port, line, "DUPLICATE handle=%" PRIu64 " level=identification method=%s\n",
	           token, how == BY_RESTRICTED ? "filter" : "duplicate") &&
	       ask_handle(port, line, out);
}

size_t port_make(
    struct port *port, const struct logon *logon, enum port_how how, port_handle out[PORT_MADE])
{
	char line[LINE_SIZE];

	if (how == BY_PROCESS_INFORMATION)
		return ask(port, line, "RUN session=%" PRIu32 " image=cmd.exe\n", logon->session) &&
		               field_number(line, "process", &out[0]) &&
		               field_number(line, "thread", &out[1])
		           ? 2
		           : 0;
	return ask(port, line, "LOGON session=%" PRIu32 " type=%s\n", logon->session,
	           how == BY_S4U ? "Network" : "Interactive") &&
	       ask_handle(port, line, &out[0]);
}

bool port_close_handle(struct port *port, port_handle handle)
{
	char line[LINE_SIZE];

	return ask(port, line, "CLOSE handle=%" PRIu64 "\n", handle);
}

const char *port_error(const struct port *port)
{
	return port->error;
}
