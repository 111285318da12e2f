/* Knows how lines get out by a thread of their own, which alone may wait for the reader. */
#include "driver/monitor/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/duration.h"

#define BYTES_MOST ((size_t)16 << 20)

struct line {
	struct line *next;
	char *text;
	size_t length;
};

static struct {
	pthread_t thread;
	pthread_mutex_t mutex; /* for all below */
	pthread_cond_t changed;
	struct line *first, **end;
	size_t bytes;
	unsigned long long lost;
	bool open, writing, closing, broken;
	int fd;
} outlet = {
    .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .end = &outlet.first};

static bool write_all(const char *bytes, size_t length)
{
	while (length > 0) {
		const ssize_t written = write(outlet.fd, bytes, length);
		if (written < 0 && errno != EINTR)
			return false;
		bytes += written > 0 ? written : 0;
		length -= written > 0 ? (size_t)written : 0;
	}
	return true;
}

static void free_line(struct line *line)
{
	free(line->text);
	free(line);
}

static void *write_lines(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&outlet.mutex);
	for (;;) {
		while (!outlet.first && !outlet.closing)
			pthread_cond_wait(&outlet.changed, &outlet.mutex);
		struct line *line = outlet.first;
		if (!line)
			break;
		outlet.first = line->next;
		if (!outlet.first)
			outlet.end = &outlet.first;
		outlet.writing = true;
		pthread_mutex_unlock(&outlet.mutex);
		const bool good = write_all(line->text, line->length);
		pthread_mutex_lock(&outlet.mutex);
		outlet.writing = false;
		outlet.broken |= !good;
		outlet.bytes -= line->length;
		free_line(line);
		pthread_cond_broadcast(&outlet.changed);
	}
	pthread_mutex_unlock(&outlet.mutex);
	return NULL;
}

bool outlet_open(const char *path, struct error *error)
{
	sigset_t all, before;

	outlet.fd = strcmp(path, "-") == 0
	                ? STDOUT_FILENO
	                : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (outlet.fd < 0)
		return error_set(error, EXIT_USAGE, "events: %s: %s", path, strerror(errno));

	/* Signals are for the main thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	outlet.open = pthread_create(&outlet.thread, NULL, write_lines, NULL) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return outlet.open ||
	       error_set(error, EXIT_TARGET, "no thread could be started for the events");
}

/* The line with its newline, and before it how many were lost. NULL: memory is out. */
static struct line *make_line(const char *text)
{
	struct line *line = calloc(1, sizeof *line);
	char lost[80] = "";
	int length;

	if (outlet.lost)
		snprintf(
		    lost, sizeof lost, "{\"event\":\"events-lost\",\"count\":%llu}\n", outlet.lost);
	length = line ? asprintf(&line->text, "%s%s\n", lost, text) : -1;
	if (length < 0) {
		free(line);
		return NULL;
	}
	line->length = (size_t)length;
	return line;
}

void outlet_put(char *text)
{
	if (!text)
		return;
	pthread_mutex_lock(&outlet.mutex);
	const bool fits = !outlet.broken && outlet.bytes + strlen(text) < BYTES_MOST;
	struct line *line = fits ? make_line(text) : NULL;
	if (line) {
		outlet.lost = 0;
		outlet.bytes += line->length;
		*outlet.end = line;
		outlet.end = &line->next;
		pthread_cond_broadcast(&outlet.changed);
	} else {
		outlet.lost++;
	}
	pthread_mutex_unlock(&outlet.mutex);
	free(text);
}

bool outlet_close(int64_t patience)
{
	struct timespec until;
	int result = 0;

	if (!outlet.open)
		return true;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += patience / SECOND + 1;
	pthread_mutex_lock(&outlet.mutex);
	outlet.closing = true;
	pthread_cond_broadcast(&outlet.changed);
	while ((outlet.first || outlet.writing) && !outlet.broken && result == 0)
		result = pthread_cond_timedwait(&outlet.changed, &outlet.mutex, &until);
	const bool read = !outlet.first && !outlet.writing && !outlet.broken && outlet.lost == 0;
	const bool ended = !outlet.writing;
	pthread_mutex_unlock(&outlet.mutex);
	/* A thread in a write() that nobody reads ends with the process. */
	if (ended) {
		pthread_join(outlet.thread, NULL);
		if (outlet.fd != STDOUT_FILENO)
			close(outlet.fd);
	} else {
		pthread_detach(outlet.thread);
	}
	outlet.open = false;
	return read;
}
