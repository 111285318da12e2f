/* Knows the host's address: how it is written, and whether it answers. */
#include "driver/rdp/worker.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool host_parse(const char *address, char host[256], uint16_t *port, struct error *error)
{
	const char *start = address[0] == '[' ? address + 1 : address;
	const char *end = address[0] == '[' ? strchr(address, ']') : strchr(address, ':');
	const char *rest = end ? end + (*end == ']') : "";
	unsigned long number = RDP_PORT;
	char *stop = NULL;

	if (address[0] != '[' && end && strchr(end + 1, ':')) { /* a bare IPv6 address */
		end = NULL;
		rest = "";
	}
	const size_t length = end ? (size_t)(end - start) : strlen(start);
	if (*rest == ':')
		number = strtoul(rest + 1, &stop, 10);
	if (length == 0 || (address[0] == '[' && !end) || length > 255 ||
	    (*rest != ':' && *rest != '\0') || (stop && *stop) || number == 0 || number > 65535)
		return error_set(error, EXIT_USAGE,
		    "host.address \"%s\": write it as host, host:port or [IPv6 address]:port",
		    address);
	snprintf(host, 256, "%.*s", (int)length, start);
	*port = (uint16_t)number;
	return true;
}

/* 0, or the errno of the attempt. */
static int try_address(const struct addrinfo *info, int64_t timeout)
{
	const int fd = socket(
	    info->ai_family, info->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, info->ai_protocol);
	struct pollfd pollfd = {.fd = fd, .events = POLLOUT};
	socklen_t length = sizeof(int);
	int result = 0;

	if (fd < 0)
		return errno;
	if (connect(fd, info->ai_addr, info->ai_addrlen) < 0) {
		result = errno;
		if (result == EINPROGRESS) {
			if (poll(&pollfd, 1, (int)(timeout / 1000)) == 1)
				getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &length);
			else
				result = ETIMEDOUT;
		}
	}
	close(fd);
	return result;
}

bool host_probe(const char *host, uint16_t port, int64_t timeout, struct error *error)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	char service[8];
	int result;

	snprintf(service, sizeof(service), "%u", port);
	result = getaddrinfo(host, service, &hints, &found);
	if (result != 0)
		return error_set(error, EXIT_TARGET,
		    "host %s: the name does not resolve (%s); correct host.address", host,
		    gai_strerror(result));
	for (const struct addrinfo *info = found; info; info = info->ai_next) {
		result = try_address(info, timeout);
		if (result == 0)
			break;
	}
	freeaddrinfo(found);
	if (result != 0)
		return error_set(error, EXIT_TARGET,
		    "host %s port %u: %s; is the Remote Desktop service running there, and the "
		    "port open?",
		    host, port, strerror(result));
	return true;
}
