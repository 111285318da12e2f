/* Knows how to start and end processes. */
#include "driver/programs/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/timestamp.h"
#include "driver/programs/keeper.h"
#include "evidence/snapshot.h"

struct stream {
	int fd; /* -1: at its end */
	char *bytes;
	size_t length;
	size_t size;
	int64_t printed;
	bool truncated;
};

struct command {
	pid_t pid;
	int pidfd;
	int input; /* of a program that talks; -1: none */
	int64_t status;
	size_t output_max;
	struct stream streams[2]; /* stdout, stderr */
};

/* Our environment with the variables first, so that they win. One block: free() it. */
static char **make_environment(const struct variable *variables, size_t count)
{
	size_t entries = count + 1;
	size_t bytes = 0;
	char **environment;
	char *text;

	for (char **entry = environ; *entry; entry++)
		entries++;
	for (size_t i = 0; i < count; i++)
		bytes += strlen(variables[i].name) + strlen(variables[i].value) + 2;
	environment = malloc(entries * sizeof(*environment) + bytes);
	if (!environment)
		return NULL;
	text = (char *)(environment + entries);
	for (size_t i = 0; i < count; i++) {
		environment[i] = text;
		text += sprintf(text, "%s=%s", variables[i].name, variables[i].value) + 1;
	}
	memcpy(environment + count, environ, (entries - count) * sizeof(*environment));
	return environment;
}

/* Between fork and exec of a process that may have threads: async-signal-safe calls only. */
static void become(const char *text, char **environment, int input, bool kept, int pipes[2][2])
{
	const int in = input >= 0 ? input : open("/dev/null", O_RDONLY);
	char *const arguments[] = {(char *)"sh", (char *)"-c", (char *)text, NULL};
	struct sigaction standard = {.sa_handler = SIG_DFL};
	sigset_t none;

	sigemptyset(&none);
	sigaction(SIGPIPE, &standard, NULL);
	sigaction(SIGINT, &standard, NULL);
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (kept)
		keeper_split();
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(in, STDIN_FILENO);
	dup2(pipes[0][1], STDOUT_FILENO);
	dup2(pipes[1][1], STDERR_FILENO);
	close_range(STDERR_FILENO + 1, ~0U, 0); /* nothing of ours is its business */
	execve("/bin/sh", arguments, environment);
	_exit(127);
}

