/* Knows the control socket itself: who is let in, who is waited for, and who receives the events of logons and logoffs. */
#include "labhost/control.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "labhost/memory.h"
#include "evidence/snapshot.h"

#define READY 32

struct control {
	struct lab *lab;
	char *path;
	int listener;
	int epoll;
	LIST_HEAD(, control_client) clients;
};

static int listen_at(const char *path, struct error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path)) {
		error_set(error, EXIT_USAGE,
		    "control socket %s: the path has more than %zu bytes; use a shorter --dir",
		    path, sizeof(address.sun_path) - 1);
		return -1;
	}
	strcpy(address.sun_path, path);
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* The folder is private; the mode is a second lock. */
	const mode_t mask = umask(0177);
	const bool bound = fd >= 0 && (unlink(path) == 0 || errno == ENOENT) &&
	                   bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	umask(mask);
	if (bound && listen(fd, 64) == 0)
		return fd;
	error_set(error, EXIT_TARGET, "control socket %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool watch_fd(const struct control *control, int fd, void *data)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = data};

	return epoll_ctl(control->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

struct control *control_create(struct lab *lab, const char *path, struct error *error)
{
	struct control *control = memory_zeroed(1, sizeof(*control));

	control->lab = lab;
	control->path = memory_text(path);
	control->epoll = epoll_create1(EPOLL_CLOEXEC);
	control->listener = listen_at(path, error);
	LIST_INIT(&control->clients);
	if (control->listener >= 0 && control->epoll >= 0 &&
	    watch_fd(control, control->listener, NULL))
		return control;
	if (control->listener >= 0)
		error_set(
		    error, EXIT_TARGET, "control socket %s: epoll: %s", path, strerror(errno));
	control_destroy(control);
	return NULL;
}

/* Sessions wait for the slowest watcher. Locked. */
static void watched_update(struct control *control)
{
	const struct control_client *client;
	uint64_t seen = UINT64_MAX;

	LIST_FOREACH(client, &control->clients, link)
	if (client->watches && client->seen < seen)
		seen = client->seen;
	model_watched(control->lab->model, seen);
}

static void client_leave(struct control *control, struct control_client *client)
{
	lab_lock(control->lab);
	if (client->pid)
		model_process_exit(control->lab->model, client->pid, lab_now(control->lab));
	if (client->watches)
		control->lab->watchers--;
	LIST_REMOVE(client, link);
	watched_update(control);
	lab_unlock(control->lab);
	control_client_destroy(client);
}

void control_destroy(struct control *control)
{
	if (!control)
		return;
	while (!LIST_EMPTY(&control->clients))
		client_leave(control, LIST_FIRST(&control->clients));
	if (control->listener >= 0) {
		close(control->listener);
		unlink(control->path);
	}
	if (control->epoll >= 0)
		close(control->epoll);
	free(control->path);
	free(control);
}

int control_fd(const struct control *control)
{
	return control->epoll;
}

static void accept_all(struct control *control)
{
	int fd;

	while ((fd = accept4(control->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct control_client *client = control_client_create(fd);

		if (!client || !watch_fd(control, fd, client)) {
			if (client)
				control_client_destroy(client);
			else
				close(fd);
			continue;
		}
		LIST_INSERT_HEAD(&control->clients, client, link);
	}
}

/* Sends what it can and asks to be called again for the rest. False: hang up. */
static bool client_flush(struct control *control, struct control_client *client)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};

	if (!control_client_flush(client))
		return false;
	if (client->out_length > 0)
		event.events = EPOLLOUT | (client->gone ? 0 : EPOLLIN);
	else if (client->gone)
		return false;
	return epoll_ctl(control->epoll, EPOLL_CTL_MOD, client->fd, &event) == 0;
}

/* The processes of all other clients have gone with the reboot; only who asked for it has no process to lose. */
static void hang_up_processes(struct control *control)
{
	struct control_client *client;

	LIST_FOREACH(client, &control->clients, link)
	if (client->pid) {
		client->pid = 0;
		client->gone = true;
		/* Wakes its own descriptor up, for control_run() to see. */
		shutdown(client->fd, SHUT_RD);
	}
}

static bool answer(struct control *control, struct control_client *client, char *line)
{
	struct verb_context context = {.lab = control->lab, .client = client};
	char *text = NULL;
	size_t length;

	context.out = open_memstream(&text, &length);
	if (!context.out)
		return false;
	lab_lock(control->lab);
	verb_answer(&context, line);
	watched_update(control);
	if (context.rebooted)
		hang_up_processes(control);
	lab_unlock(control->lab);
	const bool done = fclose(context.out) == 0 && control_client_write(client, text, length);
	free(text);
	return done;
}

static bool serve(struct control *control, struct control_client *client, uint32_t events)
{
	char *line;

	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		/* Who has said all and closed its side gets its answers before the hang-up. */
		if (!control_client_read(client))
			client->gone = true;
		while (!client->gone && (line = control_client_line(client))) {
			const bool answered = answer(control, client, line);
			free(line);
			if (!answered)
				return false;
		}
	}
	return client_flush(control, client);
}

void control_run(struct control *control)
{
	struct epoll_event ready[READY];
	const int count = epoll_wait(control->epoll, ready, READY, 0);

	for (int i = 0; i < count; i++) {
		struct control_client *client = ready[i].data.ptr;

		if (!client)
			accept_all(control);
		else if (!serve(control, client, ready[i].events))
			client_leave(control, client);
	}
}

static size_t events_text(const struct lab_event *events, size_t count, char **text)
{
	char luid[LUID_TEXT];
	size_t length = 0;
	FILE *out = open_memstream(text, &length);

	if (!out)
		return 0;
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "EVENT %s session=%u luid=%s",
		    events[i].event == MODEL_LOGON ? "logon" : "logoff", events[i].session_id,
		    luid_format(events[i].luid, luid));
		field_write(out, "account", events[i].account);
		putc('\n', out);
	}
	return fclose(out) == 0 ? length : 0;
}

void control_tell_events(struct control *control)
{
	struct control_client *client = LIST_FIRST(&control->clients);
	char *text = NULL;
	size_t count;

	lab_lock(control->lab);
	struct lab_event *events = lab_take_events(control->lab, &count);
	lab_unlock(control->lab);
	const size_t length = count ? events_text(events, count, &text) : 0;
	while (client && length > 0) {
		struct control_client *next = LIST_NEXT(client, link);

		if (client->watches && !client->gone &&
		    (!control_client_write(client, text, length) || !client_flush(control, client)))
			client_leave(control, client);
		client = next;
	}
	free(text);
	free(events);
}
