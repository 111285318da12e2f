/* leaklab-labhost-server, which is the verb `serve`: puts the parts together and runs the main loop. It is a program of its own, as the
 * libraries that speak RDP take longer to load than the other verbs to answer. */
#include "labhost/serve.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/secrets.h"
#include "common/streams.h"
#include "labhost/control.h"
#include "labhost/credentials.h"
#include "labhost/lab.h"
#include "labhost/labhost.h"
#include "labhost/rdp.h"

/* Each arena keeps as much as it once had: few of them, or a rare crowd of connections costs 9 MB for ever. */
static void keep_memory(void)
{
	mallopt(M_ARENA_MAX, 2);
}

struct host {
	struct stage stage;
	struct certificate certificate;
	struct lab *lab;
	struct rdp_server *server;
	struct control *control;
	int signals;
};

static int open_signals(struct error *error)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	/* Before the first thread, so that all of them have it. */
	sigprocmask(SIG_BLOCK, &set, NULL);
	const int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		error_set(error, EXIT_TARGET, "making a signal descriptor: %s", strerror(errno));
	return fd;
}

/* A name that is misspelt would leave the policy without effect. */
static bool check_policies(
    const struct policies *policies, const struct accounts *accounts, struct error *error)
{
	const char *const whose[] = {
	    policies->must_change, policies->expired, policies->temporary_profile};

	for (size_t i = 0; i < sizeof(whose) / sizeof(whose[0]); i++)
		if (whose[i] && *whose[i] && !accounts_find(accounts, whose[i], ""))
			return error_set(
			    error, EXIT_USAGE, "--policy: there is no account %s", whose[i]);
	return true;
}

static bool host_init(struct host *host, const struct serve_options *serve, struct error *error)
{
	*host = (struct host){.signals = -1};
	if (!stage_init(&host->stage, serve->dir, error))
		return false;
	host->signals = open_signals(error);
	if (host->signals < 0 || !certificate_init(&host->certificate, serve->host_name, error) ||
	    !certificate_write(&host->certificate, host->stage.certificate, host->stage.key, error))
		return false;
	struct accounts *accounts =
	    accounts_create(serve->domain, serve->accounts, serve->lockout, error);
	if (!accounts)
		return false;
	if ((serve->passwords_of && !accounts_share(accounts, serve->passwords_of, error)) ||
	    !check_policies(&serve->rdp.connection.policies, accounts, error)) {
		accounts_destroy(accounts);
		return false;
	}
	computer_name_set(serve->host_name);
	host->lab = lab_create(&serve->model, accounts, serve->host_name, error);
	if (!host->lab) {
		accounts_destroy(accounts);
		return false;
	}
	if (!accounts_write(accounts, host->stage.accounts, error))
		return false;
	host->server = rdp_server_create(host->lab, &host->certificate, &serve->rdp, error);
	if (!host->server)
		return false;
	host->control = control_create(host->lab, host->stage.control, error);
	return host->control != NULL;
}

static void host_deinit(struct host *host)
{
	control_destroy(host->control);
	rdp_server_destroy(host->server);
	lab_destroy(host->lab);
	certificate_deinit(&host->certificate);
	if (host->signals >= 0)
		close(host->signals);
	if (host->stage.path)
		stage_deinit(&host->stage);
}

static void say_ready(const struct host *host, const struct serve_options *serve)
{
	const bool six = strchr(serve->rdp.address, ':') != NULL;

	printf("address=%s%s%s:%u\n", six ? "[" : "", serve->rdp.address, six ? "]" : "",
	    rdp_server_port(host->server));
	printf("control=%s\n", host->stage.control);
	printf("accounts=%s\n", host->stage.accounts);
	printf("certificate=sha256:%s\n", host->certificate.fingerprint);
	puts("ready");
	fflush(stdout);
}

static void say_refused(const struct rdp_server *server)
{
	const size_t room = rdp_server_room(server);

	fprintf(stderr, LABHOST_PROGRAM ": turning clients away: no more than %zu at once%s\n",
	    room,
	    room < SESSIONS_AT_ONCE ? " with this limit of open files; raise it with ulimit -n"
	                            : "");
}

/* Until a signal says that it is enough. */
static void run(struct host *host)
{
	struct pollfd fds[] = {
	    {.fd = host->signals, .events = POLLIN},
	    {.fd = rdp_server_fd(host->server), .events = POLLIN},
	    {.fd = control_fd(host->control), .events = POLLIN},
	    {.fd = host->lab->wake, .events = POLLIN},
	};
	bool told = false;
	eventfd_t news;

	for (;;) {
		const int timeout = lab_run_due(host->lab);

		if (poll(fds, sizeof(fds) / sizeof(fds[0]), timeout) < 0)
			continue;
		if (fds[0].revents)
			return;
		if (fds[3].revents)
			eventfd_read(host->lab->wake, &news);
		if (fds[1].revents)
			rdp_server_accept(host->server);
		rdp_server_reap(host->server);
		if (!told && rdp_server_refused(host->server) > 0) {
			say_refused(host->server);
			told = true;
		}
		if (fds[2].revents)
			control_run(host->control);
		control_tell_events(host->control);
	}
}

int main(int argc, char **argv)
{
	struct serve_options serve;
	struct error error;
	struct host host;
	int code = EXIT_CLEAN;

	streams_hold();
	secrets_hide();
	argp_err_exit_status = EXIT_USAGE;
	serve_options_parse(&serve, argc, argv);
	keep_memory();
	if (host_init(&host, &serve, &error)) {
		say_ready(&host, &serve);
		run(&host);
	} else {
		code = error_print(&error, LABHOST_PROGRAM);
	}
	host_deinit(&host);
	return code;
}
