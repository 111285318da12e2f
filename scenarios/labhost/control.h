/* The control socket: clients that look at the host, or that act as processes on it and own handles. */
#ifndef LEAKLAB_LABHOST_CONTROL_H
#define LEAKLAB_LABHOST_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/queue.h>

#include "labhost/lab.h"

struct control;

/* Listens on a Unix socket that only this user can reach. */
struct control *control_create(struct lab *lab, const char *path, struct error *error);
void control_destroy(struct control *control); /* NULL is allowed */

int control_fd(const struct control *control); /* to poll for reading */
/* Serves what is ready. */
void control_run(struct control *control);
/* Tells the watchers of the logons and logoffs that have gathered. */
void control_tell_events(struct control *control);

/* Inside this folder. */

/* One connection to the control socket: its lines, and the process it stands for. */
struct control_client {
	LIST_ENTRY(control_client) link;
	int fd;
	uint32_t pid; /* of its process on the host; 0 before HELLO */
	bool watches;
	uint64_t seen; /* a watcher: up to which logon session, see model_watched() */
	bool gone;     /* hang up when its output has been sent */
	char *in;
	size_t in_length;
	char *out;
	size_t out_length;
};

struct control_client *control_client_create(int fd); /* NULL: out of memory; takes fd otherwise */
void control_client_destroy(struct control_client *client);

/* Reads what there is; false: the client has gone, or its line is longer than any request. */
bool control_client_read(struct control_client *client);
/* Takes the next whole line off the input, without its end; NULL: there is none. The caller frees it. */
char *control_client_line(struct control_client *client);
/* Puts text into the output; false: the client does not read, or memory is out. */
bool control_client_write(struct control_client *client, const char *text, size_t length);
/* Sends what can be sent now; false: the client has gone. */
bool control_client_flush(struct control_client *client);

/* The lines of the control socket: a verb, and fields "key=value" with percent-encoded values. */
#define REQUEST_FIELDS 8

struct request {
	const char *verb;
	struct {
		const char *key;
		const char *value;
	} fields[REQUEST_FIELDS];
	int count;
};

/* Takes the line apart in place; the request borrows it. */
bool request_parse(char *line, struct request *out);
/* NULL if the request has no such field. */
const char *request_text(const struct request *request, const char *key);
bool request_number(const struct request *request, const char *key, uint32_t *out);

/* Writes " key=value". */
void field_write(FILE *out, const char *key, const char *value);

/* What the requests of the control socket do. */
struct verb_context {
	struct lab *lab; /* locked */
	struct control_client *client;
	FILE *out;
	bool rebooted; /* out: every client's process has gone */
};

/* Answers one request line. */
void verb_answer(struct verb_context *context, char *line);

#endif
