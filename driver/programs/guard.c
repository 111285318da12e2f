/* Knows what is left of a stage when the driver has been killed: the programs' process groups, with children that a shell left in them, and
 * the folder. A process of its own ends them, as nobody else may. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/timestamp.h"
#include "driver/programs/programs.h"

#define GROUPS_MOST 256
#define GRACE INT64_C(10000000) /* microseconds, between SIGTERM and SIGKILL */
#define STEP 50000

struct guard {
	pid_t pid;
	int pipe;
};

static void become_guard(int pipe, const char *folder)
{
	char *const arguments[] = {(char *)"leaklab-driver", (char *)"guard", (char *)folder, NULL};

	dup2(pipe, STDIN_FILENO);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	execv("/proc/self/exe", arguments);
	_exit(127);
}

struct guard *guard_create(const char *folder, struct error *error)
{
	struct guard *guard = calloc(1, sizeof *guard);
	int pipes[2];

	if (!guard || pipe2(pipes, O_CLOEXEC) < 0) {
		free(guard);
		error_set(
		    error, EXIT_TARGET, "cannot start a guard of the stage: %s", strerror(errno));
		return NULL;
	}
	guard->pid = fork();
	if (guard->pid == 0)
		become_guard(pipes[0], folder);
	close(pipes[0]);
	guard->pipe = pipes[1];
	if (guard->pid > 0)
		return guard;
	error_set(error, EXIT_TARGET, "cannot start a guard of the stage: %s", strerror(errno));
	close(guard->pipe);
	free(guard);
	return NULL;
}

/* 0: there is nothing left to guard. */
static void say(const struct guard *guard, pid_t group)
{
	while (write(guard->pipe, &group, sizeof group) < 0 && errno == EINTR)
		;
}

void guard_watch(struct guard *guard, pid_t group)
{
	say(guard, group);
}

void guard_destroy(struct guard *guard)
{
	if (!guard)
		return;
	say(guard, 0);
	close(guard->pipe);
	while (waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(guard);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status;
	(void)kind;
	(void)walk;
	return remove(path);
}

void folder_remove(const char *folder)
{
	nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static bool any_left(const pid_t *groups, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (kill(-groups[i], 0) == 0)
			return true;
	return false;
}

static void signal_all(const pid_t *groups, size_t count, int signal)
{
	for (size_t i = count; i-- > 0;)
		kill(-groups[i], signal);
}

int guard_main(const char *folder)
{
	pid_t groups[GROUPS_MOST], group;
	size_t count = 0;
	ssize_t got;
	sigset_t all;

	/* It goes with the driver, and not before it. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	setsid();
	while ((got = read(STDIN_FILENO, &group, sizeof group)) == (ssize_t)sizeof group ||
	       (got < 0 && errno == EINTR)) {
		if (got < 0)
			continue;
		if (group == 0)
			return EXIT_CLEAN;
		if (count < GROUPS_MOST)
			groups[count++] = group;
	}
	const int64_t deadline = timestamp_monotonic() + GRACE;
	signal_all(groups, count, SIGTERM);
	while (any_left(groups, count) && timestamp_monotonic() < deadline)
		usleep(STEP);
	signal_all(groups, count, SIGKILL);
	folder_remove(folder);
	return EXIT_CLEAN;
}
