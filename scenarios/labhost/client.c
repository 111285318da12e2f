#include "labhost/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static FILE *connect_to(const char *path, struct error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path)) {
		error_set(error, EXIT_USAGE, "control socket %s: the path is too long", path);
		return NULL;
	}
	strcpy(address.sun_path, path);
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	FILE *stream = NULL;
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		stream = fdopen(fd, "r+");
	if (!stream) {
		error_set(error, EXIT_TARGET, "control socket %s: %s; is the lab host running?",
		    path, strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	return stream;
}

/* Copies text lines until the last line of the answer. */
static bool copy_answer(FILE *stream, const char *path, FILE *out, struct error *error)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	bool done = false;

	while ((length = getline(&line, &room, stream)) > 0) {
		if (strncmp(line, "TEXT ", 5) == 0) {
			fwrite(line + 5, 1, (size_t)length - 5, out);
			continue;
		}
		line[strcspn(line, "\n")] = '\0';
		done = strcmp(line, "OK") == 0 || strncmp(line, "OK ", 3) == 0;
		if (!done)
			error_set(error, EXIT_TARGET, "the lab host answered: %s", line);
		break;
	}
	if (length <= 0)
		error_set(error, EXIT_TARGET, "control socket %s: the lab host hung up", path);
	free(line);
	return done;
}

bool client_ask(const char *path, const char *request, FILE *out, struct error *error)
{
	FILE *stream = connect_to(path, error);

	if (!stream)
		return false;
	const bool sent = fprintf(stream, "%s\n", request) > 0 && fflush(stream) == 0;
	const bool done = sent && copy_answer(stream, path, out, error);
	if (!sent)
		error_set(error, EXIT_TARGET, "control socket %s: %s", path, strerror(errno));
	fclose(stream);
	return done;
}
