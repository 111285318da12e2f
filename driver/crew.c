/* Knows how a worker process is started, sent orders, and replaced when it died. */
#include "driver/crew.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/own_folder.h"
#include "common/timestamp.h"

#define POST_PATIENCE 30000 /* milliseconds */

struct worker_process {
	pid_t pid;  /* 0: none */
	int socket; /* -1: none */
};

struct crew {
	struct setup setup;
	int program; /* open, so that it stays the one of this build while another is installed */
	int lock;
	struct worker_process *workers;
	size_t count;
	size_t deaths;
};

/* In the child, which ends when our end of the socket closes, whatever happens to us. The process image is replaced so that the
 * supervisor's memory (all passwords, the run file) is not
 * carried along. */
static void become_worker(int program, int socket, int lock)
{
	char *const arguments[] = {(char *)"leaklab-driver", (char *)"worker", NULL};

	setpgid(0, 0);
	/* Unlike the original it stays open: the worker need not know of it. */
	if (lock >= 0)
		fcntl(lock, F_DUPFD, WORKER_SOCKET + 1);
	if (socket == WORKER_SOCKET)
		fcntl(socket, F_SETFD, 0);
	else
		dup2(socket, WORKER_SOCKET);
	dup2(STDERR_FILENO, STDOUT_FILENO); /* stdout is for results */
	fexecve(program, arguments, environ);
	_exit(127);
}

static bool start(struct crew *crew, struct worker_process *worker, struct error *error)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set(
		    error, EXIT_TARGET, "cannot make a socket pair: %s", strerror(errno));
	worker->pid = fork();
	if (worker->pid == 0) {
		sigset_t none;
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		become_worker(crew->program, pair[1], crew->lock);
	}
	close(pair[1]);
	if (worker->pid < 0) {
		worker->pid = 0;
		close(pair[0]);
		return error_set(error, EXIT_TARGET, "cannot start a worker: %s", strerror(errno));
	}
	worker->socket = pair[0];
	if (send(worker->socket, &crew->setup, sizeof(crew->setup), MSG_NOSIGNAL) < 0)
		return error_set(
		    error, EXIT_TARGET, "cannot send to a worker: %s", strerror(errno));
	return true;
}

/* -1: error says why. */
static int open_program(struct error *error)
{
	char folder[PATH_MAX], path[PATH_MAX + 32];

	if (!own_folder(folder, error))
		return -1;
	snprintf(path, sizeof(path), "%s/" WORKER_PROGRAM, folder);
	const int program = open(path, O_PATH | O_CLOEXEC);
	if (program < 0)
		error_set(error, EXIT_TARGET,
		    "%s: %s: install all of the package leaklab-driver, or build again", path,
		    strerror(errno));
	return program;
}

struct crew *crew_create(size_t workers, const struct setup *setup, int lock, struct error *error)
{
	const int program = open_program(error);
	struct crew *crew = program >= 0 ? calloc(1, sizeof(*crew)) : NULL;

	if (program < 0)
		return NULL;

	if (crew)
		crew->workers = calloc(workers, sizeof(*crew->workers));
	if (!crew || !crew->workers) {
		error_memory(error);
		close(program);
		free(crew);
		return NULL;
	}
	crew->program = program;
	crew->setup = *setup;
	crew->lock = lock;
	crew->count = workers;
	for (size_t i = 0; i < workers; i++)
		crew->workers[i].socket = -1;
	return crew;
}

/* Waits for the process. Returns how it ended. */
static void bury(struct worker_process *worker, char how[64])
{
	int status = 0;

	while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		snprintf(
		    how, 64, "signal %d (%s)", WTERMSIG(status), sigabbrev_np(WTERMSIG(status)));
	else
		snprintf(how, 64, "exit status %d", WEXITSTATUS(status));
	close(worker->socket);
	worker->socket = -1;
	worker->pid = 0;
}

