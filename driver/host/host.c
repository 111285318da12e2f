/* Knows the host's address: how it is written, and whether it answers. */
#include "driver/host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/timestamp.h"

#define LOOK_AGAIN INT64_C(100000) /* microseconds between two looks whether the patience is over */

/* One question to the resolver, on a thread of its own: getaddrinfo() has no time-out, and cannot be ended. Who comes last frees it. */
struct lookup {
	pthread_mutex_t mutex; /* for all below */
	pthread_cond_t changed;
	unsigned users;
	bool done;
	int result;
	struct addrinfo *found; /* until it is fetched */
	char host[256];
	char service[8];
};

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

static bool is_over(const struct patience *patience)
{
	return patience && patience->is_over(patience->data);
}

bool host_wait(int fd, short events, int64_t deadline, const struct patience *patience)
{
	struct pollfd pollfd = {.fd = fd, .events = events};
	int64_t left;

	while ((left = deadline - timestamp_monotonic()) > 0 && !is_over(patience))
		if (poll(&pollfd, 1, (int)((left < LOOK_AGAIN ? left : LOOK_AGAIN) / 1000)) == 1)
			return true;
	return false;
}

/* A connected socket, blocking; -1: *why is the errno of the attempt. */
static int try_address(
    const struct addrinfo *info, int64_t timeout, const struct patience *patience, int *why)
{
	const int fd = socket(
	    info->ai_family, info->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, info->ai_protocol);
	socklen_t length = sizeof(int);

	*why = fd < 0 ? errno : 0;
	if (fd >= 0 && connect(fd, info->ai_addr, info->ai_addrlen) < 0) {
		*why = errno;
		if (*why == EINPROGRESS) {
			if (host_wait(fd, POLLOUT, timestamp_monotonic() + timeout, patience))
				getsockopt(fd, SOL_SOCKET, SO_ERROR, why, &length);
			else
				*why = ETIMEDOUT;
		}
	}
	if (*why == 0 && fcntl(fd, F_SETFL, 0) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int look_up(const char *host, const char *service, int flags, struct addrinfo **found)
{
	const struct addrinfo hints = {
	    .ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};

	return getaddrinfo(host, service, &hints, found);
}

/* Takes the lock with it. */
static void lookup_leave(struct lookup *lookup)
{
	const bool last = --lookup->users == 0;

	pthread_mutex_unlock(&lookup->mutex);
	if (!last)
		return;
	if (lookup->found)
		freeaddrinfo(lookup->found);
	pthread_cond_destroy(&lookup->changed);
	pthread_mutex_destroy(&lookup->mutex);
	free(lookup);
}

static void *lookup_main(void *data)
{
	struct lookup *lookup = data;
	struct addrinfo *found = NULL;
	const int result = look_up(lookup->host, lookup->service, 0, &found);

	pthread_mutex_lock(&lookup->mutex);
	lookup->result = result;
	lookup->found = result == 0 ? found : NULL;
	lookup->done = true;
	pthread_cond_signal(&lookup->changed);
	lookup_leave(lookup);
	return NULL;
}

static struct lookup *lookup_start(const char *host, const char *service)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));
	pthread_attr_t detached;
	pthread_t thread;

	if (!lookup)
		return NULL;
	snprintf(lookup->host, sizeof(lookup->host), "%s", host);
	snprintf(lookup->service, sizeof(lookup->service), "%s", service);
	pthread_mutex_init(&lookup->mutex, NULL);
	pthread_cond_init(&lookup->changed, NULL);
	lookup->users = 2;
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	const bool started = pthread_create(&thread, &detached, lookup_main, lookup) == 0;
	pthread_attr_destroy(&detached);
	if (started)
		return lookup;
	lookup->users = 1;
	pthread_mutex_lock(&lookup->mutex);
	lookup_leave(lookup);
	return NULL;
}

/* The condition's clock is the wall clock, which may be set: short waits. */
static void lookup_wait(struct lookup *lookup, int64_t deadline, const struct patience *patience)
{
	while (!lookup->done && timestamp_monotonic() < deadline && !is_over(patience)) {
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += LOOK_AGAIN * 1000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&lookup->changed, &lookup->mutex, &until);
	}
}

enum resolving host_resolve(const char *host, uint16_t port, int64_t deadline,
    const struct patience *patience, struct addrinfo **found, struct error *error)
{
	const int64_t start = timestamp_monotonic();
	enum resolving resolving = RESOLVED_TO_NOTHING;
	struct lookup *lookup;
	char service[8];

	snprintf(service, sizeof(service), "%u", port);
	if (look_up(host, service, AI_NUMERICHOST, found) == 0)
		return RESOLVED;
	lookup = lookup_start(host, service);
	if (!lookup) {
		error_memory(error);
		return resolving;
	}
	pthread_mutex_lock(&lookup->mutex);
	lookup_wait(lookup, deadline, patience);
	if (!lookup->done) {
		resolving = RESOLVED_TOO_LATE;
		error_set(error, EXIT_TARGET,
		    "the name %.200s is not resolved after %.1f s; is the name server reachable?",
		    host, (double)(timestamp_monotonic() - start) / 1e6);
	} else if (lookup->result != 0) {
		error_set(error, EXIT_TARGET, "the name %.200s does not resolve (%s)", host,
		    gai_strerror(lookup->result));
	} else {
		resolving = RESOLVED;
		*found = lookup->found;
		lookup->found = NULL;
	}
	lookup_leave(lookup);
	return resolving;
}

static void note_address(struct host_connection *out, const struct addrinfo *info)
{
	if (getnameinfo(info->ai_addr, info->ai_addrlen, out->address, sizeof(out->address), NULL,
	        0, NI_NUMERICHOST) != 0)
		out->address[0] = '\0';
}

bool host_connect(const char *host, uint16_t port, int64_t timeout, const struct patience *patience,
    struct host_connection *out, struct error *error)
{
	const int64_t start = timestamp_monotonic();
	struct addrinfo *found;
	int why = 0;

	*out = (struct host_connection){
	    .fd = -1, .resolved = NUMBER_UNKNOWN, .connected = NUMBER_UNKNOWN};
	if (host_resolve(host, port, start + timeout, patience, &found, error) != RESOLVED)
		return error_prefix(error, "host.address");
	out->resolved = timestamp_monotonic() - start;
	for (const struct addrinfo *info = found; info && out->fd < 0; info = info->ai_next) {
		out->fd = try_address(info, timeout, patience, &why);
		note_address(out, info);
	}
	freeaddrinfo(found);
	out->connected = timestamp_monotonic() - start - out->resolved;
	return out->fd >= 0 ||
	       error_set(error, EXIT_TARGET,
	           "host %s port %u: %s; is the Remote Desktop service running there, and the port open?",
	           host, port, strerror(why));
}

bool host_probe(const char *host, uint16_t port, int64_t timeout, const struct patience *patience,
    struct error *error)
{
	struct host_connection connection;

	if (!host_connect(host, port, timeout, patience, &connection, error))
		return false;
	close(connection.fd);
	return true;
}
