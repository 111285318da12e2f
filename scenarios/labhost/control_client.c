/* Knows the lines of the control socket: how they are read and sent, and what they consist of. */
#include "labhost/control.h"

#include <ctype.h>
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

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool decode(char *text)
{
	char *out = text;

	for (const char *in = text; *in; in++) {
		if (*in != '%') {
			*out++ = *in;
			continue;
		}
		const int high = hex_digit(in[1]);
		const int low = high < 0 ? -1 : hex_digit(in[2]);
		if (low < 0 || (high == 0 && low == 0))
			return false;
		*out++ = (char)(high * 16 + low);
		in += 2;
	}
	*out = '\0';
	return true;
}

bool request_parse(char *line, struct request *out)
{
	struct request request = {0};
	char *rest = line;

	request.verb = strsep(&rest, " ");
	if (!*request.verb)
		return false;
	while (rest) {
		char *value = strsep(&rest, " ");
		const char *key = strsep(&value, "=");

		if (!value || !*key || request.count == REQUEST_FIELDS || !decode(value))
			return false;
		request.fields[request.count].key = key;
		request.fields[request.count++].value = value;
	}
	*out = request;
	return true;
}

const char *request_text(const struct request *request, const char *key)
{
	for (int i = 0; i < request->count; i++)
		if (strcmp(request->fields[i].key, key) == 0)
			return request->fields[i].value;
	return NULL;
}

bool request_number(const struct request *request, const char *key, uint32_t *out)
{
	const char *text = request_text(request, key);
	char *end;

	if (!text || !isdigit((unsigned char)*text))
		return false;
	errno = 0;
	const unsigned long number = strtoul(text, &end, 10);
	if (errno || *end || number > UINT32_MAX)
		return false;
	*out = (uint32_t)number;
	return true;
}

void field_write(FILE *out, const char *key, const char *value)
{
	fprintf(out, " %s=", key);
	for (const char *c = value; *c; c++)
		if (*c > ' ' && *c < 0x7f && *c != '%')
			putc(*c, out);
		else
			fprintf(out, "%%%02X", (unsigned char)*c);
}
