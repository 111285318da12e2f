/* What the control socket promises its clients. */
#include "tests/unit/unit.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "labhost/control.h"

struct world {
	char *directory;
	char *path;
	struct lab *lab;
	struct control *control;
};

static void world_init(struct world *world)
{
	const struct model_options options = {
	    .time_scale = 1, .late_holders = 3, .max_sessions = 10, .seed = 1};
	struct error error;
	struct accounts *accounts = accounts_create("LAB", 1, 0, &error);

	assert_non_null(accounts);
	world->directory = unit_directory();
	world->path = strdup(unit_path(world->directory, "control.sock"));
	world->lab = lab_create(&options, accounts, "LABHOST", &error);
	assert_non_null(world->lab);
	world->control = control_create(world->lab, world->path, &error);
	assert_non_null(world->control);
}

static void world_deinit(struct world *world)
{
	control_destroy(world->control);
	lab_destroy(world->lab);
	free(world->path);
	unit_remove_directory(world->directory);
}

static int dial(const struct world *world)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, world->path, sizeof(address.sun_path) - 1);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Serves until the client has been hung up on; returns how many of its answers end well. */
static size_t count_answers(const struct world *world, int fd)
{
	struct pollfd fds[] = {
	    {.fd = fd, .events = POLLIN}, {.fd = control_fd(world->control), .events = POLLIN}};
	char text[65536];
	char last = '\n';
	size_t count = 0;

	for (;;) {
		assert_true(poll(fds, 2, 5000) > 0);
		if (fds[1].revents)
			control_run(world->control);
		if (!fds[0].revents)
			continue;
		const ssize_t got = recv(fd, text, sizeof(text), 0);
		assert_true(got >= 0);
		if (got == 0)
			return count;
		for (ssize_t i = 0; i < got; i++) {
			count += last == '\n' && text[i] == 'O'; /* OK; all else begins otherwise */
			last = text[i];
		}
	}
}

static void client_that_has_said_all_gets_every_answer(void **state)
{
	static const char request[] = "SHOW what=snapshot\n";
	const size_t length = strlen(request);
	char all[300 * sizeof(request)];
	struct world world;
	(void)state;

	world_init(&world);
	const int fd = dial(&world);
	/* Some megabytes of answers, more than a socket takes at once. The requests go in one piece: nobody reads yet,
	 * and the kernel counts small pieces as large ones. */
	for (size_t i = 0; i < 300; i++)
		memcpy(all + i * length, request, length);
	assert_int_equal(write(fd, all, 300 * length), 300 * length);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	assert_int_equal(count_answers(&world, fd), 300);
	close(fd);
	world_deinit(&world);
}

static void process_of_a_client_ends_with_its_connection(void **state)
{
	static const char request[] = "HELLO image=leaker.exe\n";
	const struct nt_process *process;
	struct world world;
	(void)state;

	world_init(&world);
	const int fd = dial(&world);
	assert_int_equal(write(fd, request, strlen(request)), strlen(request));
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	assert_int_equal(count_answers(&world, fd), 1);
	TAILQ_FOREACH(process, model_processes(world.lab->model), link)
	assert_string_not_equal(process->image, "leaker.exe");
	close(fd);
	world_deinit(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    unit_test(client_that_has_said_all_gets_every_answer),
	    unit_test(process_of_a_client_ends_with_its_connection),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
