/* leaklab-worker: plays cycles of a run. Knows threads: one per slot, and the main thread, which takes orders and watches over connects that hang. */
#include "driver/rdp/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/secrets.h"
#include "common/streams.h"
#include "common/timestamp.h"
#include "driver/rdp/cycle.h"
#include "driver/rdp/rdp.h"
#include "driver/rdp/workload.h"

#define SLOT_STACK (512 * 1024)
#define ABORT_AGAIN INT64_C(100000) /* microseconds */

struct slot {
	pthread_t thread;
	pthread_mutex_t mutex; /* for all below */
	pthread_cond_t changed;
	struct order order;
	bool has_order;
	bool leaving;
	struct rdp *connecting; /* may be aborted */
	int64_t deadline;       /* of the connect, monotonic; 0: none */
	bool overdue;           /* it was over once */
	const struct setup *setup;
	int wake; /* eventfd of the main thread: there is a new deadline */
};

struct worker {
	struct setup setup;
	struct slot **slots; /* by the number of the slot, as far as one had an order here */
	size_t slot_count;
	int wake;
};

static void tell(const struct report *report)
{
	const size_t size =
	    report->output[0][0] || report->output[1][0] ? sizeof(*report) : REPORT_WITHOUT_OUTPUT;

	/* If the supervisor is gone the main thread sees it too; there is nobody to tell. */
	while (send(WORKER_SOCKET, report, size, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

/* Locked. */
static void set_deadline(struct slot *slot)
{
	slot->deadline = timestamp_monotonic() + slot->setup->connect_timeout;
	slot->overdue = false;
}

static void note_connecting(void *data, struct rdp *rdp)
{
	struct slot *slot = data;

	pthread_mutex_lock(&slot->mutex);
	slot->connecting = rdp;
	const bool unexpected = rdp && slot->deadline == 0; /* redirected: not by an order */
	if (unexpected)
		set_deadline(slot);
	if (!rdp)
		slot->deadline = 0;
	pthread_mutex_unlock(&slot->mutex);
	if (unexpected)
		eventfd_write(slot->wake, 1);
}

static void note_session(void *data, const struct report *report)
{
	(void)data;
	tell(report);
}

static void *slot_main(void *data)
{
	struct slot *slot = data;
	const struct cycle_watch watch = {note_connecting, note_session, note_session, slot};

	for (;;) {
		struct report report;
		struct order order;

		pthread_mutex_lock(&slot->mutex);
		while (!slot->has_order && !slot->leaving)
			pthread_cond_wait(&slot->changed, &slot->mutex);
		if (!slot->has_order) {
			pthread_mutex_unlock(&slot->mutex);
			return NULL;
		}
		order = slot->order;
		slot->has_order = false;
		explicit_bzero(slot->order.password, sizeof(slot->order.password));
		pthread_mutex_unlock(&slot->mutex);
		if (slot->setup->workload[0])
			workload_run(slot->setup, &order, &watch, &report);
		else
			cycle_play(slot->setup, &order, &watch, &report);
		explicit_bzero(order.password, sizeof(order.password));
		tell(&report);
	}
}

static struct slot *slot_create(const struct worker *worker)
{
	struct slot *slot = calloc(1, sizeof(*slot));
	pthread_attr_t attributes;
	bool started;

	if (!slot)
		return NULL;
	slot->setup = &worker->setup;
	slot->wake = worker->wake;
	pthread_mutex_init(&slot->mutex, NULL);
	pthread_cond_init(&slot->changed, NULL);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, SLOT_STACK);
	started = pthread_create(&slot->thread, &attributes, slot_main, slot) == 0;
	pthread_attr_destroy(&attributes);
	if (started)
		return slot;
	pthread_cond_destroy(&slot->changed);
	pthread_mutex_destroy(&slot->mutex);
	free(slot);
	return NULL;
}

static void slot_destroy(struct slot *slot)
{
	if (!slot)
		return;
	pthread_mutex_lock(&slot->mutex);
	slot->leaving = true;
	pthread_cond_signal(&slot->changed);
	pthread_mutex_unlock(&slot->mutex);
	pthread_join(slot->thread, NULL);
	pthread_cond_destroy(&slot->changed);
	pthread_mutex_destroy(&slot->mutex);
	free(slot);
}

static struct slot *find_slot(struct worker *worker, uint32_t number)
{
	if (number >= worker->slot_count) {
		struct slot **grown = realloc(worker->slots, (number + 1) * sizeof(struct slot *));
		if (!grown)
			return NULL;
		memset(grown + worker->slot_count, 0,
		    (number + 1 - worker->slot_count) * sizeof(struct slot *));
		worker->slots = grown;
		worker->slot_count = number + 1;
	}
	if (!worker->slots[number])
		worker->slots[number] = slot_create(worker);
	return worker->slots[number];
}

static void give_order(struct worker *worker, const struct order *order)
{
	struct slot *slot = find_slot(worker, order->slot);
	struct report refusal = {.cycle = order->cycle,
	    .slot = order->slot,
	    .done = true,
	    .started = timestamp_now(),
	    .logged_on = TIMESTAMP_UNKNOWN,
	    .ended = timestamp_now(),
	    .session_id = NUMBER_UNKNOWN,
	    .error_info = NUMBER_UNKNOWN,
	    .host_clock_offset = NUMBER_UNKNOWN,
	    .result = CYCLE_FAILED,
	    .failed_phase = PHASE_TCP,
	    .account = ACCOUNT_UNTRIED,
	    .code = "THREAD",
	    .message = "the driver could not start another thread; use fewer slots"};

	if (!slot) {
		for (int phase = 0; phase < PHASE_COUNT; phase++)
			refusal.phase_us[phase] = NUMBER_UNKNOWN;
		tell(&refusal);
		return;
	}
	pthread_mutex_lock(&slot->mutex);
	slot->order = *order;
	slot->has_order = true;
	set_deadline(slot);
	pthread_cond_signal(&slot->changed);
	pthread_mutex_unlock(&slot->mutex);
}

/* Ends connects that take too long: freerdp_connect() has no time-out of its own. Returns milliseconds to the next
 * deadline, -1 for none. */
static int watch_connects(struct worker *worker)
{
	const int64_t now = timestamp_monotonic();
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < worker->slot_count; i++) {
		struct slot *slot = worker->slots[i];
		if (!slot)
			continue;
		pthread_mutex_lock(&slot->mutex);
		if (slot->deadline && slot->deadline <= now && slot->connecting) {
			/* At the second look: after a stop of this process the answer may be there, and only be unread. */
			if (slot->overdue)
				rdp_abort(slot->connecting);
			slot->overdue = true;
			slot->deadline = now + ABORT_AGAIN;
		}
		if (slot->deadline && slot->deadline < next)
			next = slot->deadline;
		pthread_mutex_unlock(&slot->mutex);
	}
	if (next == INT64_MAX)
		return -1;
	return next > now ? (int)((next - now) / 1000 + 1) : 10;
}

/* Waits for news, until the next deadline at the longest. A wait that takes much longer than that is reported: stopped, suspended, or starved, this
 * process has kept cycles waiting, and not the host. */
static bool wait_for_news(struct pollfd fds[2], int timeout)
{
	const int longest = LOOK_EVERY / 1000;
	const int most = timeout < 0 || timeout > longest ? longest : timeout;
	const int64_t due = timestamp_monotonic() + most * INT64_C(1000);
	const bool news = poll(fds, 2, most) > 0;
	const struct report report = {.stalled = timestamp_monotonic() - due};

	if (report.stalled > STALL_LEAST)
		tell(&report);
	return news;
}

static bool is_connecting(const struct worker *worker)
{
	bool connecting = false;

	for (size_t i = 0; i < worker->slot_count && !connecting; i++) {
		struct slot *slot = worker->slots[i];
		if (!slot)
			continue;
		pthread_mutex_lock(&slot->mutex);
		connecting = slot->has_order || slot->connecting;
		pthread_mutex_unlock(&slot->mutex);
	}
	return connecting;
}

static bool receive_setup(struct setup *setup)
{
	ssize_t got;

	while ((got = recv(WORKER_SOCKET, setup, sizeof(*setup), 0)) < 0 && errno == EINTR)
		;
	return got == (ssize_t)sizeof(*setup);
}

/* False when the supervisor's end has closed. */
static bool take_orders(struct worker *worker)
{
	struct order order;
	ssize_t got;

	while ((got = recv(WORKER_SOCKET, &order, sizeof(order), MSG_DONTWAIT)) ==
	       (ssize_t)sizeof(order)) {
		if (order.kind == ORDER_LOG_OFF_ALL)
			rdp_stop_all();
		else
			give_order(worker, &order);
		explicit_bzero(&order, sizeof(order));
	}
	return got < 0 && (errno == EAGAIN || errno == EINTR);
}

static void tune(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	signal(SIGPIPE, SIG_IGN);
	/* The terminal's Ctrl-C and its end are the supervisor's to act upon. */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	fcntl(WORKER_SOCKET, F_SETFD, FD_CLOEXEC);
}

int main(int argc, char **argv)
{
	struct worker worker = {0};
	struct error error;
	struct pollfd fds[2] = {{.fd = WORKER_SOCKET, .events = POLLIN}, {.events = POLLIN}};
	eventfd_t news;
	int timeout = -1;

	if (argc != 2 || strcmp(argv[1], "worker") != 0) {
		fputs(WORKER_PROGRAM " is a part of leaklab: leaklab --help\n", stderr);
		return EXIT_USAGE;
	}
	streams_hold();
	secrets_hide();
	prctl(PR_SET_NAME, WORKER_PROGRAM); /* execveat(2) made it a number */
	tune();
	if (!rdp_init(&error))
		return error_print(&error, "leaklab worker");
	if (!receive_setup(&worker.setup))
		return EXIT_USAGE;
	timestamp_anchor_as(worker.setup.clock_anchor);
	fds[1].fd = worker.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker.wake < 0)
		return EXIT_TARGET;
	for (;;) {
		if (wait_for_news(fds, timeout)) {
			if (fds[1].revents)
				eventfd_read(worker.wake, &news);
			if (fds[0].revents && !take_orders(&worker))
				break;
		}
		timeout = watch_connects(&worker);
	}
	/* The supervisor is gone or done: whoever is still on is logged off, connects end by their time-out, and commands now. */
	rdp_stop_all();
	workload_stop_all();
	while (is_connecting(&worker)) {
		watch_connects(&worker);
		poll(NULL, 0, ABORT_AGAIN / 1000);
	}
	for (size_t i = 0; i < worker.slot_count; i++)
		slot_destroy(worker.slots[i]);
	free(worker.slots);
	close(worker.wake);
	rdp_deinit();
	explicit_bzero(&worker.setup, sizeof(worker.setup));
	return EXIT_CLEAN;
}
