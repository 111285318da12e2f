/* One connection to the control socket: its lines, and the process it stands for. */
#ifndef LEAKLAB_LABHOST_CONTROL_CLIENT_H
#define LEAKLAB_LABHOST_CONTROL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct control_client {
	LIST_ENTRY(control_client) link;
	int fd;
	uint32_t pid; /* of its process on the host; 0 before HELLO */
	bool watches;
	bool gone; /* hang up when its output has been sent */
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

#endif
