/* What a connection hears from others, and how many connections there can be. */
#include "tests/unit/unit.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "labhost/lab.h"
#include "labhost/rdp.h"

static void dial(struct orders *orders, int ends[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_true(orders_init(orders, ends[0]));
}

static void hang_up(struct orders *orders, const int ends[2])
{
	orders_deinit(orders);
	close(ends[0]);
	close(ends[1]);
}

static void first_order_stands_but_for_the_hosts_own_end(void **state)
{
	struct orders orders;
	int ends[2];
	(void)state;

	dial(&orders, ends);
	assert_int_equal(orders_standing(&orders), PEER_ORDER_NONE);
	orders_give(&orders, PEER_ORDER_LOGGED_OFF);
	orders_give(&orders, PEER_ORDER_DISPLACED);
	assert_int_equal(orders_standing(&orders), PEER_ORDER_LOGGED_OFF);
	orders_wait(&orders); /* comes back at once */
	orders_give(&orders, PEER_ORDER_STOP);
	assert_int_equal(orders_standing(&orders), PEER_ORDER_STOP);
	hang_up(&orders, ends);
}

static void stop_ends_a_read_that_is_under_way(void **state)
{
	struct orders orders;
	int ends[2];
	char byte;
	(void)state;

	dial(&orders, ends);
	orders_give(&orders, PEER_ORDER_STOP);
	assert_int_equal(recv(ends[0], &byte, 1, 0), 0);
	assert_int_equal(send(ends[0], "x", 1, MSG_NOSIGNAL), 1); /* there are last words to say */
	hang_up(&orders, ends);
}

static void order_after_the_close_leaves_the_socket_alone(void **state)
{
	struct orders orders;
	int ends[2];
	char byte;
	(void)state;

	dial(&orders, ends);
	orders_close(&orders);
	orders_give(&orders, PEER_ORDER_DROP); /* the number may be another connection's by now */
	assert_int_equal(send(ends[1], "x", 1, MSG_NOSIGNAL), 1);
	assert_int_equal(recv(ends[0], &byte, 1, 0), 1);
	hang_up(&orders, ends);
}

static void limit_of_open_files_bounds_the_connections(void **state)
{
	struct rlimit saved;
	(void)state;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &saved), 0);
	for (unsigned connections = 0; connections < 4; connections++) {
		const struct rlimit limit = {descriptors_needed(connections), saved.rlim_max};
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		assert_int_equal(descriptors_connections(), connections);
	}
	const struct rlimit tiny = {30, saved.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tiny), 0);
	assert_int_equal(descriptors_connections(), 0);
	descriptors_raise();
	assert_true(descriptors_connections() > 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &saved), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(first_order_stands_but_for_the_hosts_own_end),
	    unit_test(stop_ends_a_read_that_is_under_way),
	    unit_test(order_after_the_close_leaves_the_socket_alone),
	    unit_test(limit_of_open_files_bounds_the_connections),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
