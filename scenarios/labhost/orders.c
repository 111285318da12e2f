/* Knows how a connection's thread hears of an order while it sleeps or reads. */
#include "labhost/lab.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

bool orders_init(struct orders *orders, int fd)
{
	const int wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	if (wake < 0)
		return false;
	pthread_mutex_init(&orders->mutex, NULL);
	orders->fd = fd;
	orders->wake = wake;
	atomic_init(&orders->order, PEER_ORDER_NONE);
	return true;
}

void orders_deinit(struct orders *orders)
{
	close(orders->wake);
	pthread_mutex_destroy(&orders->mutex);
}

void orders_give(struct orders *orders, enum peer_order order)
{
	int none = PEER_ORDER_NONE;

	/* The first order stands: a session that was logged off is not displaced afterwards. */
	if (order != PEER_ORDER_STOP && order != PEER_ORDER_DROP)
		atomic_compare_exchange_strong(&orders->order, &none, (int)order);
	else
		atomic_store(&orders->order, (int)order);
	/* FreeRDP's server reads the handshake without looking at any event: end its reading. */
	pthread_mutex_lock(&orders->mutex);
	if (orders->fd >= 0 && order == PEER_ORDER_DROP)
		shutdown(orders->fd, SHUT_RDWR);
	else if (orders->fd >= 0 && order == PEER_ORDER_STOP)
		shutdown(orders->fd, SHUT_RD);
	pthread_mutex_unlock(&orders->mutex);
	eventfd_write(orders->wake, 1);
}

enum peer_order orders_standing(const struct orders *orders)
{
	return (enum peer_order)atomic_load(&orders->order);
}

void orders_wait(const struct orders *orders)
{
	struct pollfd fds[2] = {
	    {.fd = orders->wake, .events = POLLIN}, {.fd = orders->fd, .events = POLLRDHUP}};

	while (poll(fds, 2, -1) < 0)
		;
}

void orders_close(struct orders *orders)
{
	pthread_mutex_lock(&orders->mutex);
	orders->fd = -1;
	pthread_mutex_unlock(&orders->mutex);
}
