/* Knows where passwords come from. They are overwritten before their memory is given back. */
#include "driver/scenario/accounts.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

void password_wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

/* What the terminal sends for it while it raises no signals. */
#define CTRL_C '\003'

/* The first line of the descriptor. */
static char *read_line(int fd, const char *name, struct error *error)
{
	char buffer[PASSWORD_MAX + 2];
	size_t used = 0;
	ssize_t got;
	char *password = NULL;

	/* Byte by byte: what comes after the line is not ours, and nobody need close the other end. */
	while (used < sizeof(buffer) - 1 && (got = read(fd, buffer + used, 1)) != 0) {
		if (got < 0 && errno != EINTR) {
			error_set(error, EXIT_USAGE, "password from %s: %s", name, strerror(errno));
			goto out;
		}
		if (got > 0 && (buffer[used++] == '\n' || buffer[used - 1] == CTRL_C))
			break;
	}
	buffer[used] = '\0';
	buffer[strcspn(buffer, "\r\n")] = '\0';
	if (buffer[0] == '\0') {
		error_set(error, EXIT_USAGE, "password from %s: it is empty", name);
		goto out;
	}
	password = strdup(buffer);
	if (!password)
		error_memory(error);
out:
	explicit_bzero(buffer, sizeof(buffer));
	return password;
}

/* As read_line(); the descriptor is closed. */
static char *read_password(int fd, const char *name, struct error *error)
{
	char *password = read_line(fd, name, error);

	close(fd);
	return password;
}

/* A line is over at Ctrl-C, too, which is read as any key: nothing of ours could end with the terminal mute. */
static bool make_mute(int fd, struct termios *before)
{
	struct termios mute;

	if (tcgetattr(fd, before) != 0)
		return false;
	mute = *before;
	mute.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	mute.c_cc[VEOL] = CTRL_C;
	return tcsetattr(fd, TCSAFLUSH, &mute) == 0;
}

/* What no password has, and a key that was meant to do something else. */
static bool has_control(const char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			return true;
	return false;
}

/* At the terminal, which shows nothing of it. */
static char *ask_for_password(const char *variable, struct error *error)
{
	const int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	struct termios before;
	char *password = NULL;

	if (fd >= 0 && make_mute(fd, &before)) {
		dprintf(fd, "Password of the test accounts (%.64s is not set): ", variable);
		password = read_line(fd, "the terminal", error);
		tcsetattr(fd, TCSAFLUSH, &before);
		dprintf(fd, "\n");
	} else {
		error_set(error, EXIT_USAGE, "the terminal cannot be asked for the password: %s",
		    strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	if (password && (has_control(password) || strlen(password) > PASSWORD_MAX)) {
		error_set(error, EXIT_USAGE, "no password was typed that an account may have");
		password_wipe(password);
		password = NULL;
	}
	return password;
}

static char *password_from_env(const char *name, struct error *error)
{
	char *value = getenv(name);
	char *password;

	if ((!value || *value == '\0') && isatty(STDIN_FILENO))
		return ask_for_password(name, error);
	if (!value || *value == '\0') {
		error_set(error, EXIT_USAGE,
		    "accounts.password_env: the environment has no %s; set it (not on the command "
		    "line)",
		    name);
		return NULL;
	}
	password = strdup(value);
	/* Programs that we start have no need to know it. */
	explicit_bzero(value, strlen(value));
	unsetenv(name);
	if (!password)
		error_memory(error);
	return password;
}

bool password_fetch(const struct scenario_accounts *scenario, char **password, struct error *error)
{
	char name[32];

	*password = NULL;
	/* Where a stage program brings the accounts, they may have their own. */
	const bool needed =
	    !scenario->staged || (scenario->password_env && getenv(scenario->password_env));
	if (scenario->password_env && needed) {
		*password = password_from_env(scenario->password_env, error);
		return *password != NULL;
	}
	if (scenario->password_fd) {
		snprintf(name, sizeof(name), "descriptor %d", (int)scenario->password_fd);
		*password = read_password((int)scenario->password_fd, name, error);
		return *password != NULL;
	}
	return true;
}

char *password_from_file(const char *name, const char *folder, struct error *error)
{
	char *path = expand_path(name, folder, error);
	char *password = NULL;
	int fd;

	if (!path)
		return NULL;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		error_set(error, EXIT_USAGE, "password file %s: %s", path, strerror(errno));
	else
		password = read_password(fd, path, error);
	free(path);
	return password;
}