static void close_pipes(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* input: the reading end of a pipe to its standard input, or -1. */
static struct command *start(const char *text, const struct variable *variables,
    size_t variable_count, size_t output_max, int input, bool kept, struct error *error)
{
	int pipes[2][2] = {{-1, -1}, {-1, -1}};
	char **environment = make_environment(variables, variable_count);
	struct command *command = calloc(1, sizeof(*command));

	if (!environment || !command)
		goto failed;
	command->input = -1;
	if (pipe2(pipes[0], O_CLOEXEC) < 0 || pipe2(pipes[1], O_CLOEXEC) < 0)
		goto failed;
	command->pid = fork();
	if (command->pid < 0)
		goto failed;
	if (command->pid == 0)
		become(text, environment, input, kept, pipes);
	setpgid(command->pid, command->pid); /* whoever comes first, child or parent */
	command->pidfd = pidfd_open(command->pid, 0);
	command->status = NUMBER_UNKNOWN;
	command->output_max = output_max;
	for (int i = 0; i < 2; i++) {
		command->streams[i].fd = pipes[i][0];
		fcntl(pipes[i][0], F_SETFL, O_NONBLOCK);
		close(pipes[i][1]);
	}
	free(environment);
	if (command->pidfd < 0) {
		error_set(
		    error, EXIT_TARGET, "\"%s\": cannot be watched: %s", text, strerror(errno));
		command_destroy(command);
		return NULL;
	}
	return command;
failed:
	error_set(error, EXIT_TARGET, "\"%s\": cannot be started: %s", text, strerror(errno));
	close_pipes(pipes[0], 4);
	free(environment);
	free(command);
	return NULL;
}

struct command *command_start(const char *text, const struct variable *variables,
    size_t variable_count, size_t output_max, struct error *error)
{
	return start(text, variables, variable_count, output_max, -1, false, error);
}

struct command *command_start_kept(const char *text, const struct variable *variables,
    size_t variable_count, size_t output_max, struct error *error)
{
	return start(text, variables, variable_count, output_max, -1, true, error);
}

struct command *command_start_talking(const char *text, const struct variable *variables,
    size_t variable_count, size_t output_max, struct error *error)
{
	int input[2];

	if (pipe2(input, O_CLOEXEC) < 0) {
		error_set(
		    error, EXIT_TARGET, "\"%s\": cannot be started: %s", text, strerror(errno));
		return NULL;
	}
	struct command *command =
	    start(text, variables, variable_count, output_max, input[0], false, error);
	close(input[0]);
	if (command)
		command->input = input[1];
	else
		close(input[1]);
	return command;
}

bool command_ask(struct command *command, const char *line)
{
	const size_t length = strlen(line);

	command_serve(command);
	for (int i = 0; i < 2; i++) {
		command->streams[i].length = 0;
		command->streams[i].truncated = false;
		if (command->streams[i].bytes)
			command->streams[i].bytes[0] = '\0';
	}
	return command->input >= 0 && write(command->input, line, length) == (ssize_t)length;
}

bool command_answered(const struct command *command)
{
	const struct stream *stream = &command->streams[0];

	return stream->truncated ||
	       (stream->length > 0 && stream->bytes[stream->length - 1] == '\n');
}

void command_hang_up(struct command *command)
{
	if (command->input >= 0)
		close(command->input);
	command->input = -1;
}

pid_t command_group(const struct command *command)
{
	return command->pid;
}

/* Notes the end of the shell. It is not reaped before command_destroy(): until then its number, which is its
 * group's too, cannot be given to somebody else. */
static void note_end(struct command *command)
{
	siginfo_t info = {0};

	if (command->status != NUMBER_UNKNOWN ||
	    waitid(P_PID, (id_t)command->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	    info.si_pid == 0)
		return;
	command->status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

void command_destroy(struct command *command)
{
	if (!command)
		return;
	/* Also when the shell has ended: what it left behind in its group goes too. */
	kill(-command->pid, SIGKILL);
	while (waitpid(command->pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (command->pidfd >= 0)
		close(command->pidfd);
	command_hang_up(command);
	for (int i = 0; i < 2; i++) {
		if (command->streams[i].fd >= 0)
			close(command->streams[i].fd);
		free(command->streams[i].bytes);
	}
	free(command);
}

size_t command_fill(const struct command *command, struct pollfd fds[COMMAND_FDS])
{
	size_t count = 0;

	for (int i = 0; i < 2; i++)
		if (command->streams[i].fd >= 0)
			fds[count++] =
			    (struct pollfd){.fd = command->streams[i].fd, .events = POLLIN};
	if (command->status == NUMBER_UNKNOWN)
		fds[count++] = (struct pollfd){.fd = command->pidfd, .events = POLLIN};
	return count;
}

static bool make_room(struct stream *stream)
{
	const size_t size = stream->size ? 2 * stream->size : 8192;
	char *bytes;

	if (stream->size - stream->length > 4096)
		return true;
	bytes = realloc(stream->bytes, size);
	if (!bytes)
		return false;
	bytes[stream->length] = '\0';
	stream->bytes = bytes;
	stream->size = size;
	return true;
}

/* Takes what is there. What comes beyond the limit, or beyond memory, is read and thrown away, and that is noted. */
static void take(struct stream *stream, size_t output_max)
{
	char scrap[4096];

	while (stream->fd >= 0) {
		const bool keep = stream->length < output_max && make_room(stream);
		char *to = keep ? stream->bytes + stream->length : scrap;
		const size_t room = keep ? stream->size - stream->length - 1 : sizeof(scrap);
		const ssize_t got = read(stream->fd, to, room);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return;
		if (got <= 0) {
			close(stream->fd);
			stream->fd = -1;
			continue;
		}
		stream->printed += got;
		if (keep) {
			stream->length += (size_t)got;
			stream->bytes[stream->length] = '\0';
		} else {
			stream->truncated = true;
		}
	}
}

void command_serve(struct command *command)
{
	note_end(command);
	for (int i = 0; i < 2; i++)
		take(&command->streams[i], command->output_max);
}

bool command_finished(const struct command *command)
{
	/* What the shell said before its end has been read then. A child that it leaves behind, as ssh does with ControlPersist, may keep its
	 * standard error open for ever; what it says there is read on. */
	return command->status != NUMBER_UNKNOWN && command->streams[0].fd < 0;
}

int64_t command_status(const struct command *command)
{
	return command->status;
}

const char *command_output(const struct command *command, size_t *length, bool *truncated)
{
	const struct stream *stream = &command->streams[0];

	*length = stream->length;
	*truncated = stream->truncated;
	return stream->bytes ? stream->bytes : "";
}

const char *command_messages(const struct command *command)
{
	return command->streams[1].bytes ? command->streams[1].bytes : "";
}

int64_t command_printed(const struct command *command, int stream)
{
	return command->streams[stream].printed;
}

/* Serves the command until it has finished or the time is up. */
static bool serve_until(struct command *command, int64_t deadline)
{
	for (;;) {
		struct pollfd fds[COMMAND_FDS];
		const size_t count = command_fill(command, fds);
		const int64_t left = deadline - timestamp_monotonic();

		if (command_finished(command))
			return true;
		if (left <= 0)
			return false;
		poll(fds, count, (int)(left / 1000 + 1));
		command_serve(command);
	}
}

void command_wait(struct command *command, int64_t most)
{
	serve_until(command, timestamp_monotonic() + most);
}

void command_stop(struct command *command, int64_t grace)
{
	if (command_finished(command))
		return;
	kill(-command->pid, SIGTERM);
	serve_until(command, timestamp_monotonic() + grace);
}

bool command_run(const char *text, const struct variable *variables, size_t variable_count,
    int64_t timeout, struct error *error)
{
	struct command *command = command_start(text, variables, variable_count, 65536, error);
	bool done = false;

	if (!command)
		return false;
	if (!serve_until(command, timestamp_monotonic() + timeout))
		error_set(error, EXIT_TARGET, "\"%s\" did not end within %.3g s", text,
		    (double)timeout / 1e6);
	else if (command->status != 0)
		error_set(error, EXIT_TARGET, "\"%s\" failed with status %d: %.*s", text,
		    (int)command->status, (int)strcspn(command_messages(command), "\n"),
		    command_messages(command));
	else
		done = true;
	command_destroy(command);
	return done;
}
