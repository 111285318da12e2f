#include "labhost/control_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINE_LIMIT 4096
/* A snapshot of 2000 sessions is some megabytes; a watcher that lets more than this lie has stopped reading. */
#define OUTPUT_LIMIT (256 * 1024 * 1024)

struct control_client *control_client_create(int fd)
{
	struct control_client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->in = malloc(LINE_LIMIT);
	if (!client->in) {
		free(client);
		return NULL;
	}
	client->fd = fd;
	return client;
}

void control_client_destroy(struct control_client *client)
{
	close(client->fd);
	free(client->in);
	free(client->out);
	free(client);
}

bool control_client_read(struct control_client *client)
{
	const size_t room = LINE_LIMIT - client->in_length;

	if (room == 0)
		return false;
	const ssize_t got = recv(client->fd, client->in + client->in_length, room, MSG_DONTWAIT);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	client->in_length += (size_t)got;
	return got > 0;
}

char *control_client_line(struct control_client *client)
{
	const char *end = memchr(client->in, '\n', client->in_length);

	if (!end)
		return NULL;
	const size_t length = (size_t)(end - client->in);
	char *line = strndup(client->in, length);
	client->in_length -= length + 1;
	memmove(client->in, end + 1, client->in_length);
	return line;
}

bool control_client_write(struct control_client *client, const char *text, size_t length)
{
	if (length > OUTPUT_LIMIT - client->out_length)
		return false;
	char *out = realloc(client->out, client->out_length + length + 1);
	if (!out)
		return false;
	memcpy(out + client->out_length, text, length);
	client->out = out;
	client->out_length += length;
	return true;
}

bool control_client_flush(struct control_client *client)
{
	size_t sent = 0;

	while (sent < client->out_length) {
		const ssize_t put = send(client->fd, client->out + sent, client->out_length - sent,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && errno != EAGAIN)
			return false;
		if (put < 0)
			break;
		sent += (size_t)put;
	}
	client->out_length -= sent;
	memmove(client->out, client->out + sent, client->out_length);
	return true;
}
