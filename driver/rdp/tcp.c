/* Knows how a connection gets to its host: names, addresses, and where it is sent on. */
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <freerdp/error.h>
#include <freerdp/freerdp.h>

#include "driver/rdp/connection.h"

void tcp_init(struct tcp *tcp, int64_t timeout)
{
	tcp->timeout = timeout;
	tcp->socket = tcp->abort_socket = -1;
	pthread_mutex_init(&tcp->mutex, NULL);
}

/* -1: none. */
static void set_abort_socket(struct tcp *tcp, int socket)
{
	pthread_mutex_lock(&tcp->mutex);
	if (tcp->abort_socket >= 0)
		close(tcp->abort_socket);
	tcp->abort_socket = socket;
	pthread_mutex_unlock(&tcp->mutex);
}

void tcp_free(struct tcp *tcp)
{
	set_abort_socket(tcp, -1);
	pthread_mutex_destroy(&tcp->mutex);
}

enum tcp_turn tcp_next(struct tcp *tcp)
{
	if (tcp->turns++ == 0)
		return TCP_FIRST;
	if (!tcp->sent_on || tcp->redirections == REDIRECTIONS_MAX)
		return TCP_AGAIN;
	tcp->sent_on = false;
	tcp->redirections++;
	tcp->start = timestamp_monotonic();
	return TCP_REDIRECTED;
}

/* The library (3.10) returns a socket also where the connection was refused. */
static int open_address(struct tcp *tcp, rdpContext *context, rdpSettings *settings,
    const char *address, int port, DWORD timeout)
{
	struct sockaddr_storage peer;
	socklen_t length = sizeof(peer);
	const int fd = tcp->connect(context, settings, address, port, timeout);

	if (fd < 0 || getpeername(fd, (struct sockaddr *)&peer, &length) == 0)
		return fd;
	close(fd);
	freerdp_set_last_error(context, FREERDP_ERROR_CONNECT_FAILED);
	return -1;
}

static int open_first(struct tcp *tcp, rdpContext *context, rdpSettings *settings,
    const struct addrinfo *found, int port, DWORD timeout)
{
	int fd = -1;

	for (const struct addrinfo *info = found; info && fd < 0 && !tcp->aborted;
	     info = info->ai_next) {
		char address[NI_MAXHOST];
		if (getnameinfo(info->ai_addr, info->ai_addrlen, address, sizeof(address), NULL, 0,
		        NI_NUMERICHOST) == 0)
			fd = open_address(tcp, context, settings, address, port,
			    info->ai_next ? timeout / 2 : timeout);
	}
	return fd;
}

static bool is_aborted(void *data)
{
	const struct tcp *tcp = data;

	return tcp->aborted;
}

int tcp_open(struct tcp *tcp, rdpContext *context, rdpSettings *settings, const char *host,
    int port, DWORD timeout)
{
	const unsigned network_timeout = 9000; /* milliseconds, as the library has it */
	struct addrinfo *found;
	struct error error;

	tcp->socket = -1;
	if (tcp->aborted)
		return -1;

	const struct patience patience = {is_aborted, tcp};
	const enum resolving resolving = host_resolve(
	    host, (uint16_t)port, tcp->start + tcp->timeout, &patience, &found, &error);
	if (resolving != RESOLVED) {
		snprintf(tcp->unresolved, sizeof(tcp->unresolved), "%.*s",
		    (int)sizeof(tcp->unresolved) - 1, error.text);
		if (resolving == RESOLVED_TOO_LATE)
			tcp->aborted = true;
		freerdp_set_last_error(context, FREERDP_ERROR_DNS_NAME_NOT_FOUND);
		return -1;
	}
	tcp->socket = open_first(tcp, context, settings, found, port, timeout);
	freeaddrinfo(found);
	if (tcp->socket < 0)
		return -1;
	set_abort_socket(tcp, fcntl(tcp->socket, F_DUPFD_CLOEXEC, 0));
	/* The library takes its wait for activation for this, too. */
	setsockopt(
	    tcp->socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &network_timeout, sizeof(network_timeout));
	return tcp->socket;
}

void tcp_shut_down(struct tcp *tcp)
{
	pthread_mutex_lock(&tcp->mutex);
	if (tcp->abort_socket >= 0)
		shutdown(tcp->abort_socket, SHUT_RDWR);
	pthread_mutex_unlock(&tcp->mutex);
}

void tcp_reset(struct tcp *tcp)
{
	const struct linger linger = {.l_onoff = 1, .l_linger = 0};

	if (tcp->socket < 0)
		return;
	setsockopt(tcp->socket, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	shutdown(tcp->socket, SHUT_RDWR);
}
