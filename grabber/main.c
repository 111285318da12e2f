/* leaklab-grabber: the reference leaker. */
#include <stdio.h>
#include <stdlib.h>

#include "grabber/core.h"
#include "grabber/options.h"
#include "grabber/port.h"

#define EXIT_CLEAN 0
#define EXIT_USAGE 2
#define EXIT_TARGET 4
#define LOGONS_AT_START 4096

static void log_line(void *data, const char *line)
{
	const bool *quiet = data;

	if (!*quiet)
		fprintf(stderr, "leaklab-grabber: %s\n", line);
}

static int usage_error(const char *text)
{
	fprintf(stderr, "leaklab-grabber: %s\n", text);
	return EXIT_USAGE;
}

/* Those who were logged on before: dealt with, or only known, so that a late word of them is no new logon. */
static bool look_around(struct grabber *grabber, struct port *port, bool existing)
{
	struct logon *logons = calloc(LOGONS_AT_START, sizeof(*logons));

	if (!logons)
		return false;
	size_t count = port_logons(port, logons, LOGONS_AT_START);
	for (size_t i = 0; i < count && i < LOGONS_AT_START; i++)
		if (existing)
			grabber_logon(grabber, &logons[i]);
		else
			grabber_ignore(grabber, &logons[i]);
	free(logons);
	return true;
}

static int watch(struct grabber *grabber, struct port *port, const struct options *options)
{
	struct logon logon;

	for (;;) {
		switch (port_wait(port, &logon)) {
		case PORT_LOGON:
			grabber_logon(grabber, &logon);
			break;
		case PORT_LOGOFF:
			grabber_logoff(grabber, logon.session);
			break;
		case PORT_RELEASE:
			if (options->release)
				grabber_release(grabber);
			else
				fputs(
				    "leaklab-grabber: asked to let go, but run without --release\n",
				    stderr);
			break;
		case PORT_STOP:
			if (options->release)
				grabber_release(grabber);
			return EXIT_CLEAN;
		case PORT_LOST:
			fprintf(stderr, "leaklab-grabber: %s\n", port_error(port));
			return EXIT_TARGET;
		}
	}
}

static void print_summary(const struct grabber_counts *counts)
{
	fprintf(stderr,
	    "leaklab-grabber: %llu logons, %llu grabbed, %llu missed, %llu over the limit; %llu "
	    "duplicates, "
	    "%llu closed, %zu held\n",
	    (unsigned long long)counts->logons, (unsigned long long)counts->grabbed,
	    (unsigned long long)counts->missed, (unsigned long long)counts->capped,
	    (unsigned long long)counts->duplicates, (unsigned long long)counts->closed,
	    counts->held);
}

static int run(const struct options *options, const char *where)
{
	char error[PORT_ERROR_SIZE];
	bool quiet = options->quiet;
	int code = EXIT_TARGET;
	struct port *port = port_open(where, error);

	if (!port) {
		fprintf(stderr, "leaklab-grabber: %s\n", error);
		return EXIT_TARGET;
	}
	struct grabber *grabber = grabber_create(&options->grabber, port, log_line, &quiet);
	if (grabber && look_around(grabber, port, options->existing)) {
		printf("pid=%llu\nready\n", (unsigned long long)port_pid(port));
		fflush(stdout);
		code = watch(grabber, port, options);
		print_summary(grabber_counts(grabber));
	}
	grabber_destroy(grabber);
	port_close_all(port);
	return code;
}

int main(int argc, char **argv)
{
	struct options options;
	char error[256];

	if (!options_parse(argc, argv, &options, error))
		return usage_error(error);
	if (options.help || options.version) {
		if (options.help)
			options_help(stdout);
		else
			puts("leaklab-grabber " LEAKLAB_VERSION);
		return EXIT_CLEAN;
	}
	if (!options.lab)
		return usage_error(
		    "this leaks: on a real host every logon it sees keeps a logon session and its "
		    "session ID taken until it ends. Say --lab if that is what this host is for");
	const char *where = options.control ? options.control : getenv("LAB_CONTROL");
	if (!where || !*where)
		return usage_error("which lab host? Say --control PATH, or set LAB_CONTROL");
	return run(&options, where);
}
