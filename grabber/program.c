#include "grabber/program.h"

#include <stdio.h>
#include <stdlib.h>

#include "grabber/core.h"
#include "grabber/port.h"

#define LOGONS_AT_START 4096

struct journal {
	FILE *file;
	bool quiet;
};

static void log_line(void *data, const char *line)
{
	const struct journal *journal = data;

	if (!journal->quiet)
		fprintf(journal->file, "leaklab-grabber: %s\n", line);
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

static int watch(
    struct grabber *grabber, struct port *port, const struct options *options, FILE *log)
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
				    "leaklab-grabber: asked to release, but run without --release\n",
				    log);
			break;
		case PORT_STOP:
			if (options->release)
				grabber_release(grabber);
			return EXIT_CLEAN;
		case PORT_LOST:
			fprintf(log, "leaklab-grabber: %s\n", port_error(port));
			return EXIT_TARGET;
		}
	}
}

static void print_summary(const struct grabber_counts *counts, FILE *log)
{
	fprintf(log,
	    "leaklab-grabber: %llu logons, %llu grabbed, %llu missed, %llu over the limit; %llu "
	    "duplicates, "
	    "%llu closed, %zu held\n",
	    (unsigned long long)counts->logons, (unsigned long long)counts->grabbed,
	    (unsigned long long)counts->missed, (unsigned long long)counts->capped,
	    (unsigned long long)counts->duplicates, (unsigned long long)counts->closed,
	    counts->held);
}

int program_run(const struct options *options, const char *where, FILE *log)
{
	char error[PORT_ERROR_SIZE];
	struct journal journal = {log, options->quiet};
	int code = EXIT_TARGET;
	struct port *port = port_open(where, options->image, error);

	if (!port) {
		fprintf(log, "leaklab-grabber: %s\n", error);
		return EXIT_TARGET;
	}
	const char *refusal = port_refuses(port, options->grabber.what, options->grabber.how);
	if (refusal) {
		fprintf(log, "leaklab-grabber: %s\n", refusal);
		port_close_all(port);
		return EXIT_USAGE;
	}
	struct grabber *grabber = grabber_create(&options->grabber, port, log_line, &journal);
	if (grabber && look_around(grabber, port, options->existing)) {
		printf("pid=%llu\nready\n", (unsigned long long)port_pid(port));
		fflush(stdout);
		code = watch(grabber, port, options, log);
		print_summary(grabber_counts(grabber), log);
	}
	grabber_destroy(grabber);
	port_close_all(port);
	return code;
}
