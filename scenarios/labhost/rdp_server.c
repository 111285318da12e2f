/* Knows the listening socket, and the threads of all connections. */
#include "labhost/rdp.h"

#include <errno.h>
#include <malloc.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <winpr/winsock.h>
#include <winpr/wlog.h>

#include "labhost/connection.h"
#include "labhost/memory.h"
#include "driver/workarounds/workarounds.h"

#define PEER_STACK_SIZE (512 * 1024) /* measured to be plenty */
#define BACKLOG 1024
#define CROWD 64 /* connections whose memory is worth giving back */

LIST_HEAD(peers, peer);

struct rdp_server {
	struct rdp_server_options options;
	struct connection_environment environment;
	int fd;
	uint16_t port;
	uint64_t connections; /* so far */
	size_t count;         /* of those whose threads are not joined yet */
	size_t crowd;         /* the most that were there since memory was given back */
	size_t room;
	size_t refused;
	pthread_mutex_t mutex; /* guards the two lists */
	struct peers live;
	struct peers ended; /* their threads want to be joined */
};

static int listen_at(const struct addrinfo *address)
{
	const int on = 1;
	const int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	const int saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static bool server_listen(struct rdp_server *server, struct error *error)
{
	const struct rdp_server_options *options = &server->options;
	const struct addrinfo hints = {
	    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	struct sockaddr_storage bound;
	socklen_t size = sizeof(bound);
	struct addrinfo *address;
	char port[8];

	snprintf(port, sizeof(port), "%u", options->port);
	if (getaddrinfo(options->address, port, &hints, &address) != 0)
		return error_set(error, EXIT_USAGE, "--listen %s: must be a numeric IP address",
		    options->address);
	server->fd = listen_at(address);
	freeaddrinfo(address);
	if (server->fd < 0)
		return error_set(error, EXIT_TARGET, "listening on %s port %s: %s",
		    options->address, port, strerror(errno));
	if (getsockname(server->fd, (struct sockaddr *)&bound, &size) != 0)
		return error_set(
		    error, EXIT_TARGET, "asking for the listening port: %s", strerror(errno));
	server->port =
	    ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
	                                      : ((struct sockaddr_in *)&bound)->sin_port);
	return true;
}

static bool prepare_libraries(int log_level, struct error *error)
{
	WSADATA data;

	WLog_SetLogLevel(WLog_GetRoot(), (DWORD)log_level);
	if (WSAStartup(MAKEWORD(2, 2), &data) != 0)
		return error_set(error, EXIT_TARGET, "WinPR's sockets cannot be initialised");
	return workarounds_install(error);
}

static bool find_room(struct rdp_server *server, struct error *error)
{
	descriptors_raise();
	const size_t allowed = descriptors_connections();
	server->room = server->options.max_connections;
	if (allowed < server->room)
		server->room = allowed;
	if (server->room == 0)
		return error_set(error, EXIT_TARGET,
		    "the limit of open files leaves no room for a connection; raise it (ulimit "
		    "-n) to %u at least",
		    descriptors_needed(1));
	return true;
}

static void give_order(void *data, uint64_t connection, enum peer_order order)
{
	struct rdp_server *server = data;
	struct peer *peer;

	pthread_mutex_lock(&server->mutex);
	LIST_FOREACH(peer, &server->live, link)
	if (connection == 0 || peer->connection == connection)
		orders_give(&peer->orders, order);
	pthread_mutex_unlock(&server->mutex);
}

static bool make_settings(struct rdp_server *server, struct error *error)
{
	server->environment.settings =
	    rdp_settings_create(server->environment.certificate, &server->environment.options);
	return server->environment.settings ||
	       error_set(error, EXIT_TARGET, "FreeRDP takes no settings with this certificate");
}

struct rdp_server *rdp_server_create(struct lab *lab, const struct certificate *certificate,
    const struct rdp_server_options *options, struct error *error)
{
	struct rdp_server *server = memory_zeroed(1, sizeof(*server));

	server->options = *options;
	server->environment = (struct connection_environment){
	    .lab = lab, .certificate = certificate, .options = options->connection};
	server->fd = -1;
	lab->order = give_order;
	lab->order_data = server;
	pthread_mutex_init(&server->mutex, NULL);
	LIST_INIT(&server->live);
	LIST_INIT(&server->ended);
	if (!find_room(server, error) || !prepare_libraries(options->log_level, error) ||
	    !make_settings(server, error) || !server_listen(server, error)) {
		rdp_server_destroy(server);
		return NULL;
	}
	return server;
}

static void peer_destroy(struct peer *peer)
{
	orders_deinit(&peer->orders);
	free(peer);
}

/* Once a crowd has gone, and not between the few of every day, who would have to fetch it again. */
static void give_memory_back(struct rdp_server *server)
{
	if (server->count > 0 || server->crowd < CROWD)
		return;
	malloc_trim(0);
	server->crowd = 0;
}

void rdp_server_reap(struct rdp_server *server)
{
	pthread_mutex_lock(&server->mutex);
	while (!LIST_EMPTY(&server->ended)) {
		struct peer *peer = LIST_FIRST(&server->ended);
		LIST_REMOVE(peer, link);
		pthread_mutex_unlock(&server->mutex);
		pthread_join(peer->thread, NULL);
		peer_destroy(peer);
		server->count--;
		pthread_mutex_lock(&server->mutex);
	}
	pthread_mutex_unlock(&server->mutex);
	give_memory_back(server);
}

static void join_all(struct rdp_server *server)
{
	for (;;) {
		pthread_mutex_lock(&server->mutex);
		struct peer *peer = LIST_FIRST(&server->live);
		const pthread_t thread = peer ? peer->thread : pthread_self();
		pthread_mutex_unlock(&server->mutex);
		if (!peer)
			break;
		/* It moves to the other list when it ends; only this thread takes it from there. */
		pthread_join(thread, NULL);
		pthread_mutex_lock(&server->mutex);
		LIST_REMOVE(peer, link);
		pthread_mutex_unlock(&server->mutex);
		peer_destroy(peer);
	}
	rdp_server_reap(server);
}

void rdp_server_destroy(struct rdp_server *server)
{
	if (!server)
		return;
	give_order(server, 0, PEER_ORDER_STOP);
	join_all(server);
	server->environment.lab->order = NULL;
	if (server->fd >= 0)
		close(server->fd);
	pthread_mutex_destroy(&server->mutex);
	freerdp_settings_free(server->environment.settings);
	WSACleanup();
	free(server);
}

int rdp_server_fd(const struct rdp_server *server)
{
	return server->fd;
}

uint16_t rdp_server_port(const struct rdp_server *server)
{
	return server->port;
}

size_t rdp_server_room(const struct rdp_server *server)
{
	return server->room;
}

size_t rdp_server_refused(const struct rdp_server *server)
{
	return server->refused;
}

/* On the peer's thread. */
static void peer_ended(struct peer *peer, void *data)
{
	struct rdp_server *server = data;

	pthread_mutex_lock(&server->mutex);
	LIST_REMOVE(peer, link);
	LIST_INSERT_HEAD(&server->ended, peer, link);
	pthread_mutex_unlock(&server->mutex);
	lab_wake(server->environment.lab);
}

static bool peer_start(struct rdp_server *server, struct peer *peer)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, PEER_STACK_SIZE);
	/* Held until the thread is noted down, so that it cannot end unnoted. */
	pthread_mutex_lock(&server->mutex);
	const bool started = pthread_create(&peer->thread, &attributes, peer_main, peer) == 0;
	if (started)
		LIST_INSERT_HEAD(&server->live, peer, link);
	pthread_mutex_unlock(&server->mutex);
	pthread_attr_destroy(&attributes);
	return started;
}

static bool peer_accepted(struct rdp_server *server, int fd)
{
	if (server->count >= server->room)
		rdp_server_reap(server);
	if (server->count >= server->room)
		return false;
	struct peer *peer = memory_zeroed(1, sizeof(*peer));
	peer->ended = peer_ended;
	peer->ended_data = server;
	peer->environment = &server->environment;
	peer->fd = fd;
	if (!orders_init(&peer->orders, fd)) {
		free(peer);
		return false;
	}
	peer->connection = ++server->connections;
	if (!peer_start(server, peer)) {
		peer_destroy(peer);
		return false;
	}
	if (++server->count > server->crowd)
		server->crowd = server->count;
	return true;
}

void rdp_server_accept(struct rdp_server *server)
{
	int fd;

	while ((fd = accept4(server->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		if (!peer_accepted(server, fd)) {
			close(fd);
			server->refused++;
		}
}