void crew_destroy(struct crew *crew, int64_t grace)
{
	const int64_t deadline = timestamp_monotonic() + grace;
	char how[64];

	if (!crew)
		return;
	for (size_t i = 0; i < crew->count; i++)
		if (crew->workers[i].pid)
			shutdown(crew->workers[i].socket, SHUT_WR);
	for (size_t i = 0; i < crew->count; i++) {
		struct worker_process *worker = &crew->workers[i];
		struct pollfd pollfd = {.fd = worker->socket, .events = POLLIN};
		char scrap[sizeof(struct report)];

		if (!worker->pid)
			continue;
		/* Its end of the socket closes when it ends; reports before that come too late to count. */
		for (;;) {
			const int64_t left = deadline - timestamp_monotonic();
			if (left <= 0 || poll(&pollfd, 1, (int)(left / 1000 + 1)) == 0) {
				kill(worker->pid, SIGKILL);
				break;
			}
			if (recv(worker->socket, scrap, sizeof(scrap), MSG_DONTWAIT) == 0)
				break;
		}
		bury(worker, how);
	}
	close(crew->program);
	free(crew->workers);
	explicit_bzero(&crew->setup, sizeof(crew->setup));
	free(crew);
}

size_t crew_size(const struct crew *crew)
{
	return crew->count;
}

size_t crew_deaths(const struct crew *crew)
{
	return crew->deaths;
}

enum posted { POSTED, WORKER_GONE, WORKER_STUCK };

/* Many orders at once may have to wait until a worker that is still starting takes them. A worker that is gone is
 * no failure here: crew_serve() finds it, and what it was ordered to do counts as lost. */
static enum posted post(struct worker_process *worker, const struct order *order)
{
	struct pollfd pollfd = {.fd = worker->socket, .events = POLLOUT};

	while (send(worker->socket, order, sizeof(*order), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return WORKER_GONE;
		if (poll(&pollfd, 1, POST_PATIENCE) == 0)
			return WORKER_STUCK;
	}
	return POSTED;
}

bool crew_order(struct crew *crew, size_t number, const struct order *order, struct error *error)
{
	struct worker_process *worker = &crew->workers[number];

	if (!worker->pid && !start(crew, worker, error))
		return false;
	if (post(worker, order) == WORKER_STUCK)
		return error_set(error, EXIT_TARGET, "a worker has taken no orders for %d s",
		    POST_PATIENCE / 1000);
	return true;
}

void crew_log_off_all(struct crew *crew)
{
	const struct order order = {.kind = ORDER_LOG_OFF_ALL};

	for (size_t i = 0; i < crew->count; i++)
		if (crew->workers[i].pid)
			(void)post(&crew->workers[i], &order);
}

void crew_kill(struct crew *crew, size_t number)
{
	if (crew->workers[number].pid)
		kill(crew->workers[number].pid, SIGKILL);
}

size_t crew_fill(const struct crew *crew, struct pollfd *fds)
{
	size_t count = 0;

	for (size_t i = 0; i < crew->count; i++)
		if (crew->workers[i].pid)
			fds[count++] =
			    (struct pollfd){.fd = crew->workers[i].socket, .events = POLLIN};
	return count;
}

/* As recv(). What is sent without output has none: not that of the report before. */
static ssize_t take(const struct worker_process *worker, struct report *report)
{
	memset(report->output, 0, sizeof(report->output));
	return recv(worker->socket, report, sizeof(*report), MSG_DONTWAIT);
}

void crew_serve(struct crew *crew, const struct crew_watch *watch)
{
	for (size_t i = 0; i < crew->count; i++) {
		struct worker_process *worker = &crew->workers[i];
		struct report report;
		ssize_t got = -1;
		char how[64];

		if (!worker->pid)
			continue;
		while ((got = take(worker, &report)) >= (ssize_t)REPORT_WITHOUT_OUTPUT)
			if (report.stalled)
				watch->stalled(watch->data, i, report.stalled);
			else
				watch->reported(watch->data, &report);
		if (got != 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		bury(worker, how);
		crew->deaths++;
		watch->lost(watch->data, i, how);
	}
}
