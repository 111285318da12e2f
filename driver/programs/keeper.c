/* Knows how all that a command has started is ended with it, also what has left its process group: a process above it takes up what others
 * leave (PR_SET_CHILD_SUBREAPER), and ends its children until it has none. */
#include "driver/programs/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STEP_MS 20
#define GRACE 100  /* steps between SIGTERM and SIGKILL */
#define STEPS 1000 /* what cannot even be killed by then stays: it waits in the kernel */

/* Everything here runs between fork and exec of a process that may have threads: async-signal-safe calls only. */

static int code_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void step(void)
{
	const struct timespec pause = {.tv_nsec = STEP_MS * 1000000};

	nanosleep(&pause, NULL);
}

/* Sends the signal to each child (proc(5): /proc/pid/task/tid/children). */
static void signal_children(int signal)
{
	const int fd = open("/proc/thread-self/children", O_RDONLY);
	char bytes[1024];
	ssize_t got;
	pid_t pid = 0;

	while (fd >= 0 && (got = read(fd, bytes, sizeof(bytes))) > 0)
		for (ssize_t i = 0; i < got; i++) {
			if (bytes[i] >= '0' && bytes[i] <= '9') {
				pid = pid * 10 + (bytes[i] - '0');
				continue;
			}
			if (pid > 0)
				kill(pid, signal);
			pid = 0;
		}
	if (fd >= 0)
		close(fd);
}

/* Whether there is any child left; those that have ended are reaped. */
static bool reap(void)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		;
	return pid == 0 || errno != ECHILD;
}

static void end_all(void)
{
	for (int i = 0; i < STEPS && reap(); i++) {
		if (i == 0 || i >= GRACE)
			signal_children(i == 0 ? SIGTERM : SIGKILL);
		step();
	}
}

/* Until the shell has ended, or we are told to. Returns the exit code. */
static int wait_for(pid_t shell)
{
	const struct timespec second = {.tv_sec = 1};
	sigset_t news;
	int status;
	pid_t pid;

	sigemptyset(&news);
	sigaddset(&news, SIGCHLD);
	sigaddset(&news, SIGTERM);
	for (;;) {
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			if (pid == shell)
				return code_of(status);
		if (sigtimedwait(&news, NULL, &second) == SIGTERM)
			return 128 + SIGTERM;
	}
}

void keeper_split(void)
{
	const pid_t above = getpid();
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	const pid_t shell = _Fork();
	if (shell < 0)
		_exit(127);
	if (shell == 0) {
		/* What the keeper could not end any more. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != above)
			_exit(127);
		return;
	}
	close_range(0, ~0U, 0); /* the streams are the command's */
	const int code = wait_for(shell);
	end_all();
	_exit(code);
}
